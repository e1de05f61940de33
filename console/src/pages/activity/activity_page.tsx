// The audit trail as it grows: the newest records that fit the filter, and beside them the one that is looked at.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import Toggle from '@cloudscape-design/components/toggle';
import { Fragment, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useLocation, useNavigate } from 'react-router-dom';
import { ErrorAlert } from '../../components/error_alert';
import { LinkButton } from '../../components/link';
import { Page } from '../../components/page';
import { paths, readActivityQuery, type ActivityQuery, type Outcome } from '../../paths';
import { useShell } from '../../shell/shell_context';
import { texts } from '../../texts';
import { queryOfDecision } from '../explain/question';
import { Filter } from './filter';
import { denialOf, factsOf, type AuditRecord, type Facts } from './record';
import { RecordPanel } from './record_panel';
import { mostRecords, useActivity } from './use_activity';

const words = texts.activity;

export interface Row {
  record: AuditRecord;
  facts: Facts;
}

export function ActivityPage() {
  const { search } = useLocation();
  const navigate = useNavigate();
  const query = useMemo(() => readActivityQuery(search), [search]);
  const [following, setFollowing] = useState(true);
  const activity = useActivity(query, following);
  const { records, error, loading } = activity;
  const rows = useMemo(() => records?.map((record) => ({ record, facts: factsOf(record) })) ?? [], [records]);
  const selection = useSelection();
  // What was asked for last: the router renders when it has time, and somebody may be quicker.
  const latest = useRef(query);
  useEffect(() => {
    latest.current = query;
  }, [query]);
  const change = (next: (now: ActivityQuery) => ActivityQuery) => {
    latest.current = next(latest.current);
    navigate(paths.activity(latest.current));
  };
  const filtered = Object.values(query).some(Boolean);

  return (
    <Page title={words.title} heading="content">
      <Table<Row>
        variant="full-page"
        items={rows}
        columnDefinitions={columns}
        trackBy={({ facts }) => facts.id}
        loading={loading && rows.length === 0}
        loadingText={texts.common.loading}
        enableKeyboardNavigation
        wrapLines
        selectionType="single"
        selectedItems={rows.filter(({ facts }) => facts.id === selection.id)}
        onSelectionChange={({ detail }) => selection.open(detail.selectedItems[0])}
        onRowClick={({ detail }) => selection.open(detail.item)}
        ariaLabels={{
          tableLabel: words.title,
          selectionGroupLabel: words.select,
          itemSelectionLabel: (_, { facts }) => words.open(`${facts.event}, ${facts.time}`),
        }}
        header={
          <SpaceBetween size="s">
            <Header
              variant="awsui-h1-sticky"
              counter={records && `(${rows.length}${activity.hasOlder ? '+' : ''})`}
              description={words.description}
              actions={
                <SpaceBetween direction="horizontal" size="s" alignItems="center">
                  <Toggle checked={following} onChange={({ detail }) => setFollowing(detail.checked)}>
                    {words.follow}
                  </Toggle>
                  <Button iconName="refresh" ariaLabel={texts.table.reload} loading={loading} onClick={activity.reload} />
                </SpaceBetween>
              }
            >
              {words.title}
            </Header>
            <StatusIndicator type={error ? 'warning' : following ? 'in-progress' : 'stopped'}>
              {following && !error ? words.following : words.paused}
            </StatusIndicator>
            {error && rows.length > 0 && <ErrorAlert error={error} title={words.failedToFollow} onRetry={activity.reload} />}
          </SpaceBetween>
        }
        filter={<Filter query={query} onChange={change} rows={rows} />}
        empty={
          error ? (
            <Box textAlign="left">
              <ErrorAlert error={error} title={words.failedToFollow} onRetry={activity.reload} />
            </Box>
          ) : (
            <Empty filtered={filtered} onClear={() => change(() => ({}))} />
          )
        }
        footer={records && <Older activity={activity} count={rows.length} />}
      />
    </Page>
  );
}

