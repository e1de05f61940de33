// Picks among the account's managed policies: several to attach, or one as a boundary.
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Multiselect from '@cloudscape-design/components/multiselect';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { call, type Output } from '../../api/client';
import { allPages } from '../../api/many';
import { LinkButton } from '../../components/link';
import { useLoad } from '../../components/use_load';
import { nameOfArn, paths } from '../../paths';
import { texts } from '../../texts';

const words = texts.iam.policySelect;

export type Policy = Output<'iam', 'GetPolicy'>['Policy'];

export const maxAttached = 10;

export function listPolicies(signal?: AbortSignal): Promise<Policy[]> {
  return allPages('iam', 'ListPolicies', { Scope: 'Local', MaxItems: 1000 }, (page) => page.Policies, signal);
}

export async function getPolicy(PolicyArn: string, signal?: AbortSignal): Promise<Policy> {
  return (await call('iam', 'GetPolicy', { PolicyArn }, signal)).Policy;
}

// What both kinds of selection have in common: the options, their state, and the button that asks again.
function usePolicyOptions(without: readonly string[]) {
  const policies = useLoad(listPolicies, []);
  const options = (policies.data ?? [])
    .filter(({ Arn }) => !without.includes(Arn))
    .map(({ PolicyName, Arn, Path, Description }) => ({
      label: PolicyName,
      value: Arn,
      description: Description,
      tags: Path === '/' ? undefined : [Path],
    }));
  const state = {
    options,
    filteringType: 'auto' as const,
    filteringPlaceholder: words.find,
    filteringAriaLabel: words.find,
    virtualScroll: options.length > 200,
    statusType: policies.error ? ('error' as const) : policies.loading ? ('loading' as const) : ('finished' as const),
    loadingText: texts.common.loading,
    errorText: policies.error?.message,
    recoveryText: texts.common.retry,
    onLoadItems: () => policies.error && policies.reload(),
    empty: words.none,
  };
  const reload = (
    <Button
      iconName="refresh"
      formAction="none"
      ariaLabel={texts.table.reload}
      loading={policies.loading}
      onClick={policies.reload}
    />
  );
  return { state, reload };
}

interface Field {
  label: ReactNode;
  description?: string;
  errorText?: string;
}

export function PoliciesField({
  value,
  onChange,
  without = [],
  ...field
}: Field & { value: readonly string[]; onChange: (arns: string[]) => void; without?: readonly string[] }) {
  const { state, reload } = usePolicyOptions(without);
  const create = (
    <LinkButton iconName="external" iconAlign="right" formAction="none" target="_blank" to={paths.createPolicy}>
      {words.create}
    </LinkButton>
  );
  return (
    <FormField
      {...field}
      secondaryControl={
        <SpaceBetween direction="horizontal" size="xs">
          {reload}
          {create}
        </SpaceBetween>
      }
    >
      <Multiselect
        {...state}
        selectedOptions={value.map((arn) => ({ label: nameOfArn(arn), value: arn }))}
        onChange={({ detail }) => onChange(detail.selectedOptions.map((option) => option.value ?? ''))}
        placeholder={words.choose}
        deselectAriaLabel={({ label }) => words.remove(label ?? '')}
      />
    </FormField>
  );
}

export function BoundaryField({
  value,
  onChange,
  ...field
}: Field & { value: string; onChange: (arn: string) => void }) {
  const { state, reload } = usePolicyOptions([]);
  const nothing = { label: texts.common.none, value: '' };
  return (
    <FormField {...field} secondaryControl={reload}>
      <Select
        {...state}
        options={[nothing, ...state.options]}
        selectedOption={value ? { label: nameOfArn(value), value } : nothing}
        onChange={({ detail }) => onChange(detail.selectedOption.value ?? '')}
      />
    </FormField>
  );
}
