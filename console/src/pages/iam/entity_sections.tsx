// Sections of the pages that create roles, users and policies.
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { optional } from '../../components/optional';
import { TagsEditor, type EditedTags } from '../../components/tags_editor';
import { texts } from '../../texts';
import { BoundaryField, maxAttached, PoliciesField } from './policy_select';

const words = texts.iam.sections;

interface SectionProps<Fields> {
  fields: Fields;
  change: (changed: Partial<Fields>) => void;
  told: (field: Extract<keyof Fields, string>) => string | undefined;
}

// `description` only where it has one.
export interface NameFields {
  name: string;
  path: string;
  description?: string;
}

export function NameSection({
  fields,
  change,
  told,
  label,
  most,
}: SectionProps<NameFields> & { label: string; most: number }) {
  const input = (field: keyof NameFields) => (
    <Input
      value={fields[field] ?? ''}
      onChange={({ detail }) => change({ [field]: detail.value })}
      spellcheck={field === 'description'}
      autoComplete={false}
    />
  );
  return (
    <Container header={<Header variant="h2">{words.name}</Header>}>
      <SpaceBetween size="l">
        <FormField label={label} constraintText={texts.iam.rules.name(most)} errorText={told('name')}>
          {input('name')}
        </FormField>
        {fields.description !== undefined && (
          <FormField label={optional(texts.iam.description)} errorText={told('description')}>
            {input('description')}
          </FormField>
        )}
        <FormField label={texts.iam.path} description={words.pathText} errorText={told('path')}>
          {input('path')}
        </FormField>
      </SpaceBetween>
    </Container>
  );
}

export interface PermissionsFields {
  policies: string[];
  boundary: string;
}

export function PermissionsSection({ fields, change, told }: SectionProps<PermissionsFields>) {
  return (
    <Container header={<Header variant="h2" description={words.permissionsText}>{words.permissions}</Header>}>
      <SpaceBetween size="l">
        <PoliciesField
          label={optional(words.policies)}
          description={words.policiesText(maxAttached)}
          value={fields.policies}
          onChange={(policies) => change({ policies })}
          errorText={told('policies')}
        />
        <BoundaryField
          label={optional(texts.iam.boundary.title)}
          description={texts.iam.boundary.text}
          value={fields.boundary}
          onChange={(boundary) => change({ boundary })}
          errorText={told('boundary')}
        />
      </SpaceBetween>
    </Container>
  );
}

export function TagsSection({ fields, change, told }: SectionProps<{ tags: EditedTags }>) {
  return (
    <Container header={<Header variant="h2">{optional(texts.iam.tags.title)}</Header>}>
      <FormField errorText={told('tags')} stretch>
        <TagsEditor value={fields.tags} onChange={(tags) => change({ tags })} />
      </FormField>
    </Container>
  );
}
