// What a role or user has that must go before it can be deleted.
import Box from '@cloudscape-design/components/box';
import { useLoad } from '../../components/use_load';
import { texts } from '../../texts';
import type { Entity } from './entity';

const words = texts.iam.inTheWay;

export interface ListInTheWay {
  title: string;
  items: readonly string[];
}

// Without the right to list them, deleting says what is in the way.
export function usePoliciesOf(entity: Entity) {
  const { data, loading } = useLoad(
    async (signal) => Promise.all([entity.attached(signal), entity.inlinePolicies(signal)]),
    [entity.kind, entity.name],
  );
  const lists: ListInTheWay[] = [
    { title: words.attached, items: (data?.[0] ?? []).map(({ PolicyName }) => PolicyName) },
    { title: words.inline, items: data?.[1] ?? [] },
  ];
  return { lists, loading };
}

export async function removePolicies(entity: Entity): Promise<void> {
  for (const { PolicyArn } of await entity.attached()) await entity.detach(PolicyArn);
  for (const name of await entity.inlinePolicies()) await entity.deleteInlinePolicy(name);
}

export function InTheWay({ lists }: { lists: readonly ListInTheWay[] }) {
  return (
    <>
      {lists
        .filter(({ items }) => items.length > 0)
        .map(({ title, items }) => (
          <Box key={title} margin={{ top: 'xs' }}>
            {title}
            <ul>
              {items.map((item) => (
                <li key={item}>{item}</li>
              ))}
            </ul>
          </Box>
        ))}
    </>
  );
}
