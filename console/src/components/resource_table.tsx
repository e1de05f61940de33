// A table of resources: text filter, sort, pages, a preference of columns that is kept, and its empty, no-match, error
// and loading states. All items are in memory; those who load them in pages pass what they have.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import CollectionPreferences, { type CollectionPreferencesProps } from '@cloudscape-design/components/collection-preferences';
import Header from '@cloudscape-design/components/header';
import Pagination from '@cloudscape-design/components/pagination';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import TextFilter from '@cloudscape-design/components/text-filter';
import { useCollection } from '@cloudscape-design/collection-hooks';
import { useState, type ReactNode } from 'react';
import { texts } from '../texts';
import { ErrorAlert } from './error_alert';
import { keep, kept } from './kept';

export interface Column<T> {
  id: string;
  header: string;
  value: (item: T) => string | number | undefined; // what is sorted and filtered by, and shown if there is no cell
  cell?: (item: T) => ReactNode;
  hidden?: boolean; // until it is chosen in the preferences
  width?: number;
}

export interface ResourceTableProps<T> {
  name: string; // of its preferences
  title: string;
  description?: ReactNode;
  page?: boolean; // it is all that a page has: its title is the page's
  items: readonly T[] | undefined;
  loading: boolean;
  error?: Error;
  onReload: () => void;
  columns: Column<T>[];
  id: (item: T) => string;
  itemName?: (item: T) => string; // for a screen reader; without, its id
  empty: { title: string; text: string; action?: ReactNode };
  filterPlaceholder: string;
  selection?: 'single' | 'multi';
  actions?: (selected: readonly T[]) => ReactNode;
  defaultSort?: { column: string; descending?: boolean };
}

const pageSizes = [10, 25, 50, 100];

export function ResourceTable<T>(props: ResourceTableProps<T>) {
  const { columns, id, itemName = id, loading, error } = props;
  const [preferences, setPreferences] = usePreferences(props);
  const [selected, setSelected] = useState<readonly T[]>([]);

  const definitions: TableProps.ColumnDefinition<T>[] = columns.map((column, index) => ({
    id: column.id,
    header: column.header,
    cell: column.cell ?? ((item) => column.value(item) ?? '–'),
    sortingComparator: (a, b) => compare(column.value(a), column.value(b)),
    sortingField: column.id,
    isRowHeader: index === 0,
    width: column.width,
    minWidth: 90,
  }));
  const sorted = props.defaultSort && definitions.find((column) => column.id === props.defaultSort?.column);

  const matches = (item: T, text: string) =>
    columns.some(({ value }) => String(value(item) ?? '').toLowerCase().includes(text.trim().toLowerCase()));
  const collection = useCollection(props.items ?? [], {
    filtering: {
      filteringFunction: matches,
      empty: error ? <TableError error={error} onReload={props.onReload} /> : <Empty {...props.empty} />,
      noMatch: (
        <Empty
          title={texts.table.noMatch}
          text={texts.table.noMatchText}
          action={<Button onClick={() => collection.actions.setFiltering('')}>{texts.table.clearFilter}</Button>}
        />
      ),
    },
    sorting: sorted ? { defaultState: { sortingColumn: sorted, isDescending: props.defaultSort?.descending } } : {},
    pagination: { pageSize: preferences.pageSize },
  });
  const { sortingColumn } = collection.collectionProps; // has the comparator of an earlier drawing
  const total = props.items?.length;
  const current = selected.flatMap((old) => props.items?.find((item) => id(item) === id(old)) ?? []);

  return (
    <Table<T>
      {...collection.collectionProps}
      sortingColumn={definitions.find(({ sortingField }) => sortingField === sortingColumn?.sortingField)}
      variant={props.page ? 'full-page' : 'container'}
      stickyHeader={props.page}
      enableKeyboardNavigation
      columnDefinitions={definitions}
      columnDisplay={preferences.contentDisplay}
      wrapLines={preferences.wrapLines}
      items={collection.items}
      trackBy={id}
      loading={loading && !total}
      loadingText={texts.table.loading}
      selectionType={props.selection}
      selectedItems={current}
      onSelectionChange={({ detail }) => setSelected(detail.selectedItems)}
      ariaLabels={{
        tableLabel: props.title,
        selectionGroupLabel: texts.table.selection,
        itemSelectionLabel: (_, item) => texts.table.select(itemName(item)),
        allItemsSelectionLabel: () => texts.table.selectAll,
      }}
      renderAriaLive={({ firstIndex, lastIndex, totalItemsCount }) =>
        texts.table.showing(firstIndex, lastIndex, totalItemsCount ?? 0)
      }
      header={
        <SpaceBetween size="s">
          <Header
            variant={props.page ? 'awsui-h1-sticky' : 'h2'}
            counter={total === undefined ? undefined : `(${current.length ? `${current.length}/` : ''}${total})`}
            description={props.description}
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button iconName="refresh" ariaLabel={texts.table.reload} loading={loading} onClick={props.onReload} />
                {props.actions?.(current)}
              </SpaceBetween>
            }
          >
            {props.title}
          </Header>
          {error && Boolean(total) && <ErrorAlert error={error} onRetry={props.onReload} />}
        </SpaceBetween>
      }
      filter={
        <TextFilter
          {...collection.filterProps}
          filteringPlaceholder={props.filterPlaceholder}
          filteringAriaLabel={props.filterPlaceholder}
          countText={texts.table.matches(collection.allPageItems.length)}
        />
      }
      pagination={
        <Pagination
          {...collection.paginationProps}
          pagesCount={Math.max(1, Math.ceil(collection.allPageItems.length / preferences.pageSize))}
        />
      }
      preferences={
        <CollectionPreferences
          title={texts.table.preferences}
          confirmLabel={texts.common.confirm}
          cancelLabel={texts.common.cancel}
          preferences={preferences}
          onConfirm={({ detail }) => setPreferences(detail)}
          pageSizePreference={{
            title: texts.table.pageSize,
            options: pageSizes.map((value) => ({ value, label: texts.table.perPage(value) })),
          }}
          wrapLinesPreference={{ label: texts.table.wrapLines, description: texts.table.wrapLinesText }}
          contentDisplayPreference={{
            title: texts.table.columns,
            options: columns.map(({ id, header }, index) => ({ id, label: header, alwaysVisible: index === 0 })),
          }}
        />
      }
    />
  );
}

