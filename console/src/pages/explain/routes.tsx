import { Page } from '../../components/page';
import { texts } from '../../texts';

export default function Routes() {
  return <Page title={texts.shell.explain}>…</Page>;
}
