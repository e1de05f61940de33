import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import LiveRegion from '@cloudscape-design/components/live-region';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useEffect, useRef, useState } from 'react';
import { useHref, useLocation } from 'react-router-dom';
import { call } from '../../api/client';
import { ErrorAlert } from '../../components/error_alert';
import { Page } from '../../components/page';
import { useLoad } from '../../components/use_load';
import { readExplainQuery } from '../../paths';
import { texts } from '../../texts';
import { Decision } from './decision';
import type { Explanation } from './explanation';
import { problemsOf, requestOf, type Question } from './question';
import { QuestionForm } from './question_form';
import { RecordedRequest } from './recorded_request';
import { pathOf, useQuestion } from './use_question';

const words = texts.explain;

export function ExplainPage() {
  const { requestId } = readExplainQuery(useLocation().search);
  return (
    <Page title={words.title} description={words.description}>
      <SpaceBetween size="l">
        {requestId && <RecordedRequest key={requestId} id={requestId} />}
        <QuestionAndAnswer />
      </SpaceBetween>
    </Page>
  );
}

function QuestionAndAnswer() {
  const { question, asked, change, ask, clear } = useQuestion();
  const [submitted, setSubmitted] = useState(false); // problems are shown once one has tried
  const problems = problemsOf(question);
  const answer = useRef<HTMLDivElement>(null);
  const { data, error, loading, reload } = useLoad(async (signal) => asked && (await explain(asked, signal)), [asked]);
  const link = window.location.origin + useHref(pathOf(question));

  const submit = () => {
    setSubmitted(true);
    if (Object.keys(problems).length === 0) ask();
  };
  const wasSubmitted = useRef(false);
  useEffect(() => {
    if (wasSubmitted.current && asked && !loading) answer.current?.focus();
    wasSubmitted.current = submitted;
  }, [asked, loading]);

  return (
    <SpaceBetween size="l">
      <QuestionForm
        question={question}
        change={change}
        problems={submitted ? problems : {}}
        link={link}
        running={loading && asked !== undefined}
        onSubmit={submit}
        onClear={() => {
          setSubmitted(false);
          clear();
        }}
      />
      {asked && (
        <SpaceBetween size="m">
          <div ref={answer} tabIndex={-1} style={{ outline: 'none' }}>
            <Header variant="h2">{words.result}</Header>
          </div>
          {pathOf(asked) !== pathOf(question) && <Alert type="info">{words.changed}</Alert>}
          {error && <ErrorAlert error={error} title={words.failed} onRetry={reload} />}
          {loading && (
            <Box textAlign="center">
              <Spinner /> {words.deciding}
            </Box>
          )}
          {data && (
            <div>
              <LiveRegion hidden>{words.outcomes[data.explanation.decision]}</LiveRegion>
              <Decision
                explanation={data.explanation}
                notes={data.notes}
                onGiveKey={(key) => change({ context: [...question.context, { key, value: '', fresh: true }] })}
              />
            </div>
          )}
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}

async function explain(question: Question, signal: AbortSignal) {
  const { explanation, notes = [] } = await call(
    'podpass',
    'Explain',
    { request: requestOf(question), recorded: question.recorded },
    signal,
  );
  return { explanation: explanation as unknown as Explanation, notes };
}
