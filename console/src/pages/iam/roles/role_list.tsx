import Button from '@cloudscape-design/components/button';
import { useCallback, useEffect, useState } from 'react';
import { call, type Output } from '../../../api/client';
import { allPages, forEachLimited } from '../../../api/many';
import { LinkButton, PageLink } from '../../../components/link';
import { Page } from '../../../components/page';
import { ResourceTable } from '../../../components/resource_table';
import { Time } from '../../../components/time';
import { useLoad } from '../../../components/use_load';
import { paths } from '../../../paths';
import { texts } from '../../../texts';
import { tagsOf, tagsText } from '../entity';
import { trustedEntities } from '../trust';
import { DeleteRole } from './delete_role';

const words = texts.iam.roles;

export type Role = Output<'iam', 'GetRole'>['Role'];

export function RoleList() {
  const roles = useLoad(
    (signal) => allPages('iam', 'ListRoles', { MaxItems: 1000 }, (page) => page.Roles, signal),
    [],
  );
  const tags = useTagsIfShown(roles.data);
  const [deleted, setDeleted] = useState<string>();
  const create = (
    <LinkButton variant="primary" to={paths.createRole}>
      {words.create}
    </LinkButton>
  );
  return (
    <Page title={texts.shell.roles} heading="content">
      <ResourceTable<Role>
        name="roles"
        title={texts.shell.roles}
        description={words.text}
        page
        items={roles.data}
        loading={roles.loading}
        error={roles.error ?? tags.error}
        onReload={roles.reload}
        id={({ RoleName }) => RoleName}
        columns={[
          {
            id: 'name',
            header: words.name,
            value: ({ RoleName }) => RoleName,
            cell: ({ RoleName }) => <PageLink to={paths.role(RoleName)}>{RoleName}</PageLink>,
          },
          { id: 'path', header: texts.iam.path, value: ({ Path }) => Path },
          {
            id: 'trusted',
            header: words.trusted,
            value: ({ AssumeRolePolicyDocument }) => trustedEntities(AssumeRolePolicyDocument).join(', ') || undefined,
          },
          {
            id: 'created',
            header: texts.iam.created,
            value: ({ CreateDate }) => CreateDate,
            cell: ({ CreateDate }) => <Time seconds={CreateDate} />,
          },
          { id: 'description', header: texts.iam.description, value: ({ Description }) => Description || undefined },
          {
            id: 'tags',
            header: texts.iam.tags.title,
            value: ({ RoleName }) => tags.of(RoleName),
            cell: ({ RoleName }) => <TagsCell text={tags.of(RoleName)} onShown={tags.want} />,
            hidden: true,
          },
          { id: 'arn', header: texts.iam.arn, value: ({ Arn }) => Arn, hidden: true },
        ]}
        defaultSort={{ column: 'name' }}
        filterPlaceholder={words.find}
        selection="single"
        actions={([selected]) => (
          <>
            <Button disabled={!selected} onClick={() => setDeleted(selected.RoleName)}>
              {texts.common.delete}
            </Button>
            {create}
          </>
        )}
        empty={{ title: words.none, text: words.noneText, action: create }}
      />
      {deleted && (
        <DeleteRole
          name={deleted}
          onDeleted={() => {
            setDeleted(undefined);
            roles.reload();
          }}
          onClose={() => setDeleted(undefined)}
        />
      )}
    </Page>
  );
}

const atOnce = 6;

// The roles' tags, which ListRoles does not tell: asked for once their column is shown.
function useTagsIfShown(roles: readonly Role[] | undefined) {
  const [wanted, setWanted] = useState(false);
  const want = useCallback(() => setWanted(true), []);
  const { data, error } = useLoad(
    async (signal) => {
      const known = new Map<string, string>();
      const load = async ({ RoleName }: Role) => {
        const { Tags } = await call('iam', 'ListRoleTags', { RoleName }, signal);
        known.set(RoleName, tagsText(tagsOf(Tags)));
      };
      if (wanted && roles) await forEachLimited(roles, atOnce, load, signal);
      return known;
    },
    [wanted, roles],
  );
  return { of: (name: string) => data?.get(name), error, want };
}

function TagsCell({ text, onShown }: { text: string | undefined; onShown: () => void }) {
  useEffect(onShown, [onShown]);
  return <>{text || '–'}</>;
}
