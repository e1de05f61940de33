import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { call, type Output } from '../../api/client';
import { CopyButton } from '../../components/copy_button';
import { ErrorAlert } from '../../components/error_alert';
import { KeyValueSection } from '../../components/key_values';
import { PageLink } from '../../components/link';
import { Time } from '../../components/time';
import { useLoad } from '../../components/use_load';
import { nameOfArn, paths } from '../../paths';
import { texts } from '../../texts';
import type { Cluster } from './cluster_list';
import { ClusterStatus } from './cluster_status';
import { CheckSection } from './check_section';

const words = texts.clusters;
type Registration = Output<'podpass', 'DescribeClusterRegistration'>['registration'];

export function OverviewTab({ cluster }: { cluster: Cluster }) {
  const name = cluster.name ?? '';
  const registration = useLoad(
    async (signal) =>
      (await call('podpass', 'DescribeClusterRegistration', { clusterName: name }, signal)).registration,
    [name],
  );
  const issuer = cluster.identity?.oidc?.issuer;
  return (
    <SpaceBetween size="l">
      <KeyValueSection
        title={words.details}
        items={[
          { label: words.status, value: <ClusterStatus status={cluster.status} /> },
          { label: words.version, value: cluster.version },
          { label: words.created, value: cluster.createdAt && <Time seconds={cluster.createdAt} /> },
          { label: words.arn, value: cluster.arn && <CopyButton inline text={cluster.arn} /> },
          { label: words.issuer, value: issuer && <CopyButton inline text={issuer} /> },
          {
            label: words.roleArn,
            value: cluster.roleArn && <PageLink to={paths.role(nameOfArn(cluster.roleArn))}>{nameOfArn(cluster.roleArn)}</PageLink>,
          },
        ]}
      />
      {registration.data && <RegistrationSection registration={registration.data} />}
      {registration.error && (
        <ErrorAlert title={words.registrationFailed} error={registration.error} onRetry={registration.reload} />
      )}
      {registration.loading && !registration.data && <Spinner />}
      <CheckSection cluster={name} />
    </SpaceBetween>
  );
}

function RegistrationSection({ registration }: { registration: Registration }) {
  const registered = registration.kind === 'REGISTERED';
  const keys = registration.keyIds ?? [];
  return (
    <KeyValueSection
      title={words.registration}
      items={[
        { label: words.kind, value: words.kinds[registration.kind] ?? registration.kind },
        registration.sharesIssuer && {
          label: words.sharedIssuer,
          value: <StatusIndicator type="warning">{words.sharedIssuerText}</StatusIndicator>,
        },
        {
          label: words.keys(keys.length),
          value: keys.map((id) => (
            <Box key={id} variant="code" display="block">
              {id}
            </Box>
          )),
        },
        { label: words.fingerprint, value: <CopyButton inline text={registration.keysFingerprint} /> },
        registered && { label: words.keysChanged, value: time(registration.keysChangedAt) },
        registered && { label: words.apiServer, value: registration.apiServerEndpoint ?? registration.jwksUri },
        registered && { label: words.credentials, value: words.credentialKinds[registration.credentials] },
        registered && { label: words.tokenReview, value: registration.tokenReview ? words.on : words.off },
        registered && { label: words.keysRead, value: time(registration.keysReadAt) },
        registered && {
          label: words.lastFailure,
          value: registration.lastFailure ? (
            <>
              <StatusIndicator type="error">{registration.lastFailure}</StatusIndicator>
              {registration.lastFailureAt && (
                <Box variant="small" display="block">
                  <Time seconds={registration.lastFailureAt} />
                </Box>
              )}
            </>
          ) : (
            texts.common.none
          ),
        },
      ]}
    />
  );
}

function time(seconds: number | undefined) {
  return seconds === undefined ? undefined : <Time seconds={seconds} />;
}
