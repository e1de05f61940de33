// Which roles let pod identity in: podpass ListPodIdentityRoles.
import type { Output } from '../../../api/client';
import { allPages } from '../../../api/many';
import { useLoad } from '../../../components/use_load';

export type PodIdentityRole = NonNullable<Output<'podpass', 'ListPodIdentityRoles'>['roles']>[number];

// Whom it is asked for: all three names, and conditions are decided, or none of them.
export interface PodIdentity {
  clusterName?: string;
  namespace?: string;
  serviceAccount?: string;
  disableSessionTags?: boolean;
}

export function usePodIdentityRoles(asked: PodIdentity) {
  return useLoad(
    (signal) => allPages('podpass', 'ListPodIdentityRoles', { ...asked }, (page) => page.roles, signal),
    [JSON.stringify(asked)],
  );
}