// The record that is looked at is in the panel; closing the panel ends it.
function useSelection() {
  const { openPanel } = useShell();
  const [id, setId] = useState<string>();
  const open = (row: Row | undefined) => {
    if (!row) return;
    setId(row.facts.id);
    openPanel({
      title: row.facts.event,
      content: <RecordPanel {...row} />,
      wide: true,
      onClose: () => setId(undefined),
    });
  };
  return { id, open };
}

function Empty({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  return (
    <Box textAlign="center" margin={{ vertical: 'xs' }} color="inherit">
      <SpaceBetween size="xs">
        <b>{filtered ? words.noMatch : words.empty}</b>
        <Box variant="p" color="inherit">
          {filtered ? words.noMatchText : words.emptyText}
        </Box>
        {filtered && <Button onClick={onClear}>{words.clearFilter}</Button>}
      </SpaceBetween>
    </Box>
  );
}

function Older({ activity, count }: { activity: ReturnType<typeof useActivity>; count: number }) {
  if (count >= mostRecords) return <Box textAlign="center">{words.trimmed(count)}</Box>;
  return (
    <Box textAlign="center">
      {activity.hasOlder ? (
        <Button loading={activity.loadingOlder} onClick={() => void activity.loadOlder()}>
          {words.older}
        </Button>
      ) : (
        <Box color="text-body-secondary">{words.oldest}</Box>
      )}
    </Box>
  );
}

const statuses = { success: 'success', denied: 'error', failed: 'warning' } as const;

export function OutcomeIndicator({ outcome }: { outcome: Outcome }) {
  return <StatusIndicator type={statuses[outcome]}>{words.outcomes[outcome]}</StatusIndicator>;
}

export function ExplainButton({ record, label }: { record: AuditRecord; label?: string }) {
  const denial = denialOf(record);
  if (!denial) return null;
  return (
    <LinkButton
      to={paths.explain(queryOfDecision(denial.request))}
      variant="inline-link"
      ariaLabel={words.explainAction(String(denial.request.action))}
    >
      {label ?? words.explain}
    </LinkButton>
  );
}

const text = (value: string | undefined) => value && <span style={{ overflowWrap: 'anywhere' }}>{value}</span>;

const dateForm = new Intl.DateTimeFormat('en-CA'); // 2026-01-02, which does not break
const clockForm = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });

function small(value: ReactNode): ReactNode {
  return (
    <Box variant="small" display="block">
      {value}
    </Box>
  );
}

// Breaks before its words, if it has to.
function camelCase(name: string): ReactNode {
  return name.split(/(?=[A-Z][a-z])/).map((word, index) => (
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {word}
    </Fragment>
  ));
}

const columns: TableProps.ColumnDefinition<Row>[] = [
  {
    id: 'time',
    header: words.columns.time,
    minWidth: 110,
    cell: ({ facts: { time } }) => (
      <time dateTime={time}>
        {clockForm.format(new Date(time))}
        {small(<span style={{ whiteSpace: 'nowrap' }}>{dateForm.format(new Date(time))}</span>)}
      </time>
    ),
  },
  {
    id: 'outcome',
    header: words.columns.outcome,
    minWidth: 120,
    cell: ({ record, facts: { outcome, errorCode } }) => (
      <>
        <OutcomeIndicator outcome={outcome} />
        {errorCode && small(camelCase(errorCode))}
        <ExplainButton record={record} />
      </>
    ),
  },
  {
    id: 'event',
    header: words.columns.event,
    isRowHeader: true,
    minWidth: 150,
    cell: ({ facts: { event, service } }) => (
      <>
        <b>{camelCase(event)}</b>
        {small(service)}
      </>
    ),
  },
  {
    id: 'who',
    header: words.columns.who,
    minWidth: 200,
    cell: ({ facts: { who = words.unknown, session } }) => (
      <>
        {text(who)}
        {session && small(text(session))}
      </>
    ),
  },
  { id: 'pod', header: words.columns.pod, minWidth: 140, cell: ({ facts }) => text(facts.pod) ?? '–' },
  { id: 'from', header: words.columns.from, minWidth: 120, cell: ({ facts }) => text(facts.from) ?? '–' },
];
