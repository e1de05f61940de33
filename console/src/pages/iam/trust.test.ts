import { describe, expect, it } from 'vitest';
import { newTrust, trustDocument, trustedEntities, type TrustFields } from './trust';

const place = { partition: 'aws', account: '111122223333', region: 'us-west-2' };

function statement(fields: Partial<TrustFields>) {
  return (JSON.parse(trustDocument({ ...newTrust, ...fields }, place)) as { Statement: unknown[] }).Statement[0];
}

describe('the templates of trust policies', () => {
  it('begin with that of the user guide', () => {
    expect(statement({})).toEqual({
      Sid: 'AllowEksAuthToAssumeRoleForPodIdentity',
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    });
  });

  it('limit it to a cluster, a namespace and a service account', () => {
    expect(statement({ cluster: 'my-cluster', namespace: 'shop', serviceAccount: 'api' })).toMatchObject({
      Condition: {
        ArnEquals: { 'aws:SourceArn': 'arn:aws:eks:us-west-2:111122223333:cluster/my-cluster' },
        StringEquals: {
          'aws:RequestTag/kubernetes-namespace': 'shop',
          'aws:RequestTag/kubernetes-service-account': 'api',
        },
      },
    });
  });

  it.each<[Partial<TrustFields>, string]>([
    [{ whose: 'this' }, 'arn:aws:iam::111122223333:root'],
    [{ whose: 'other', account: '444455556666' }, 'arn:aws:iam::444455556666:root'],
    [{ whose: 'principal', principalArn: 'arn:aws:iam::444455556666:role/r' }, 'arn:aws:iam::444455556666:role/r'],
  ])('trust an account: %j', (fields, AWS) => {
    expect(statement({ trust: 'account', ...fields })).toMatchObject({ Principal: { AWS } });
    expect(statement({ trust: 'account', ...fields })).not.toHaveProperty('Condition');
  });

  it('ask for an external id', () => {
    expect(statement({ trust: 'account', externalId: 'x1' })).toMatchObject({
      Condition: { StringEquals: { 'sts:ExternalId': 'x1' } },
    });
  });

  it('trust an identity provider', () => {
    const provider = 'arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/1';
    expect(statement({ trust: 'web-identity', provider, subject: 'system:serviceaccount:shop:api' })).toEqual({
      Effect: 'Allow',
      Principal: { Federated: provider },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: {
          'oidc.example.com/id/1:aud': 'sts.amazonaws.com',
          'oidc.example.com/id/1:sub': 'system:serviceaccount:shop:api',
        },
      },
    });
  });

  it('are left as written by hand', () => {
    expect(trustDocument({ ...newTrust, trust: 'custom', document: '{ }' }, place)).toBe('{ }');
  });
});

describe('whom a trust policy names', () => {
  const allow = (more: object) => JSON.stringify({ Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', ...more } });

  it.each<[string | undefined, string[]]>([
    [undefined, []],
    ['{', []],
    ['{"Statement": []}', []],
    [encodeURIComponent(trustDocument(newTrust, place)), ['Service: pods.eks']],
    [allow({ Principal: '*' }), ['Everyone']],
    [allow({ Principal: { AWS: '*' } }), ['Everyone']],
    [allow({ NotPrincipal: { AWS: '111122223333' } }), ['Everyone but some']],
    [allow({ Principal: { AWS: ['111122223333', 'arn:aws:iam::444455556666:root'] } }), ['Account: 111122223333', 'Account: 444455556666']],
    [allow({ Principal: { AWS: 'arn:aws:iam::444455556666:role/r' } }), ['arn:aws:iam::444455556666:role/r']],
    [allow({ Principal: { Federated: 'arn:aws:iam::1:oidc-provider/a.example/x' } }), ['Identity provider: a.example/x']],
    [allow({ Principal: { CanonicalUser: '7' } }), ['CanonicalUser: 7']],
    [allow({ Effect: 'Deny', Principal: '*' }), []],
    [
      JSON.stringify({ Statement: ['a', 'b', 'a'].map((x) => ({ Effect: 'Allow', Principal: { Service: `${x}.amazonaws.com` } })) }),
      ['Service: a', 'Service: b'],
    ],
  ])('%s', (document, entities) => expect(trustedEntities(document)).toEqual(entities));
});
