// A policy document in a form: the editor, and whether it may be saved.
import FormField from '@cloudscape-design/components/form-field';
import type { Finding } from '../../components/json_editor/json_editor';
import { PolicyEditor, usePolicyFindings, type PolicyKind } from '../../components/json_editor/policy_editor';
import { texts } from '../../texts';

const words = texts.iam.document;

// Characters, at most. An inline policy's are a role's or user's, all of them together.
export const maxManagedPolicy = 6144;
export const maxTrustPolicy = 2048;

export function useDocumentRules(document: string, kind: PolicyKind) {
  const { findings, hasError } = usePolicyFindings(document, kind);
  const problem = !document.trim() ? texts.common.required : hasError ? words.invalid : undefined;
  return { findings, problem };
}

export function DocumentField({
  label = words.label,
  value,
  onChange,
  findings,
  errorText,
  characters,
}: {
  label?: string;
  value: string;
  onChange: (document: string) => void;
  findings: readonly Finding[];
  errorText?: string;
  characters?: number; // at most; white space outside of strings is not counted
}) {
  return (
    <FormField
      label={label}
      stretch
      errorText={errorText}
      constraintText={characters && words.length(lengthOf(value), characters)}
    >
      <PolicyEditor label={label} value={value} onChange={onChange} findings={findings} />
    </FormField>
  );
}

// As IAM counts: without white space outside of strings.
export function lengthOf(document: string): number {
  return [...document.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1')].length;
}
