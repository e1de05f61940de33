// The form of Explain: who asks, for what action, on what resource, in what context.
import Autosuggest, { type AutosuggestProps } from '@cloudscape-design/components/autosuggest';
import Button from '@cloudscape-design/components/button';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tiles from '@cloudscape-design/components/tiles';
import { useState, type ReactNode } from 'react';
import { CopyButton } from '../../components/copy_button';
import { useSession } from '../../session/session';
import { texts } from '../../texts';
import { ContextFields } from './context_fields';
import { exampleResources } from './examples';
import type { Problems, Question } from './question';
import {
  accountsOf,
  namespacesOf,
  statusOf,
  useActions,
  useAssociated,
  useClusters,
  usePrincipals,
  type Loading,
} from './suggestions';

const words = texts.explain;

export interface Fields {
  question: Question;
  change: (changed: Partial<Question>) => void;
  problems: Problems;
}

interface FormProps extends Fields {
  link: string; // to this question
  running: boolean;
  onSubmit: () => void;
  onClear: () => void;
}

export function QuestionForm({ link, running, onSubmit, onClear, ...fields }: FormProps) {
  const { question, change } = fields;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <Container
        header={<Header variant="h2">{words.question}</Header>}
        footer={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="primary" formAction="submit" loading={running}>
              {words.submit}
            </Button>
            <Button formAction="none" onClick={onClear}>
              {words.clear}
            </Button>
            <CopyButton text={link} name={words.copyLink} />
          </SpaceBetween>
        }
      >
        <SpaceBetween size="l">
          <FormField label={words.subject} stretch>
            <Tiles
              value={question.subject}
              onChange={({ detail }) => change({ subject: detail.value as Question['subject'] })}
              items={(['pod', 'principal'] as const).map((value) => ({ value, ...words.subjects[value] }))}
            />
          </FormField>
          {question.subject === 'pod' ? <PodFields {...fields} /> : <PrincipalField {...fields} />}
          <RequestFields {...fields} />
          <ContextSection {...fields} />
        </SpaceBetween>
      </Container>
    </form>
  );
}

function PodFields({ question, change, problems }: Fields) {
  const clusters = useClusters();
  const associated = useAssociated(question.clusterName);
  return (
    <ColumnLayout columns={3} minColumnWidth={200}>
      <Suggested
        label={words.cluster}
        value={question.clusterName}
        onChange={(clusterName) => change({ clusterName })}
        problem={problems.clusterName}
        options={clusters.data}
        loaded={clusters}
      />
      <Suggested
        label={words.namespace}
        value={question.namespace}
        onChange={(namespace) => change({ namespace })}
        problem={problems.namespace}
        options={namespacesOf(associated.data)}
        loaded={associated}
      />
      <Suggested
        label={words.serviceAccount}
        value={question.serviceAccount}
        onChange={(serviceAccount) => change({ serviceAccount })}
        problem={problems.serviceAccount}
        options={accountsOf(associated.data, question.namespace)}
        loaded={associated}
      />
    </ColumnLayout>
  );
}

function PrincipalField({ question, change, problems }: Fields) {
  const { principal } = useSession().session;
  const principals = usePrincipals(principal.account);
  return (
    <Suggested
      label={words.principal}
      constraint={words.principalText}
      value={question.principal}
      onChange={(value) => change({ principal: value })}
      problem={problems.principal}
      options={principals.data}
      loaded={principals}
    />
  );
}

function RequestFields({ question, change, problems }: Fields) {
  const { region, principal } = useSession().session;
  const actions = useActions(question.action);
  return (
    <ColumnLayout columns={2} minColumnWidth={260}>
      <Suggested
        label={words.action}
        constraint={words.actionText}
        value={question.action}
        onChange={(action) => change({ action })}
        problem={problems.action}
        options={actions.data}
        loaded={actions}
        filteringType="manual"
      />
      <Suggested
        label={words.resource}
        constraint={words.resourceText}
        value={question.resource}
        onChange={(resource) => change({ resource })}
        problem={problems.resource}
        options={exampleResources(question.action, region, principal.account).map((value) => ({ value }))}
      />
    </ColumnLayout>
  );
}

function ContextSection(fields: Fields) {
  const { question, change, problems } = fields;
  const { context, resourceAccount, recorded } = question;
  const [chosen, setChosen] = useState<boolean>(); // opened or closed by hand
  const given = context.length > 0 || resourceAccount !== '';
  const open = (given && !recorded) || problems.context !== undefined; // what was recorded is long
  const toggle = (expanded: boolean) => {
    setChosen(expanded);
    change({ context: context.map(({ key, value }) => ({ key, value })) });
  };
  return (
    <ExpandableSection
      expanded={context.some(({ fresh }) => fresh) || (chosen ?? open)}
      onChange={({ detail }) => toggle(detail.expanded)}
      headerText={words.contextHeader(context.length)}
      headerDescription={recorded ? words.recordedContextText : words.contextText}
    >
      <SpaceBetween size="l">
        <ContextFields {...fields} />
        <FormField
          label={<Optional>{words.resourceAccount}</Optional>}
          constraintText={words.resourceAccountText}
        >
          <Input
            value={resourceAccount}
            onChange={({ detail }) => change({ resourceAccount: detail.value })}
            inputMode="numeric"
            autoComplete={false}
          />
        </FormField>
      </SpaceBetween>
    </ExpandableSection>
  );
}

function Optional({ children }: { children: ReactNode }) {
  return (
    <>
      {children} <i>- {texts.common.optional}</i>
    </>
  );
}

// A text with suggestions. What is typed counts, suggested or not.
function Suggested({
  label,
  constraint,
  value,
  onChange,
  problem,
  options = [],
  loaded,
  filteringType,
}: {
  label: string;
  constraint?: string;
  value: string;
  onChange: (value: string) => void;
  problem?: string;
  options?: AutosuggestProps.Options;
  loaded?: Loading;
  filteringType?: AutosuggestProps['filteringType'];
}) {
  return (
    <FormField label={label} constraintText={constraint} errorText={problem} stretch>
      <Autosuggest
        value={value}
        onChange={({ detail }) => onChange(detail.value)}
        options={options}
        filteringType={filteringType}
        enteredTextLabel={texts.common.use}
        hideEnteredTextOption
        empty={texts.common.noSuggestions}
        {...(loaded ? statusOf(loaded) : {})}
      />
    </FormField>
  );
}
