import { PageLink } from '../../../components/link';
import { nameOfArn, paths } from '../../../paths';
import { useSession } from '../../../session/session';

// A role by its name, with a way to its page; one of another account, which has none here, by its ARN.
export function RoleLink({ arn }: { arn: string | undefined }) {
  const { account } = useSession().session.principal;
  if (!arn) return <>–</>;
  if (!arn.includes(`:iam::${account}:`)) return <>{arn}</>;
  return <PageLink to={paths.role(nameOfArn(arn))}>{nameOfArn(arn)}</PageLink>;
}
