// What the form suggests: resources by service, and condition keys.

const arns: Record<string, string[]> = {
  s3: ['arn:aws:s3:::BUCKET/KEY', 'arn:aws:s3:::BUCKET'],
  dynamodb: ['arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE', 'arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE/index/INDEX'],
  sqs: ['arn:aws:sqs:REGION:ACCOUNT:QUEUE'],
  sns: ['arn:aws:sns:REGION:ACCOUNT:TOPIC'],
  secretsmanager: ['arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-AbCdEf'],
  ssm: ['arn:aws:ssm:REGION:ACCOUNT:parameter/NAME'],
  kms: ['arn:aws:kms:REGION:ACCOUNT:key/KEY_ID'],
  lambda: ['arn:aws:lambda:REGION:ACCOUNT:function:FUNCTION'],
  logs: ['arn:aws:logs:REGION:ACCOUNT:log-group:GROUP:*'],
  ecr: ['arn:aws:ecr:REGION:ACCOUNT:repository/REPOSITORY'],
  ec2: ['arn:aws:ec2:REGION:ACCOUNT:instance/INSTANCE_ID'],
  kinesis: ['arn:aws:kinesis:REGION:ACCOUNT:stream/STREAM'],
  rds: ['arn:aws:rds:REGION:ACCOUNT:db:DATABASE'],
  iam: ['arn:aws:iam::ACCOUNT:role/ROLE', 'arn:aws:iam::ACCOUNT:user/USER', 'arn:aws:iam::ACCOUNT:policy/POLICY'],
  sts: ['arn:aws:iam::ACCOUNT:role/ROLE'],
  eks: [
    'arn:aws:eks:REGION:ACCOUNT:cluster/CLUSTER',
    'arn:aws:eks:REGION:ACCOUNT:podidentityassociation/CLUSTER/ASSOCIATION_ID',
  ],
  'eks-auth': ['arn:aws:eks:REGION:ACCOUNT:cluster/CLUSTER'],
};

// Those of the action's service, or of all; and *, for actions that take no resource.
export function exampleResources(action: string, region: string, account: string): string[] {
  const service = action.split(':')[0].toLowerCase();
  const examples = arns[service] ?? Object.values(arns).flat();
  const own = examples.map((arn) => arn.replace('REGION', region).replace('ACCOUNT', account));
  return [...new Set(own), '*'];
}

export const conditionKeys = [
  'aws:SourceIp',
  'aws:SourceVpc',
  'aws:SourceVpce',
  'aws:SecureTransport',
  'aws:CurrentTime',
  'aws:RequestedRegion',
  'aws:MultiFactorAuthPresent',
  'aws:UserAgent',
  'aws:TagKeys',
  'aws:RequestTag/KEY',
  'aws:ResourceTag/KEY',
  'aws:PrincipalTag/KEY',
  'aws:PrincipalTag/kubernetes-pod-name',
  'aws:SourceAccount',
  'aws:SourceArn',
  'iam:PassedToService',
  's3:prefix',
  's3:x-amz-server-side-encryption',
  'sts:ExternalId',
  'sts:RoleSessionName',
];
