import { screen } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { renderAt } from '../test/render';
import { ResourceTable, type ResourceTableProps } from './resource_table';

interface Thing {
  name: string;
  size?: number;
}

const things: Thing[] = Array.from({ length: 30 }, (_, index) => ({ name: `thing-${String(index).padStart(2, '0')}`, size: 30 - index }));

function table(changes: Partial<ResourceTableProps<Thing>> = {}) {
  return renderAt(
    '/',
    <ResourceTable<Thing>
      name="things"
      title="Things"
      items={things}
      loading={false}
      onReload={() => {}}
      columns={[
        { id: 'name', header: 'Name', value: (thing) => thing.name },
        { id: 'size', header: 'Size', value: (thing) => thing.size },
        { id: 'secret', header: 'Secret', value: () => 'x', hidden: true },
      ]}
      id={(thing) => thing.name}
      empty={{ title: 'No things', text: 'Make one.' }}
      filterPlaceholder="Find things"
      {...changes}
    />,
  );
}

const rows = () => screen.getAllByRole('row').slice(1).map((row) => row.textContent);

describe('a table of resources', () => {
  it('pages, filters and sorts', async () => {
    const user = table();
    expect(rows()).toHaveLength(25);
    await user.type(screen.getByLabelText('Find things'), 'THING-2');
    expect(rows()).toHaveLength(10);
    expect(screen.getAllByText('10 matches')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Size' }));
    expect(rows()[0]).toContain('thing-29');
    await user.type(screen.getByLabelText('Find things'), '!');
    expect(screen.getAllByText('No matches')).toBeTruthy();
    const clear = screen.getAllByRole('button', { name: 'Clear filter' });
    await user.click(clear[clear.length - 1]);
    expect(rows()).toHaveLength(25);
  });

  it('hides columns until they are chosen, and keeps the choice', async () => {
    const user = table();
    expect(screen.queryByRole('columnheader', { name: /Secret/ })).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Preferences' }));
    await user.click(await screen.findByRole('checkbox', { name: 'Secret' }));
    await user.click(screen.getByRole('button', { name: 'Confirm' }));
    expect(screen.getByRole('columnheader', { name: /Secret/ })).toBeTruthy();
    expect(localStorage.getItem('podpass.table.things')).toContain('"secret","visible":true');
  });

  it('hands over what is selected', async () => {
    const actions = vi.fn((selected: readonly Thing[]) => <span>{`chosen: ${selected.map(({ name }) => name)}`}</span>);
    const user = table({ selection: 'multi', actions });
    await user.click(screen.getByRole('checkbox', { name: 'Select thing-03' }));
    expect(screen.getByText('chosen: thing-03')).toBeTruthy();
    expect(screen.getByText('(1/30)')).toBeTruthy();
  });

  it('says that there is nothing, or what went wrong', async () => {
    const onReload = vi.fn();
    table({ items: [] });
    expect(screen.getByText('Make one.')).toBeTruthy();
    const user = table({ items: undefined, error: new Error('No way.'), onReload });
    expect(screen.getByText('No way.')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Retry' }));
    expect(onReload).toHaveBeenCalledOnce();
  });
});