function TableError({ error, onReload }: { error: Error; onReload: () => void }) {
  return (
    <Box textAlign="left">
      <ErrorAlert error={error} onRetry={onReload} />
    </Box>
  );
}

function Empty({ title, text, action }: { title: string; text: string; action?: ReactNode }) {
  return (
    <Box textAlign="center" margin={{ vertical: 'xs' }} color="inherit">
      <SpaceBetween size="xs">
        <Box variant="strong" color="inherit">
          {title}
        </Box>
        <Box variant="p" color="inherit">
          {text}
        </Box>
        {action}
      </SpaceBetween>
    </Box>
  );
}

type Value = string | number | undefined;

function compare(a: Value, b: Value): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
}

interface Preferences {
  pageSize: number;
  wrapLines: boolean;
  contentDisplay: readonly CollectionPreferencesProps.ContentDisplayItem[];
}

// Columns that came to be after the preference was kept are appended to it; those that are gone are left out.
function usePreferences<T>({ name, columns }: ResourceTableProps<T>) {
  const key = `table.${name}`;
  const [preferences, setPreferences] = useState<Preferences>(() => {
    const before = kept<Partial<Preferences>>(key) ?? {};
    const display = (before.contentDisplay ?? []).filter((shown) => columns.some((column) => column.id === shown.id));
    const rest = columns.filter((column) => !display.some((shown) => shown.id === column.id));
    return {
      pageSize: before.pageSize ?? 25,
      wrapLines: before.wrapLines ?? false,
      contentDisplay: [...display, ...rest.map(({ id, hidden }) => ({ id, visible: !hidden }))],
    };
  });
  const change = (changed: CollectionPreferencesProps.Preferences) => {
    const now = { ...preferences, ...changed } as Preferences;
    setPreferences(now);
    keep(key, now);
  };
  return [preferences, change] as const;
}
