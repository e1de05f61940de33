import Box from '@cloudscape-design/components/box';
import { paths } from '../paths';
import { texts } from '../texts';
import { LinkButton } from './link';
import { Page } from './page';

export function NotFound() {
  return (
    <Page title={texts.notFound.title}>
      <Box variant="p">{texts.notFound.text}</Box>
      <LinkButton to={paths.clusters}>{texts.notFound.action}</LinkButton>
    </Page>
  );
}
