// What an association is made of, as the pages Create and Edit have it: the fields, their rules, and what the API wants.
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Toggle from '@cloudscape-design/components/toggle';
import { useEffect, useState } from 'react';
import { PolicyEditor, usePolicyFindings } from '../../../components/json_editor/policy_editor';
import { RoleArnInput } from '../../../components/role_arn_input';
import { existingTags, noTags, TagsEditor, type EditedTags } from '../../../components/tags_editor';
import { LinkButton } from '../../../components/link';
import { nameOfArn, paths } from '../../../paths';
import { texts } from '../../../texts';
import { optional } from '../create_cluster';
import { checkNamespace, checkRoleArn, checkServiceAccount, fieldOfError, maxPolicyCharacters, type Field } from '../rules';
import type { Association } from './association_table';
import { WhyMissing } from './missing_roles';
import { usePodIdentityRoles, type PodIdentity } from './roles';

const words = texts.associations;

export interface AssociationFields {
  roleArn: string;
  targetRoleArn: string;
  namespace: string;
  serviceAccount: string;
  disableSessionTags: boolean;
  hasPolicy: boolean;
  policy: string;
  tags: EditedTags;
}

export const policyTemplate = JSON.stringify(
  { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: '*' }] },
  null,
  2,
);

export const newAssociation: AssociationFields = {
  roleArn: '',
  targetRoleArn: '',
  namespace: '',
  serviceAccount: '',
  disableSessionTags: false,
  hasPolicy: false,
  policy: policyTemplate,
  tags: noTags,
};

export function fieldsOf(association: Association): AssociationFields {
  return {
    roleArn: association.roleArn ?? '',
    targetRoleArn: association.targetRoleArn ?? '',
    namespace: association.namespace ?? '',
    serviceAccount: association.serviceAccount ?? '',
    disableSessionTags: association.disableSessionTags ?? false,
    hasPolicy: Boolean(association.policy),
    policy: association.policy ?? policyTemplate,
    tags: existingTags(association.tags ?? {}),
  };
}

export type Problems = Partial<Record<Field, string>>;

// What is wrong with them before the server is asked.
export function problemsOf(fields: AssociationFields, policyHasError: boolean): Problems {
  const problems: Problems = {
    roleArn: fields.roleArn ? checkRoleArn(fields.roleArn) : texts.common.required,
    targetRoleArn: fields.targetRoleArn ? checkRoleArn(fields.targetRoleArn) : undefined,
    namespace: checkNamespace(fields.namespace),
    serviceAccount: checkServiceAccount(fields.serviceAccount),
    policy: fields.hasPolicy ? policyProblem(fields, policyHasError) : undefined,
    tags: fields.tags.valid ? undefined : words.rules.tags,
  };
  return Object.fromEntries(Object.entries(problems).filter(([, problem]) => problem));
}

function policyProblem({ disableSessionTags, policy }: AssociationFields, hasError: boolean) {
  if (!disableSessionTags) return words.policyNeedsNoTags;
  if ([...policy].length > maxPolicyCharacters) return words.policyTooLong(maxPolicyCharacters);
  if (!policy.trim()) return texts.common.required;
  return hasError ? words.policyInvalid : undefined;
}

export interface FieldProps {
  fields: AssociationFields;
  change: (changed: Partial<AssociationFields>) => void;
  told: (field: Field) => string | undefined; // what is wrong with a field, once one has tried
}

// The state of the form, and `told` from its problems and the server's refusal.
export function useAssociationForm(initial: AssociationFields, error: Error | undefined) {
  const [fields, setFields] = useState(initial);
  const [tried, setTried] = useState(false);
  const [changedSince, setChangedSince] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => setChangedSince(new Set()), [error]);
  const checked = usePolicyFindings(fields.hasPolicy ? fields.policy : '', 'session');
  const problems = problemsOf(fields, checked.hasError);
  const refused = fieldOfError(error);
  const change = (changed: Partial<AssociationFields>) => {
    setFields((before) => ({ ...before, ...changed }));
    setChangedSince((before) => new Set([...before, ...Object.keys(changed)]));
  };
  const refusal = (field: Field) => (refused === field && !changedSince.has(field) ? error?.message : undefined);
  const told = (field: Field) => (tried && problems[field]) || refusal(field);
  return { fields, change, told, problems, tried: () => setTried(true), findings: checked.findings, refused };
}

