// Emits the TypeScript types of the API's operations from what `podpass operations --json` prints.
// node tools/types.mjs operations.json src/api/operations.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const scalars = { string: 'string', integer: 'number', boolean: 'boolean', timestamp: 'number', any: 'Json', blob: 'string' };

function type(shape, indent) {
  switch (shape.type) {
    case 'structure':
      return structure(shape.members, indent);
    case 'list':
      return `Array<${type(shape.member, indent)}>`;
    case 'map':
      return `Record<string, ${type(shape.value, indent)}>`;
    default:
      if (!(shape.type in scalars)) throw new Error(`unknown type ${shape.type}`);
      return scalars[shape.type];
  }
}

function structure(members, indent) {
  const inner = indent + '  ';
  const lines = Object.entries(members).map(
    ([name, shape]) => `${inner}${JSON.stringify(name)}${shape.required ? '' : '?'}: ${type(shape, inner)};\n`,
  );
  return lines.length ? `{\n${lines.join('')}${indent}}` : 'Record<string, never>';
}

function emit(services) {
  let text = '// Made by tools/types.mjs from `podpass operations --json`; not to be edited.\n\n';
  text += 'export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };\n\n';
  text += 'export interface Operations {\n';
  for (const [service, { operations }] of Object.entries(services)) {
    text += `  ${JSON.stringify(service)}: {\n`;
    for (const [name, { input, output }] of Object.entries(operations)) {
      if (!input || !output) continue; // its body is no structure; the console has no use for it
      text += `    ${name}: {\n      input: ${type(input, '      ')};\n      output: ${type(output, '      ')};\n    };\n`;
    }
    text += '  };\n';
  }
  return text + '}\n';
}

const [input, output] = process.argv.slice(2);
if (!output) {
  console.error('usage: node tools/types.mjs OPERATIONS.json OUTPUT.ts');
  process.exit(2);
}
mkdirSync(dirname(output), { recursive: true });
writeFileSync(output, emit(JSON.parse(readFileSync(input, 'utf8'))));
