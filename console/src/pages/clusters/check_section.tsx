// CheckCluster: whether all stands as tokens need it, step by step, for the cluster or for one of its service accounts.
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { call, type Output } from '../../api/client';
import { ErrorAlert } from '../../components/error_alert';
import { useAction } from '../../components/use_action';
import { texts } from '../../texts';

const words = texts.clusters;
type Step = NonNullable<Output<'podpass', 'CheckCluster'>['steps']>[number];

const types: Record<string, StatusIndicatorProps.Type> = { ok: 'success', failed: 'error', skipped: 'stopped' };

export function CheckSection({
  cluster,
  namespace,
  serviceAccount,
}: {
  cluster: string;
  namespace?: string;
  serviceAccount?: string;
}) {
  const [steps, setSteps] = useState<Step[]>();
  const { run, running, error } = useAction(async () => {
    const checked = await call('podpass', 'CheckCluster', { clusterName: cluster, namespace, serviceAccount });
    setSteps(checked.steps ?? []);
  });
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={serviceAccount ? words.checkAssociationText : words.checkText}
          actions={
            <Button loading={running} onClick={() => void run()}>
              {serviceAccount ? words.runAssociationCheck : words.runCheck}
            </Button>
          }
        >
          {words.check}
        </Header>
      }
    >
      <div role="status">
        <SpaceBetween size="s">
          {error && <ErrorAlert error={error} onRetry={() => void run()} />}
          {running && <StatusIndicator type="in-progress">{words.checking}</StatusIndicator>}
          {!steps && !running && !error && <Box color="text-body-secondary">{words.notChecked}</Box>}
          {!running && steps?.map((step, index) => <StepResult key={index} step={step} />)}
        </SpaceBetween>
      </div>
    </Container>
  );
}

function StepResult({ step }: { step: Step }) {
  return (
    <div>
      <StatusIndicator type={types[step.outcome] ?? 'info'} iconAriaLabel={step.outcome}>
        <b>{step.name}</b>
      </StatusIndicator>
      <Box margin={{ left: 'l' }}>
        {step.message}
        {step.advice && (
          <Box variant="small" display="block">
            {words.advice} {step.advice}
          </Box>
        )}
      </Box>
    </div>
  );
}
