// Namespace and service account: picked from those that are known, or typed, for they need not exist yet.
import Autosuggest from '@cloudscape-design/components/autosuggest';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { call } from '../../../api/client';
import { useLoad } from '../../../components/use_load';
import { texts } from '../../../texts';
import { checkNamespace, checkServiceAccount, type Check } from '../rules';
import type { FieldProps } from './association_form';

const words = texts.associations;

export function ServiceAccountSection({ cluster, fields, change, told }: FieldProps & { cluster: string }) {
  const known = useLoad((signal) => call('podpass', 'ListServiceAccounts', { clusterName: cluster }, signal), [cluster]);
  const namespaces = known.data?.namespaces ?? [];
  const accounts = namespaces.find(({ name }) => name === fields.namespace)?.serviceAccounts ?? [];
  const suggestions = {
    statusType: known.error ? ('error' as const) : known.loading ? ('loading' as const) : ('finished' as const),
    loadingText: texts.common.loading,
    errorText: known.error?.message,
    recoveryText: texts.common.retry,
    onLoadItems: () => known.error && known.reload(),
    enteredTextLabel: texts.common.use,
    empty: texts.common.noSuggestions,
  };
  // A name that can't become right by going on is told while it is typed; a missing one only after a try.
  const wrong = (check: Check, text: string) => (text ? check(text) : undefined);
  const source = known.data && (known.data.source === 'cluster' ? words.fromCluster : words.fromAssociations);
  return (
    <Container
      header={
        <Header variant="h2" description={known.data?.note ?? source}>
          {words.serviceAccountSection}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <FormField
          label={words.namespace}
          description={words.namespaceText}
          errorText={wrong(checkNamespace, fields.namespace) ?? told('namespace')}
        >
          <Autosuggest
            {...suggestions}
            value={fields.namespace}
            onChange={({ detail }) => change({ namespace: detail.value })}
            options={namespaces.map(({ name }) => ({ value: name }))}
            placeholder="default"
          />
        </FormField>
        <FormField
          label={words.serviceAccount}
          description={words.serviceAccountText}
          errorText={wrong(checkServiceAccount, fields.serviceAccount) ?? told('serviceAccount')}
        >
          <Autosuggest
            {...suggestions}
            value={fields.serviceAccount}
            onChange={({ detail }) => change({ serviceAccount: detail.value })}
            options={accounts.map((value) => ({ value }))}
            placeholder="my-service-account"
          />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}
