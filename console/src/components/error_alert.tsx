// What went wrong, in the server's words, with a way on: try again, or see why it was denied.
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import { ApiError } from '../api/client';
import { paths } from '../paths';
import { texts } from '../texts';
import { PageLink } from './link';

export function isDenial(error: Error): error is ApiError {
  return error instanceof ApiError && error.status === 403;
}

export function ErrorAlert({ error, title, onRetry }: { error: Error; title?: string; onRetry?: () => void }) {
  const code = error instanceof ApiError ? error.code : undefined;
  const requestId = error instanceof ApiError ? error.requestId : undefined;
  return (
    <Alert
      type="error"
      header={title ?? code ?? texts.common.failed}
      action={onRetry && <Button onClick={onRetry}>{texts.common.retry}</Button>}
    >
      {error.message}
      {requestId && (
        <Box variant="small" display="block">
          {title && code && `${code}. `}
          {texts.common.requestId(requestId)}{' '}
          {isDenial(error) && <PageLink to={paths.explain({ requestId })}>{texts.common.whyDenied}</PageLink>}
        </Box>
      )}
    </Alert>
  );
}
