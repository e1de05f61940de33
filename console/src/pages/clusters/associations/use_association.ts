import { call } from '../../../api/client';
import { useLoad } from '../../../components/use_load';
import type { Association } from './association_table';

export function useAssociation(clusterName: string, associationId: string) {
  return useLoad(
    async (signal): Promise<Association> =>
      (await call('eks', 'DescribePodIdentityAssociation', { clusterName, associationId }, signal)).association,
    [clusterName, associationId],
  );
}
