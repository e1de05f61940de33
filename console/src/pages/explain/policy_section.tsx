// One policy of a layer: the statements that come close, element by element, and its document with them marked.
import Box from '@cloudscape-design/components/box';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { JsonEditor, type LineRange } from '../../components/json_editor/json_editor';
import { PageLink } from '../../components/link';
import { nameOfArn, paths } from '../../paths';
import { texts } from '../../texts';
import { elementsOf, type Failure, type Outcome, type PolicyDocument, type PolicyView, type Statement } from './explanation';
import { shownText, statementLines } from './policy_lines';
import { Arn, Words } from './principal_link';

const words = texts.explain;
const maxValues = 8;

export function PolicySection({ view, outcome }: { view: PolicyView; outcome: Outcome }) {
  const { document, statements, others } = view;
  return (
    <SpaceBetween size="xs">
      <PolicyTitle document={document} />
      {statements.length === 0 && (
        <StatusIndicator type="stopped">
          <Words>{words.nothingClose[outcome]}</Words>
        </StatusIndicator>
      )}
      <Statements statements={statements} />
      {others.length > 0 && (
        <ExpandableSection headerText={words.otherStatements(others.length)}>
          <Statements statements={others} />
        </ExpandableSection>
      )}
      <DocumentView document={document} statements={[...statements, ...others]} initially={statements.length > 0} />
    </SpaceBetween>
  );
}

function Statements({ statements }: { statements: Statement[] }) {
  return (
    <SpaceBetween size="xs">
      {statements.map((statement) => (
        <StatementView key={statement.index} statement={statement} />
      ))}
    </SpaceBetween>
  );
}

function kindOf({ layer, policyArn, policyName }: PolicyDocument): string {
  if (layer !== 'identity') return words.policies[layer];
  return policyArn ? words.policies.managed : policyName ? words.policies.inline : words.policies.identity;
}

const nameOf = ({ policyArn, policyName }: PolicyDocument) => (policyArn ? nameOfArn(policyArn) : policyName);

function PolicyTitle({ document }: { document: PolicyDocument }) {
  const { policyArn, level } = document;
  const name = nameOf(document);
  return (
    <Box fontWeight="bold">
      {kindOf(document)} {policyArn ? <PageLink to={paths.policy(policyArn)}>{name}</PageLink> : name}
      {level !== undefined && ` (${words.level(level + 1)})`}
    </Box>
  );
}

const nameOfStatement = ({ sid, index }: Statement) => sid || words.statementNumber(index + 1);

function StatementView({ statement }: { statement: Statement }) {
  const { effect, applies } = statement;
  const status = !applies ? 'stopped' : effect === 'Allow' ? 'success' : 'error';
  return (
    <div style={{ borderInlineStart: '3px solid var(--editor-border)', paddingInlineStart: 12 }}>
      <SpaceBetween size="xxs">
        <StatusIndicator type={status}>
          <Words>
            {words.statement(effect, nameOfStatement(statement))}: {applies ? words.applies : words.doesNotApply}
          </Words>
        </StatusIndicator>
        <ul style={{ margin: 0, paddingInlineStart: 20, listStyle: 'none' }}>
          {elementsOf(statement).map(({ element, failures }) => (
            <li key={element}>
              {failures.length === 0 ? (
                <StatusIndicator type="success" colorOverride="grey">
                  {words.elements[element]} {words.matches}
                </StatusIndicator>
              ) : (
                failures.map((failure, index) => <FailureView key={index} failure={failure} />)
              )}
            </li>
          ))}
        </ul>
      </SpaceBetween>
    </div>
  );
}

function FailureView({ failure }: { failure: Failure }) {
  const { element, inverted = false, operator = '', key = '', missing, wanted, actual, reason } = failure;
  const says = element === 'condition' ? words.conditionWants(operator, key) : words.inPolicy(inverted);
  return (
    <Box padding={{ vertical: 'xxs' }}>
      <StatusIndicator type="error">
        {words.elements[element]} {words.doesNotMatch}
      </StatusIndicator>
      <Box margin={{ left: 'l' }}>
        <Side label={says} values={wanted} />
        <Side label={words.inRequest} values={missing ? words.noSuchKey(key) : actual} />
        {reason && <div>{reason}</div>}
      </Box>
    </Box>
  );
}

function Side({ label, values }: { label: string; values: string[] | string }) {
  return (
    <div>
      <Box variant="span" color="text-label" fontWeight="bold">
        {label}:
      </Box>{' '}
      {typeof values === 'string' ? values : <Values values={values} />}
    </div>
  );
}

function Values({ values }: { values: string[] }) {
  if (values.length === 0) return <>{words.nothing}</>;
  const shown = values.slice(0, maxValues);
  return (
    <>
      {shown.map((value, index) => (
        <span key={index}>
          {index > 0 && ', '}
          <Box variant="code">
            <Arn>{JSON.stringify(value)}</Arn>
          </Box>
        </span>
      ))}
      {values.length > shown.length && ` ${words.more(values.length - shown.length)}`}
    </>
  );
}

function markOf({ applies, effect }: Statement): LineRange['kind'] {
  if (!applies) return 'info';
  return effect === 'Allow' ? 'allow' : 'deny';
}

function DocumentView({ document, statements, initially }: { document: PolicyDocument; statements: Statement[]; initially: boolean }) {
  const [expanded, setExpanded] = useState(initially);
  return (
    <ExpandableSection headerText={words.document} expanded={expanded} onChange={({ detail }) => setExpanded(detail.expanded)}>
      {expanded && <MarkedDocument document={document} statements={statements} />}
    </ExpandableSection>
  );
}

function MarkedDocument({ document, statements }: { document: PolicyDocument; statements: Statement[] }) {
  const text = shownText(document.text);
  const lines = statementLines(text);
  const marked = statements.flatMap((statement) => {
    const at = lines[statement.index];
    return at ? [{ ...at, kind: markOf(statement), name: nameOfStatement(statement) }] : [];
  });
  const label = words.documentOf(nameOf(document) ?? kindOf(document), words.layers[document.layer].name);
  return (
    <SpaceBetween size="xxs">
      <JsonEditor label={label} value={text} highlighted={marked} minLines={1} maxLines={18} />
      {marked.length > 0 && (
        <Box variant="small">
          {words.marked(marked.map(({ name, from, to }) => words.markedLines(name, from, to)).join('; '))}
        </Box>
      )}
    </SpaceBetween>
  );
}
