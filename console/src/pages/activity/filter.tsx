// What the activity is filtered by: an outcome, and properties and free text as AWS's users write them.
import PropertyFilter, { type PropertyFilterProps } from '@cloudscape-design/components/property-filter';
import Select from '@cloudscape-design/components/select';
import { outcomes, type ActivityQuery, type Outcome } from '../../paths';
import { texts } from '../../texts';
import type { Row } from './activity_page';
import type { Facts } from './record';

const words = texts.activity;

type Property = keyof typeof words.properties;
const properties = Object.keys(words.properties) as Property[];

// Where the values of a property are in the records that are there.
const valuesIn: Record<Property, (facts: Facts) => string | undefined> = {
  clusterName: ({ cluster }) => cluster,
  associationId: ({ association }) => association,
  pod: ({ pod }) => pod,
  roleArn: ({ role }) => role,
  principalArn: ({ principal }) => principal,
  eventName: ({ event }) => event,
};

// The API takes one value of each, so the last one given counts.
export function readTokens(tokens: readonly PropertyFilterProps.Token[], outcome?: Outcome): ActivityQuery {
  return {
    ...Object.fromEntries(tokens.map(({ propertyKey, value }) => [propertyKey ?? 'text', String(value).trim()])),
    outcome,
  };
}

export function writeTokens(query: ActivityQuery): PropertyFilterProps.Token[] {
  const given = properties.filter((property) => query[property]);
  const tokens: PropertyFilterProps.Token[] = given.map((property) => ({ propertyKey: property, operator: '=', value: query[property] }));
  return query.text ? [...tokens, { operator: ':', value: query.text }] : tokens;
}

export function optionsFrom(rows: readonly Row[]): PropertyFilterProps.FilteringOption[] {
  return properties.flatMap((propertyKey) => {
    const values = new Set(rows.flatMap(({ facts }) => valuesIn[propertyKey](facts) ?? []));
    return [...values].sort().map((value) => ({ propertyKey, value }));
  });
}

const anyOutcome = { value: '', label: words.anyOutcome };
const outcomeOptions = [anyOutcome, ...outcomes.map((value) => ({ value: value as string, label: words.outcomes[value] }))];

export function Filter({
  query,
  onChange,
  rows,
}: {
  query: ActivityQuery;
  onChange: (next: (now: ActivityQuery) => ActivityQuery) => void;
  rows: readonly Row[];
}) {
  return (
    <div style={{ display: 'flex', flexWrap: 'wrap', gap: 8, alignItems: 'start' }}>
      <Select
        ariaLabel={words.outcome}
        selectedOption={outcomeOptions.find(({ value }) => value === query.outcome) ?? anyOutcome}
        options={outcomeOptions}
        onChange={({ detail }) => {
          const outcome = outcomes.find((each) => each === detail.selectedOption.value);
          onChange((now) => ({ ...now, outcome }));
        }}
      />
      <div style={{ flex: '1 1 280px' }}>
        <PropertyFilter
          query={{ operation: 'and', tokens: writeTokens(query) }}
          onChange={({ detail }) => onChange((now) => readTokens(detail.tokens, now.outcome))}
          filteringProperties={properties.map((key) => ({
            key,
            propertyLabel: words.properties[key].label,
            groupValuesLabel: words.properties[key].group,
            operators: ['='],
          }))}
          filteringOptions={optionsFrom(rows)}
          filteringPlaceholder={words.filter}
          filteringAriaLabel={words.filter}
          readOnlyOperations
        />
      </div>
    </div>
  );
}
