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
import { nameOfArn, paths, type UserTab } from '../../../paths';
import { texts } from '../../../texts';
import { BoundaryTab } from '../boundary_tab';
import { userEntity } from '../entity';
import { PageTabs } from '../page_tabs';
import { PermissionsTab } from '../permissions_tab';
import { TagsTab } from '../tags_tab';
import { AccessKeysTab } from './access_keys_tab';
import { DeleteUser } from './delete_user';
import type { User } from './user_list';

const words = texts.iam.users;
const tabs: UserTab[] = ['permissions', 'access-keys', 'tags', 'boundary'];

export function UserPage() {
  const { name = '', tab = '' } = useParams();
  const user = useLoad(async (signal) => (await call('iam', 'GetUser', { UserName: name }, signal)).User, [name]);
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  if (!tabs.includes(tab as UserTab)) return <NotFound />;

  const { data } = user;
  const entity = userEntity(name);
  const withUser = (draw: (user: User) => JSX.Element) => () => (data ? draw(data) : user.loading && <Spinner />);
  const content = {
    permissions: () => <PermissionsTab entity={entity} />,
    'access-keys': () => <AccessKeysTab user={name} />,
    tags: withUser(({ Tags }) => <TagsTab {...entity} tags={Tags} onChanged={user.reload} />),
    boundary: withUser(({ PermissionsBoundary }) => (
      <BoundaryTab
        entity={entity}
        boundary={PermissionsBoundary?.PermissionsBoundaryArn}
        onChanged={user.reload}
      />
    )),
  };
  return (
    <Page
      title={name}
      crumbs={[{ text: texts.shell.users, to: paths.users }]}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button onClick={() => setDeleting(true)}>{texts.common.delete}</Button>
          <LinkButton disabled={!data} to={paths.activity({ principalArn: data?.Arn })}>
            {texts.shell.activity}
          </LinkButton>
          <LinkButton disabled={!data} to={paths.explain({ principalArn: data?.Arn })}>
            {texts.shell.explain}
          </LinkButton>
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        {user.error && <ErrorAlert error={user.error} onRetry={user.reload} />}
        {data && <Summary user={data} />}
        <PageTabs
          active={tab}
          label={words.tabs}
          tabs={tabs.map((id) => ({ id, label: words.tabNames[id], to: paths.user(name, id), content: content[id] }))}
        />
      </SpaceBetween>
      {deleting && (
        <DeleteUser name={name} onDeleted={() => navigate(paths.users)} onClose={() => setDeleting(false)} />
      )}
    </Page>
  );
}

function Summary({ user }: { user: User }) {
  const boundary = user.PermissionsBoundary?.PermissionsBoundaryArn;
  return (
    <KeyValueSection
      title={texts.iam.summary}
      columns={4}
      items={[
        { label: texts.iam.arn, value: <CopyButton inline text={user.Arn} /> },
        { label: texts.iam.path, value: user.Path },
        { label: texts.iam.created, value: user.CreateDate && <Time seconds={user.CreateDate} /> },
        {
          label: texts.iam.boundary.title,
          value: boundary && <PageLink to={paths.policy(boundary)}>{nameOfArn(boundary)}</PageLink>,
        },
      ]}
    />
  );
}
