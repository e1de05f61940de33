// The condition keys of the request, one a row.
import AttributeEditor from '@cloudscape-design/components/attribute-editor';
import Autosuggest from '@cloudscape-design/components/autosuggest';
import Checkbox from '@cloudscape-design/components/checkbox';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { texts } from '../../texts';
import { conditionKeys } from './examples';
import { contextProblem, type ContextRow } from './question';
import type { Fields } from './question_form';

const words = texts.explain;

export function ContextFields({ question, change }: Fields) {
  const { context, recorded } = question;
  const set = (index: number, changed: Partial<ContextRow>) =>
    change({ context: context.map((row, at) => (at === index ? { ...row, ...changed } : row)) });
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
            control: ({ key, fresh }, index) => (
              <Autosuggest
                value={key}
                onChange={({ detail }) => set(index, { key: detail.value })}
                options={conditionKeys.map((value) => ({ value }))}
                enteredTextLabel={texts.common.use}
                hideEnteredTextOption
                autoFocus={fresh && key === ''}
              />
            ),
          },
          {
            label: words.contextValue,
            control: ({ key, value, fresh }, index) => (
              <Input
                value={value}
                onChange={({ detail }) => set(index, { value: detail.value })}
                autoComplete={false}
                autoFocus={fresh && key !== ''}
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
