// A record: the facts first, then what policies decided, then all of it as it is kept.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs, { type KeyValuePairsProps } from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { ReactNode } from 'react';
import { CopyButton } from '../../components/copy_button';
import { JsonEditor } from '../../components/json_editor/json_editor';
import { LinkButton, PageLink } from '../../components/link';
import { Time } from '../../components/time';
import { nameOfArn, paths, type ActivityQuery } from '../../paths';
import { texts } from '../../texts';
import { queryOfDecision } from '../explain/question';
import { OutcomeIndicator, type Row } from './activity_page';
import { decisionsOf, objectOf, type Facts, type RecordedDecision } from './record';

const words = texts.activity;

export function RecordPanel({ record, facts }: Row) {
  const parameters = Object.entries(objectOf(record, 'requestParameters'));
  const decisions = decisionsOf(record);
  const raw = JSON.stringify(record, null, 2);
  return (
    <SpaceBetween size="l">
      {facts.errorCode && (
        <Alert type={facts.outcome === 'denied' ? 'error' : 'warning'} header={facts.errorCode}>
          <Anywhere>{facts.errorMessage}</Anywhere>
        </Alert>
      )}
      <KeyValuePairs columns={3} minColumnWidth={180} items={items(facts)} />
      {decisions.length > 0 && (
        <section>
          <Header variant="h3">{words.decisions}</Header>
          <SpaceBetween size="xs">
            {decisions.map((decision, index) => (
              <DecisionView key={index} decision={decision} />
            ))}
          </SpaceBetween>
        </section>
      )}
      <section>
        <Header variant="h3">{words.parameters}</Header>
        {parameters.length === 0 ? (
          <Box color="text-body-secondary">{words.noParameters}</Box>
        ) : (
          <KeyValuePairs
            columns={3}
            minColumnWidth={180}
            items={parameters.map(([label, value]) => ({
              label,
              value: <Anywhere>{typeof value === 'string' ? value : JSON.stringify(value)}</Anywhere>,
            }))}
          />
        )}
      </section>
      <section>
        <Header variant="h3" actions={<CopyButton text={raw} name={words.copyRecord} />}>
          {words.raw}
        </Header>
        <JsonEditor label={words.raw} value={raw} maxLines={30} />
      </section>
    </SpaceBetween>
  );
}

function items(facts: Facts): KeyValuePairsProps.Item[] {
  const { cluster, association, role, targetRole, principal, pod, reason } = facts;
  const all: [string, ReactNode][] = [
    [words.columns.outcome, <OutcomeIndicator outcome={facts.outcome} />],
    [words.columns.time, <Time seconds={Date.parse(facts.time) / 1000} />],
    [words.source, facts.service],
    [words.reason, reason && <Anywhere>{reason}</Anywhere>],
    [words.principal, principal ? <Of what={principal} only={{ principalArn: principal }} /> : words.unknown],
    [words.role, role && <Of what={role} only={{ roleArn: role }} to={paths.role(nameOfArn(role))} />],
    [words.target, targetRole && <Of what={targetRole} only={{ roleArn: targetRole }} />],
    [words.columns.pod, pod && <Of what={pod} only={{ pod }} />],
    [words.serviceAccount, facts.serviceAccount],
    [words.cluster, cluster && <Of what={cluster} only={{ clusterName: cluster }} to={paths.cluster(cluster)} />],
    [
      words.association,
      association && (
        <Of what={association} only={{ associationId: association }} to={cluster && paths.association(cluster, association)} />
      ),
    ],
    [words.columns.from, facts.from],
    [words.userAgent, facts.userAgent && <Anywhere>{facts.userAgent}</Anywhere>],
    [words.accessKey, facts.accessKeyId],
    [words.requestId, <CopyButton text={facts.id} inline />],
  ];
  return all.flatMap(([label, value]) => (value ? [{ label, value }] : []));
}

// Something that a record names, with a way to it and to the other records that do.
function Of({ what, only, to }: { what: string; only: ActivityQuery; to?: string }) {
  return (
    <>
      <Anywhere>{to ? <PageLink to={to}>{what}</PageLink> : what}</Anywhere>{' '}
      <LinkButton variant="inline-link" iconName="filter" to={paths.activity(only)} ariaLabel={words.onlyThisLabel(what)}>
        {words.onlyThis}
      </LinkButton>
    </>
  );
}

function DecisionView({ decision: { decision, request } }: { decision: RecordedDecision }) {
  const [action, resource] = [String(request.action), String(request.resource)];
  return (
    <div>
      <StatusIndicator type={decision === 'allow' ? 'success' : 'error'}>
        <Anywhere>{words.decision(texts.explain.outcomes[decision], action, resource)}</Anywhere>
      </StatusIndicator>{' '}
      <LinkButton variant="inline-link" to={paths.explain(queryOfDecision(request))} ariaLabel={words.explainAction(action)}>
        {words.explain}
      </LinkButton>
    </div>
  );
}

function Anywhere({ children }: { children: ReactNode }) {
  return <span style={{ overflowWrap: 'anywhere' }}>{children}</span>;
}