export function RoleSection({ fields, change, told, asked }: FieldProps & { asked: PodIdentity }) {
  const roles = usePodIdentityRoles(asked);
  const trusted = roles.data?.filter((role) => role.trusted) ?? [];
  const chosen = roles.data?.find((role) => role.arn === fields.roleArn);
  const warning = roles.error
    ? words.rolesUnknown(roles.error.message)
    : chosen && !chosen.trusted && words.roleNotTrusted(chosen.reasons?.[0]?.message ?? '');
  const options = trusted.map(({ roleName, arn, description }) => ({ label: roleName, value: arn, description: description || arn }));
  return (
    <Container header={<Header variant="h2">{words.roleSection}</Header>}>
      <SpaceBetween size="l">
        <FormField
          label={words.role}
          info={
            <WhyMissing
              asked={asked}
              onApplied={(role) => {
                roles.reload();
                change({ roleArn: role.arn });
              }}
            />
          }
          description={words.roleText}
          errorText={told('roleArn')}
          warningText={warning}
          secondaryControl={
            <SpaceBetween direction="horizontal" size="xs">
              <Button iconName="refresh" formAction="none" ariaLabel={texts.table.reload} loading={roles.loading} onClick={roles.reload} />
              <LinkButton iconName="external" iconAlign="right" formAction="none" target="_blank" to={paths.createRole}>
                {words.createRole}
              </LinkButton>
            </SpaceBetween>
          }
        >
          {roles.error ? (
            <RoleArnInput value={fields.roleArn} onChange={(roleArn) => change({ roleArn })} />
          ) : (
            <Select
              selectedOption={fields.roleArn ? { value: fields.roleArn, label: nameOfArn(fields.roleArn) } : null}
              onChange={({ detail }) => change({ roleArn: detail.selectedOption.value })}
              options={options}
              filteringType="auto"
              filteringPlaceholder={words.findRole}
              placeholder={words.chooseRole}
              statusType={roles.loading && !roles.data ? 'loading' : 'finished'}
              loadingText={texts.common.loading}
              empty={words.noTrustedRoles}
            />
          )}
        </FormField>
        <FormField label={optional(words.targetRole)} description={words.targetRoleText} errorText={told('targetRoleArn')}>
          <RoleArnInput
            value={fields.targetRoleArn}
            onChange={(targetRoleArn) => change({ targetRoleArn })}
            placeholder="arn:aws:iam::444455556666:role/my-target-role"
          />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}

export function SessionSection({
  fields,
  change,
  told,
  findings,
}: FieldProps & { findings: ReturnType<typeof usePolicyFindings>['findings'] }) {
  const conflict = fields.hasPolicy && !fields.disableSessionTags;
  const length = [...fields.policy].length;
  return (
    <Container header={<Header variant="h2">{words.session}</Header>}>
      <SpaceBetween size="l">
        <FormField label={words.sessionTags} description={words.sessionTagsText}>
          <Toggle checked={fields.disableSessionTags} onChange={({ detail }) => change({ disableSessionTags: detail.checked })}>
            {words.disableSessionTags}
          </Toggle>
        </FormField>
        <FormField label={optional(words.sessionPolicy)} description={words.sessionPolicyText}>
          <Toggle checked={fields.hasPolicy} onChange={({ detail }) => change({ hasPolicy: detail.checked, policy: fields.policy })}>
            {words.useSessionPolicy}
          </Toggle>
        </FormField>
        {conflict && (
          <StatusIndicator type="error">
            {words.policyNeedsNoTags}{' '}
            <Button variant="inline-link" formAction="none" onClick={() => change({ disableSessionTags: true, policy: fields.policy })}>
              {words.disableSessionTags}
            </Button>
          </StatusIndicator>
        )}
        {fields.hasPolicy && (
          <FormField
            stretch
            errorText={conflict ? undefined : told('policy')}
            constraintText={words.policyLength(length, maxPolicyCharacters)}
          >
            <PolicyEditor
              label={words.sessionPolicy}
              value={fields.policy}
              onChange={(policy) => change({ policy })}
              findings={findings}
            />
          </FormField>
        )}
      </SpaceBetween>
    </Container>
  );
}

export function TagsSection({ fields, change, told }: FieldProps) {
  return (
    <Container header={<Header variant="h2" description={words.tagsText}>{optional(words.tags)}</Header>}>
      <FormField errorText={told('tags')} stretch>
        <TagsEditor value={fields.tags} onChange={(tags) => change({ tags })} />
      </FormField>
    </Container>
  );
}
