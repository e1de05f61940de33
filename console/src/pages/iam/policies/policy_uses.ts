// Who has a policy: attached, or as a boundary.
import { allPages } from '../../../api/many';
import { roleEntity, userEntity, type Entity } from '../entity';

export interface PolicyUse {
  entity: Entity;
  as: 'attached' | 'boundary';
}

export async function usesOf(PolicyArn: string, signal?: AbortSignal): Promise<PolicyUse[]> {
  const entities = (PolicyUsageFilter: string) =>
    allPages(
      'iam',
      'ListEntitiesForPolicy',
      { PolicyArn, PolicyUsageFilter },
      ({ PolicyRoles = [], PolicyUsers = [] }) => [
        ...PolicyRoles.map(({ RoleName }) => roleEntity(RoleName)),
        ...PolicyUsers.map(({ UserName }) => userEntity(UserName)),
      ],
      signal,
    );
  const [attached, boundary] = await Promise.all([entities('PermissionsPolicy'), entities('PermissionsBoundary')]);
  return [
    ...attached.map((entity) => ({ entity, as: 'attached' as const })),
    ...boundary.map((entity) => ({ entity, as: 'boundary' as const })),
  ];
}
