import { PageLink } from '../../../components/link';
import { nameOfArn, paths } from '../../../paths';
import { useSession } from '../../../session/session';
import { texts } from '../../../texts';

// A role by its name, with a way to its page; one of another account, which has no page here, with that account.
export function RoleLink({ arn }: { arn: string | undefined }) {
  const own = useSession().session.principal.account;
  if (!arn) return <>–</>;
  const account = arn.split(':')[4];
  if (account === own) return <PageLink to={paths.role(nameOfArn(arn))}>{nameOfArn(arn)}</PageLink>;
  return <span title={arn}>{texts.associations.roleElsewhere(nameOfArn(arn), account)}</span>;
}
