import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router-dom';
import { call } from '../../../api/client';
import { CopyButton } from '../../../components/copy_button';
import { ErrorAlert } from '../../../components/error_alert';
import { KeyValueSection } from '../../../components/key_values';
import { LinkButton, PageLink } from '../../../components/link';
import { NotFound } from '../../../components/not_found';
import { Page } from '../../../components/page';
import { Time } from '../../../components/time';
import { useLoad } from '../../../components/use_load';
import { nameOfArn, paths, type RoleTab } from '../../../paths';
import { texts } from '../../../texts';
import { BoundaryTab } from '../boundary_tab';
import { roleEntity } from '../entity';
import { PageTabs } from '../page_tabs';
import { PermissionsTab } from '../permissions_tab';
import { TagsTab } from '../tags_tab';
import { DeleteRole } from './delete_role';
import { EditRole } from './edit_role';
import type { Role } from './role_list';
import { TrustTab } from './trust_tab';
import { UsedByTab } from './used_by_tab';

const words = texts.iam.roles;
const tabs: RoleTab[] = ['permissions', 'trust', 'tags', 'boundary', 'used-by'];

export function RolePage() {
  const { name = '', tab = '' } = useParams();
  const role = useLoad(async (signal) => (await call('iam', 'GetRole', { RoleName: name }, signal)).Role, [name]);
  const [open, setOpen] = useState<'edit' | 'delete'>();
  const navigate = useNavigate();
  if (!tabs.includes(tab as RoleTab)) return <NotFound />;

  const { data } = role;
  const entity = roleEntity(name);
  const close = () => setOpen(undefined);
  // Those of `withRole` need GetRole's answer; the others ask for what they show.
  const withRole = (draw: (role: Role) => JSX.Element) => () => (data ? draw(data) : role.loading && <Spinner />);
  const content = {
    permissions: () => <PermissionsTab entity={entity} />,
    trust: withRole((role_) => <TrustTab role={role_} onChanged={role.reload} />),
    tags: withRole(({ Tags }) => <TagsTab {...entity} tags={Tags} onChanged={role.reload} />),
    boundary: withRole(({ PermissionsBoundary }) => (
      <BoundaryTab
        entity={entity}
        boundary={PermissionsBoundary?.PermissionsBoundaryArn}
        onChanged={role.reload}
      />
    )),
    'used-by': withRole(({ Arn }) => <UsedByTab roleArn={Arn} />),
  };
  return (
    <Page
      title={name}
      crumbs={[{ text: texts.shell.roles, to: paths.roles }]}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button onClick={() => setOpen('delete')}>{texts.common.delete}</Button>
          <Button disabled={!data} onClick={() => setOpen('edit')}>
            {texts.common.edit}
          </Button>
          <LinkButton disabled={!data} to={paths.activity({ roleArn: data?.Arn })}>
            {texts.shell.activity}
          </LinkButton>
          <LinkButton disabled={!data} to={paths.explain({ principalArn: data?.Arn })}>
            {texts.shell.explain}
          </LinkButton>
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        {role.error && <ErrorAlert error={role.error} onRetry={role.reload} />}
        {data && <Summary role={data} />}
        <PageTabs
          active={tab}
          label={words.tabs}
          tabs={tabs.map((id) => ({ id, label: words.tabNames[id], to: paths.role(name, id), content: content[id] }))}
        />
      </SpaceBetween>
      {open === 'edit' && data && <EditRole role={data} onSaved={role.reload} onClose={close} />}
      {open === 'delete' && <DeleteRole name={name} onDeleted={() => navigate(paths.roles)} onClose={close} />}
    </Page>
  );
}

function Summary({ role }: { role: Role }) {
  const boundary = role.PermissionsBoundary?.PermissionsBoundaryArn;
  return (
    <KeyValueSection
      title={texts.iam.summary}
      items={[
        { label: texts.iam.arn, value: <CopyButton inline text={role.Arn} /> },
        { label: texts.iam.path, value: role.Path },
        { label: texts.iam.created, value: <Time seconds={role.CreateDate} /> },
        { label: texts.iam.description, value: role.Description || undefined },
        {
          label: words.maxSession,
          value: role.MaxSessionDuration && words.hours(role.MaxSessionDuration / 3600),
        },
        { label: texts.iam.boundary.title, value: boundary && <PageLink to={paths.policy(boundary)}>{nameOfArn(boundary)}</PageLink> },
      ]}
    />
  );
}
