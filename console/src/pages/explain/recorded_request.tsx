// A request that was made, by its id: looked up in the activity; its decision then becomes the question.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Spinner from '@cloudscape-design/components/spinner';
import { useEffect } from 'react';
import { useNavigate } from 'react-router-dom';
import { call, type Output } from '../../api/client';
import { useLoad } from '../../components/use_load';
import { paths } from '../../paths';
import { texts } from '../../texts';
import { decisionsOf, denialOf, textOf, type AuditRecord } from '../activity/record';
import { queryOfDecision } from './question';

const words = texts.explain;

export function RecordedRequest({ id }: { id: string }) {
  const navigate = useNavigate();
  const { data, error, loading } = useLoad((signal) => find(id, signal), [id]);
  const decisions = data ? decisionsOf(data) : [];
  const decision = (data && denialOf(data)) ?? decisions[0];
  useEffect(() => {
    if (decision) navigate(paths.explain(queryOfDecision(decision.request)), { replace: true });
  }, [decision !== undefined]);

  if (loading || decision) {
    return (
      <Box textAlign="center">
        <Spinner /> {words.finding}
      </Box>
    );
  }
  return (
    <Alert type="warning" header={error ? error.message : data ? words.noDecision(id) : words.notFound(id)}>
      {words.fillYourself}
    </Alert>
  );
}

const attempts = 3; // a record follows its answer within a second

async function find(id: string, signal: AbortSignal): Promise<AuditRecord | undefined> {
  let page: Output<'podpass', 'ListActivity'> | undefined;
  for (let attempt = 0; attempt < attempts; ++attempt) {
    const after = page && { after: page.newest, waitSeconds: 1 };
    page = await call('podpass', 'ListActivity', { text: id, ...after }, signal);
    const records = (page.records ?? []) as AuditRecord[];
    const found = records.find((record) => textOf(record, 'requestID') === id);
    if (found) return found;
  }
  return undefined;
}
