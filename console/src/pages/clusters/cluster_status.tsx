import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import { texts } from '../../texts';

const types: Record<string, StatusIndicatorProps.Type> = {
  ACTIVE: 'success',
  PENDING: 'pending',
  CREATING: 'in-progress',
  UPDATING: 'in-progress',
  DELETING: 'in-progress',
  FAILED: 'error',
};

export function ClusterStatus({ status }: { status: string | undefined }) {
  if (!status) return <>–</>;
  return <StatusIndicator type={types[status] ?? 'info'}>{texts.clusters.statuses[status] ?? status}</StatusIndicator>;
}
