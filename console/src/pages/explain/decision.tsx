// The decision: what it is, how it came to be layer by layer, and what would change it.
import Alert from '@cloudscape-design/components/alert';
import Badge from '@cloudscape-design/components/badge';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Steps, { type StepsProps } from '@cloudscape-design/components/steps';
import TextContent from '@cloudscape-design/components/text-content';
import { CopyButton } from '../../components/copy_button';
import { JsonEditor } from '../../components/json_editor/json_editor';
import { texts } from '../../texts';
import { layerOrder, layersOf, type Explanation, type Layer, type LayerView } from './explanation';
import { PolicySection } from './policy_section';
import { Arn, principalLink, Words } from './principal_link';
import { principalText } from './question';

const words = texts.explain;

const inSentence = (name: string) => name.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
const names = (layers: readonly Layer[]) => layers.map((layer) => inSentence(words.layers[layer].name)).join(', ');

export function Decision({
  explanation,
  notes,
  onGiveKey,
}: {
  explanation: Explanation;
  notes: readonly string[];
  onGiveKey: (key: string) => void;
}) {
  const role = principalLink(explanation.request.context['aws:PrincipalArn'] ?? explanation.request.principal);
  return (
    <SpaceBetween size="l">
      <Verdict explanation={explanation} />
      <Path explanation={explanation} />
      <Remedies explanation={explanation} role={role} />
      {explanation.missingKeys.length > 0 && <MissingKeys keys={explanation.missingKeys} onGiveKey={onGiveKey} />}
      {notes.length > 0 && (
        <Container header={<Header variant="h2">{words.notes}</Header>}>
          <TextContent>
            <ul>
              {notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          </TextContent>
        </Container>
      )}
      <DecidedRequest explanation={explanation} />
    </SpaceBetween>
  );
}

function Verdict({ explanation: { decision, message, request, blockedBy, layers } }: { explanation: Explanation }) {
  const denying = layerOrder.filter((layer) => layers[layer] === 'explicitDeny');
  const verdict = {
    allow: words.verdicts.allow,
    explicitDeny: words.verdicts.explicitDeny(names(denying)),
    implicitDeny: words.verdicts.implicitDeny(names(blockedBy)),
  }[decision];
  return (
    <Alert type={decision === 'allow' ? 'success' : 'error'} header={words.outcomes[decision]}>
      <SpaceBetween size="xs">
        <Box variant="span" fontWeight="bold">
          <Arn>{words.summary(request.action, request.resource)}</Arn>
        </Box>
        <div>{verdict}</div>
        {message && (
          <div>
            <Box variant="awsui-key-label">{words.awsSays}</Box>
            <Arn>{message}</Arn>
          </div>
        )}
      </SpaceBetween>
    </Alert>
  );
}

function Path({ explanation }: { explanation: Explanation }) {
  const layers = layersOf(explanation);
  // A resource has one policy of its own: for a role it is its trust policy.
  const absent = layerOrder.filter(
    (layer) => !explanation.layers[layer] && !(layer === 'trust' || (layer === 'resource' && explanation.layers.trust)),
  );
  return (
    <Container header={<Header variant="h2" description={words.pathText}>{words.path}</Header>}>
      <SpaceBetween size="m">
        <Steps ariaLabel={words.path} steps={layers.map((layer) => step(layer))} />
        {absent.length > 0 && <Box color="text-body-secondary">{words.absent(names(absent))}</Box>}
      </SpaceBetween>
    </Container>
  );
}

function statusOf({ outcome, inTheWay }: LayerView): StepsProps.Status {
  if (outcome === 'allow') return 'success';
  return inTheWay ? 'error' : 'stopped';
}

function step(view: LayerView): StepsProps.Step {
  const { layer, outcome, inTheWay, policies } = view;
  const notNeeded = outcome === 'implicitDeny' && !inTheWay;
  return {
    status: statusOf(view),
    statusIconAriaLabel: words.layerOutcomes[outcome],
    header: (
      <Words>
        <Box variant="h3" display="inline" padding="n" margin={{ right: 'xs' }}>
          {words.layers[layer].name}: {words.layerOutcomes[outcome]}
        </Box>
        {inTheWay && <Badge color="red">{words.inTheWay}</Badge>}
        {notNeeded && <Badge>{words.notNeeded}</Badge>}
      </Words>
    ),
    details: (
      <Box padding={{ bottom: 'l' }}>
        <SpaceBetween size="s">
          <Box color="text-body-secondary">{words.layers[layer].text}</Box>
          {policies.length === 0 && <Box>{words.noPolicies}</Box>}
          {policies.map((policy) => (
            <PolicySection key={`${policy.document.level}/${policy.document.policy}`} view={policy} outcome={outcome} />
          ))}
        </SpaceBetween>
      </Box>
    ),
  };
}

function Remedies({ explanation, role }: { explanation: Explanation; role: ReturnType<typeof principalLink> }) {
  const { decision, remedies } = explanation;
  if (decision === 'explicitDeny') return <Alert type="info">{words.noRemedy}</Alert>;
  if (remedies.length === 0) return null;
  return (
    <Container header={<Header variant="h2" description={words.remedyText}>{words.remedy(remedies.length)}</Header>}>
      <SpaceBetween size="l">
        {remedies.map(({ layer, level, statement }) => {
          const text = JSON.stringify(statement, null, 2);
          const place = words.remedyIn[layer] + (level === undefined ? '' : `, ${words.level(level + 1)}`);
          return (
            <SpaceBetween key={`${layer}/${level}`} size="xs">
              <SpaceBetween direction="horizontal" size="s" alignItems="center">
                <Box variant="h3" padding="n">
                  {place}
                </Box>
                {(layer === 'identity' || layer === 'boundary') && role}
              </SpaceBetween>
              <JsonEditor label={place} value={text} minLines={1} />
              <CopyButton text={text} name={words.copyStatement} />
            </SpaceBetween>
          );
        })}
      </SpaceBetween>
    </Container>
  );
}

function MissingKeys({ keys, onGiveKey }: { keys: readonly string[]; onGiveKey: (key: string) => void }) {
  return (
    <Container header={<Header variant="h2" description={words.missingKeysText}>{words.missingKeys}</Header>}>
      <SpaceBetween direction="horizontal" size="xs">
        {keys.map((key) => (
          <Button key={key} iconName="add-plus" onClick={() => onGiveKey(key)}>
            {words.giveKey(key)}
          </Button>
        ))}
      </SpaceBetween>
    </Container>
  );
}

function DecidedRequest({ explanation: { request } }: { explanation: Explanation }) {
  const principal = principalText(request.principal);
  const context = Object.entries(request.context).map(([label, value]) => ({
    label,
    value: <Arn>{typeof value === 'string' ? value || '""' : JSON.stringify(value)}</Arn>,
  }));
  return (
    <ExpandableSection variant="container" headerText={words.decidedRequest}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: words.decidedPrincipal, value: <Arn>{principal === '*' ? words.anonymous : principal}</Arn> },
          { label: words.action, value: request.action },
          { label: words.resource, value: <Arn>{request.resource}</Arn> },
          ...(request.resourceAccount ? [{ label: words.resourceAccount, value: request.resourceAccount }] : []),
          ...context,
        ]}
      />
    </ExpandableSection>
  );
}
