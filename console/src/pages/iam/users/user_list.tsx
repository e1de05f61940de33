import Button from '@cloudscape-design/components/button';
import { useState } from 'react';
import type { Output } from '../../../api/client';
import { allPages } from '../../../api/many';
import { LinkButton, PageLink } from '../../../components/link';
import { Page } from '../../../components/page';
import { ResourceTable } from '../../../components/resource_table';
import { Time } from '../../../components/time';
import { useLoad } from '../../../components/use_load';
import { paths } from '../../../paths';
import { texts } from '../../../texts';
import { DeleteUser } from './delete_user';

const words = texts.iam.users;

export type User = Output<'iam', 'GetUser'>['User'];

export function UserList() {
  const users = useLoad(
    (signal) => allPages('iam', 'ListUsers', { MaxItems: 1000 }, (page) => page.Users, signal),
    [],
  );
  const [deleted, setDeleted] = useState<string>();
  const create = (
    <LinkButton variant="primary" to={paths.createUser}>
      {words.create}
    </LinkButton>
  );
  return (
    <Page title={texts.shell.users} heading="content">
      <ResourceTable<User>
        name="users"
        title={texts.shell.users}
        description={words.text}
        page
        items={users.data}
        loading={users.loading}
        error={users.error}
        onReload={users.reload}
        id={({ UserId }) => UserId}
        itemName={({ UserName = '' }) => UserName}
        columns={[
          {
            id: 'name',
            header: words.name,
            value: ({ UserName }) => UserName,
            cell: ({ UserName = '' }) => <PageLink to={paths.user(UserName)}>{UserName}</PageLink>,
          },
          { id: 'path', header: texts.iam.path, value: ({ Path }) => Path },
          {
            id: 'created',
            header: texts.iam.created,
            value: ({ CreateDate }) => CreateDate,
            cell: ({ CreateDate }) => (CreateDate ? <Time seconds={CreateDate} /> : '–'),
          },
          { id: 'arn', header: texts.iam.arn, value: ({ Arn }) => Arn },
        ]}
        defaultSort={{ column: 'name' }}
        filterPlaceholder={words.find}
        selection="single"
        actions={([selected]) => (
          <>
            <Button disabled={!selected} onClick={() => setDeleted(selected.UserName)}>
              {texts.common.delete}
            </Button>
            {create}
          </>
        )}
        empty={{ title: words.none, text: words.noneText, action: create }}
      />
      {deleted && (
        <DeleteUser
          name={deleted}
          onDeleted={() => {
            setDeleted(undefined);
            users.reload();
          }}
          onClose={() => setDeleted(undefined)}
        />
      )}
    </Page>
  );
}
