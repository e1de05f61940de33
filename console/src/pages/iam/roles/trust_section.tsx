// Whom a new role trusts: chosen from templates, the first being pod identity, or written by hand.
import Button from '@cloudscape-design/components/button';
import Autosuggest from '@cloudscape-design/components/autosuggest';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import RadioGroup from '@cloudscape-design/components/radio-group';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tiles from '@cloudscape-design/components/tiles';
import type { ReactNode } from 'react';
import { call } from '../../../api/client';
import { allPages } from '../../../api/many';
import { JsonEditor, type Finding } from '../../../components/json_editor/json_editor';
import { optional } from '../../../components/optional';
import { RoleArnInput } from '../../../components/role_arn_input';
import { useLoad } from '../../../components/use_load';
import { texts } from '../../../texts';
import { DocumentField, maxTrustPolicy } from '../document_field';
import { checkAccount, checkExternalId, checkPrincipalArn } from '../rules';
import { trustDocument, type AccountKind, type Place, type TrustFields, type TrustKind } from '../trust';

const words = texts.iam.trust;

const kinds: TrustKind[] = ['pod-identity', 'account', 'web-identity', 'custom'];
const accountKinds: AccountKind[] = ['this', 'other', 'principal'];

// What is wrong with the fields of the template that is chosen.
export function checkTrust(fields: TrustFields): Partial<Record<keyof TrustFields, string>> {
  if (fields.trust === 'account') {
    return {
      account: fields.whose === 'other' ? checkAccount(fields.account) : undefined,
      principalArn: fields.whose === 'principal' ? checkPrincipalArn(fields.principalArn) : undefined,
      externalId: checkExternalId(fields.externalId),
    };
  }
  if (fields.trust === 'web-identity') return { provider: fields.provider ? undefined : texts.common.required };
  return {};
}

interface Props {
  fields: TrustFields;
  change: (changed: Partial<TrustFields>) => void;
  told: (field: keyof TrustFields) => string | undefined;
}

export function TrustSection({
  place,
  findings,
  ...props
}: Props & { place: Place; findings: readonly Finding[] }) {
  const { fields, change, told } = props;
  const document = trustDocument(fields, place);
  const templates: Record<TrustKind, () => ReactNode> = {
    'pod-identity': () => <PodIdentityFields {...props} />,
    account: () => <AccountFields {...props} account={place.account} />,
    'web-identity': () => <WebIdentityFields {...props} />,
    custom: () => (
      <DocumentField
        label={words.policy}
        value={fields.document}
        onChange={(document) => change({ document })}
        findings={findings}
        errorText={told('document')}
        characters={maxTrustPolicy}
      />
    ),
  };
  const choose = (trust: TrustKind) =>
    change({ trust, document: trust === 'custom' && !fields.document ? document : fields.document });
  return (
    <Container header={<Header variant="h2">{words.title}</Header>}>
      <SpaceBetween size="l">
        <FormField label={words.kind} stretch>
          <Tiles
            value={fields.trust}
            columns={4}
            items={kinds.map((value) => ({ value, ...words.kinds[value] }))}
            onChange={({ detail }) => choose(detail.value as TrustKind)}
          />
        </FormField>
        {templates[fields.trust]()}
        {fields.trust !== 'custom' && (
          <FormField errorText={told('document')} stretch>
            <ExpandableSection
              headerText={words.policy}
              headerActions={
                <Button formAction="none" onClick={() => change({ trust: 'custom', document })}>
                  {words.editIt}
                </Button>
              }
            >
              <JsonEditor label={words.policy} value={document} findings={findings} />
            </ExpandableSection>
          </FormField>
        )}
      </SpaceBetween>
    </Container>
  );
}

function TextField({
  label,
  description,
  field,
  placeholder,
  fields,
  change,
  told,
}: Props & { label: ReactNode; description?: string; field: keyof TrustFields; placeholder?: string }) {
  return (
    <FormField label={label} description={description} errorText={told(field)}>
      <Input
        value={fields[field]}
        onChange={({ detail }) => change({ [field]: detail.value })}
        placeholder={placeholder}
        spellcheck={false}
        autoComplete={false}
      />
    </FormField>
  );
}

function PodIdentityFields(props: Props) {
  const { fields, change, told } = props;
  const clusters = useLoad((signal) => allPages('eks', 'ListClusters', {}, (page) => page.clusters, signal), []);
  return (
    <ExpandableSection headerText={words.restrict} headerDescription={words.restrictText}>
      <SpaceBetween size="l">
        <FormField label={optional(words.cluster)} errorText={told('cluster')}>
          <Autosuggest
            value={fields.cluster}
            onChange={({ detail }) => change({ cluster: detail.value })}
            options={(clusters.data ?? []).map((value) => ({ value }))}
            statusType={clusters.loading ? 'loading' : 'finished'}
            loadingText={texts.common.loading}
            enteredTextLabel={texts.common.use}
            empty={texts.common.noSuggestions}
          />
        </FormField>
        <TextField {...props} label={optional(words.namespace)} description={words.tagsText} field="namespace" />
        <TextField
          {...props}
          label={optional(words.serviceAccount)}
          description={words.tagsText}
          field="serviceAccount"
        />
      </SpaceBetween>
    </ExpandableSection>
  );
}

function AccountFields({ account, ...props }: Props & { account: string }) {
  const { fields, change, told } = props;
  return (
    <>
      <FormField label={words.whose}>
        <RadioGroup
          value={fields.whose}
          items={accountKinds.map((value) => ({
            value,
            label: words.accountKinds[value](account),
            description: words.accountKindTexts[value],
          }))}
          onChange={({ detail }) => change({ whose: detail.value as AccountKind })}
        />
      </FormField>
      {fields.whose === 'other' && (
        <TextField {...props} label={words.account} field="account" placeholder="444455556666" />
      )}
      {fields.whose === 'principal' && (
        <FormField label={words.principal} errorText={told('principalArn')}>
          <RoleArnInput
            value={fields.principalArn}
            onChange={(principalArn) => change({ principalArn })}
            placeholder="arn:aws:iam::111122223333:role/my-role"
          />
        </FormField>
      )}
      <TextField {...props} label={optional(words.externalId)} description={words.externalIdText} field="externalId" />
    </>
  );
}

function WebIdentityFields(props: Props) {
  const { fields, change, told } = props;
  const providers = useLoad(async (signal) => {
    const { OpenIDConnectProviderList = [] } = await call('iam', 'ListOpenIDConnectProviders', {}, signal);
    return OpenIDConnectProviderList.map(({ Arn }) => Arn);
  }, []);
  const option = (arn: string) => ({ label: arn.slice(arn.indexOf('/') + 1), value: arn });
  return (
    <>
      <FormField label={words.provider} description={words.providerText} errorText={told('provider')}>
        <Select
          selectedOption={fields.provider ? option(fields.provider) : null}
          options={(providers.data ?? []).map(option)}
          onChange={({ detail }) => change({ provider: detail.selectedOption.value ?? '' })}
          placeholder={words.chooseProvider}
          statusType={providers.error ? 'error' : providers.loading ? 'loading' : 'finished'}
          loadingText={texts.common.loading}
          errorText={providers.error?.message}
          recoveryText={texts.common.retry}
          onLoadItems={() => providers.error && providers.reload()}
          empty={words.noProviders}
        />
      </FormField>
      <TextField {...props} label={words.audience} field="audience" />
      <TextField
        {...props}
        label={optional(words.subject)}
        description={words.subjectText}
        field="subject"
        placeholder="system:serviceaccount:my-namespace:my-service-account"
      />
    </>
  );
}
