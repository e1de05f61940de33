// On EKS the agent is an add-on. Here both parts are installed with what is in deploy/; so the tab says how, and what to
// ask the cluster to see whether they run.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { Command } from '../../components/command';
import { useSession } from '../../session/session';
import { texts } from '../../texts';

const words = texts.clusters.addOns;

export function AddOnsTab({ cluster }: { cluster: string }) {
  const { session } = useSession();
  const { account } = session.principal;
  const commands = [
    {
      title: words.local,
      text: words.localText,
      command: `podpass exec --cluster ${cluster} --namespace default --service-account my-service-account -- aws sts get-caller-identity`,
    },
    { title: words.register, text: words.registerText, command: `podpass cluster register ${cluster}` },
    {
      title: words.helm,
      text: words.helmText,
      command: [
        'helm install podpass deploy/helm/podpass --namespace podpass-system --create-namespace',
        `--set cluster=${cluster} --set region=${session.region} --set-string account=${account}`,
        `--set server.enabled=false --set endpoint=${session.endpoint}`,
        '--set image.repository=registry.example.com/podpass --set-file ca.bundle=ca.crt',
      ].join(' \\\n    '),
    },
    {
      title: words.kustomize,
      text: words.kustomizeText,
      command: 'kubectl apply -k deploy/kustomize/overlays/agent-and-webhook-only',
    },
    {
      title: words.running,
      text: words.runningText,
      command: [
        'kubectl rollout status --namespace podpass-system deployment/podpass-webhook',
        'kubectl rollout status --namespace podpass-agent daemonset/podpass-agent',
      ].join('\n'),
    },
  ];
  return (
    <SpaceBetween size="l">
      <Alert type="info">{words.text}</Alert>
      {commands.map(({ title, text, command }) => (
        <Container key={title} header={<Header variant="h2">{title}</Header>}>
          <Box variant="p">{text}</Box>
          <Command text={command} label={words.copy(title)} />
        </Container>
      ))}
    </SpaceBetween>
  );
}
