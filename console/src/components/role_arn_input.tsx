// A role's ARN: picked from the account's roles, or typed, as one of another account must be.
import Autosuggest, { type AutosuggestProps } from '@cloudscape-design/components/autosuggest';
import { allPages } from '../api/many';
import { nameOfArn } from '../paths';
import { texts } from '../texts';
import { useLoad } from './use_load';

export function RoleArnInput({
  value,
  onChange,
  ...props
}: Pick<AutosuggestProps, 'placeholder'> & { value: string; onChange: (arn: string) => void }) {
  const roles = useLoad(
    (signal) => allPages('iam', 'ListRoles', {}, (page) => page.Roles?.map((role) => role.Arn), signal),
    [],
  );
  return (
    <Autosuggest
      {...props}
      value={value}
      onChange={({ detail }) => onChange(detail.value)}
      options={(roles.data ?? []).map((arn) => ({ value: arn, description: nameOfArn(arn) }))}
      statusType={roles.error ? 'error' : roles.loading ? 'loading' : 'finished'}
      loadingText={texts.common.loading}
      errorText={roles.error?.message}
      recoveryText={texts.common.retry}
      onLoadItems={() => roles.error && roles.reload()}
      enteredTextLabel={texts.common.use}
      empty={texts.common.noSuggestions}
    />
  );
}
