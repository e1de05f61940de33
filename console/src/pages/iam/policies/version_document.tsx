// A version of a policy, to be read.
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Spinner from '@cloudscape-design/components/spinner';
import { CopyButton } from '../../../components/copy_button';
import { ErrorAlert } from '../../../components/error_alert';
import { JsonEditor } from '../../../components/json_editor/json_editor';
import { useLoad } from '../../../components/use_load';
import { texts } from '../../../texts';
import { versionDocument } from './versions';

export function VersionDocument({ arn, version }: { arn: string; version: string }) {
  const document = useLoad((signal) => versionDocument(arn, version, signal), [arn, version]);
  const title = texts.iam.policies.versionTitle(version);
  return (
    <Container header={<Header variant="h2" actions={document.data && <CopyButton text={document.data} />}>{title}</Header>}>
      {document.error && <ErrorAlert error={document.error} onRetry={document.reload} />}
      {document.loading && !document.data && <Spinner />}
      {document.data && <JsonEditor label={title} value={document.data} />}
    </Container>
  );
}
