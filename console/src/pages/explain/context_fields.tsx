// The condition keys of the request, one a row.
import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import Autosuggest, { type AutosuggestProps } from '@cloudscape-design/components/autosuggest';
import Checkbox from '@cloudscape-design/components/checkbox';
import Input, { type InputProps } from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useEffect, useRef } from 'react';
import { texts } from '../../texts';
import { conditionKeys } from './examples';
import { contextProblem, type ContextRow } from './question';
import type { Fields } from './question_form';

const words = texts.explain;

export function ContextFields({ question, change }: Fields) {
  const { context, recorded } = question;
  const set = (index: number, changed: Partial<ContextRow>) =>
    change({ context: context.map((row, at) => (at === index ? { ...row, ...changed } : row)) });
  const lastKey = useRef<AutosuggestProps.Ref>(null);
  const lastValue = useRef<InputProps.Ref>(null);
  const last = context.length - 1;
  useEffect(() => {
    if (!context[last]?.fresh) return;
    // Once its section is open.
    const frame = requestAnimationFrame(() => (context[last].key ? lastValue : lastKey).current?.focus());
    return () => cancelAnimationFrame(frame);
  }, [last]);
  return (
    <SpaceBetween size="m">
      <AttributeEditor<ContextRow>
        items={context}
        addButtonText={words.addKey}
        removeButtonText={texts.common.remove}
        removeButtonAriaLabel={({ key }) => words.removeKey(key)}
        onAddButtonClick={() => change({ context: [...context, { key: '', value: '', fresh: true }] })}
        onRemoveButtonClick={({ detail }) => change({ context: context.filter((_, at) => at !== detail.itemIndex) })}
        empty={words.contextEmpty}
        additionalInfo={words.contextValueText}
        definition={[
          {
            label: words.contextKey,
            control: ({ key }, index) => (
              <Autosuggest
                value={key}
                onChange={({ detail }) => set(index, { key: detail.value })}
                options={conditionKeys.map((value) => ({ value }))}
                enteredTextLabel={texts.common.use}
                hideEnteredTextOption
                ref={index === last ? lastKey : undefined}
              />
            ),
          },
          {
            label: words.contextValue,
            control: ({ value }, index) => (
              <Input
                value={value}
                onChange={({ detail }) => set(index, { value: detail.value })}
                autoComplete={false}
                ref={index === last ? lastValue : undefined}
              />
            ),
            errorText: (row) => contextProblem(row),
          },
        ]}
      />
      <Checkbox checked={recorded} onChange={({ detail }) => change({ recorded: detail.checked })} description={words.recordedText}>
        {words.recorded}
      </Checkbox>
    </SpaceBetween>
  );
}
