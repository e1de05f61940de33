// A container of names and values, in up to four columns.
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import type { ReactNode } from 'react';

export interface KeyValue {
  label: string;
  value: ReactNode; // absent: a dash
}

export function KeyValueSection({
  title,
  items,
  actions,
  columns = 3,
}: {
  title: string;
  items: (KeyValue | false)[];
  actions?: ReactNode;
  columns?: number;
}) {
  const shown = items.filter((item): item is KeyValue => item !== false);
  return (
    <Container header={<Header variant="h2" actions={actions}>{title}</Header>}>
      <KeyValuePairs columns={columns} items={shown.map(({ label, value }) => ({ label, value: value ?? '–' }))} />
    </Container>
  );
}
