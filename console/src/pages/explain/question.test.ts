import { describe, expect, it } from 'vitest';
import { paths, readExplainQuery, type ExplainQuery } from '../../paths';
import { exampleResources } from './examples';
import { contextProblem, problemsOf, queryOf, queryOfDecision, questionOf, requestOf } from './question';

const search = (query: ExplainQuery) => paths.explain(query).replace(/^[^?]*/, '');

describe('a question', () => {
  it.each<ExplainQuery>([
    { clusterName: 'c', namespace: 'n', serviceAccount: 's', action: 's3:GetObject', resource: 'arn:aws:s3:::b/a+b &c' },
    {
      principalArn: 'arn:aws:iam::111122223333:role/a',
      action: 'sts:AssumeRole',
      resource: '*',
      resourceAccount: '111122223333',
      context: { a: 'text', list: ['one'], none: [], quoted: '"x"', bracket: '[x', json: '["x"]' },
      recorded: true,
    },
  ])('survives the address and the form: %j', (query) => {
    const again = queryOf(questionOf(readExplainQuery(search(query))));
    expect(paths.explain(again)).toBe(paths.explain(query));
    expect(JSON.parse(JSON.stringify({ context: {}, ...again, recorded: again.recorded || undefined }))).toMatchObject(query);
  });

  it.each(['{', '[]', '"x"', '{"a":1}', '{"a":["b",1]}', 'null'])('takes no context that it can not read: %s', (context) => {
    expect(readExplainQuery(`?context=${encodeURIComponent(context)}`).context ?? {}).toEqual({});
  });

  it.each([
    ['arn:aws:iam::111122223333:user/a', 'arn:aws:iam::111122223333:user/a'],
    ['pods.eks.amazonaws.com', { service: 'pods.eks.amazonaws.com' }],
    ['arn:aws:iam::111122223333:oidc-provider/x', { federated: 'arn:aws:iam::111122223333:oidc-provider/x' }],
    ['*', { anonymous: true }],
  ])('has the principal %s in the form of the API, and back', (principalArn, principal) => {
    const request = requestOf(questionOf({ principalArn, action: 'a:B', resource: '*' })) as { [key: string]: never };
    expect(request.principal).toEqual(principal);
    expect(queryOfDecision(request).principalArn).toBe(principalArn);
  });

  it('says what it lacks', () => {
    expect(Object.keys(problemsOf(questionOf({})))).toEqual(['action', 'resource', 'clusterName', 'namespace', 'serviceAccount']);
    const whole = { principalArn: '*', action: 's3:GetObject', resource: '*' };
    expect(problemsOf(questionOf(whole))).toEqual({});
    expect(Object.keys(problemsOf(questionOf({ ...whole, action: 's3:*' })))).toEqual(['action']);
    expect(contextProblem({ key: 'a', value: '["x"' })).toContain('list');
    expect(contextProblem({ key: '', value: 'x' })).toBeTruthy();
    expect(contextProblem({ key: 'a', value: '' })).toBeUndefined();
  });

  it('has examples of the resources of its service', () => {
    expect(exampleResources('SQS:SendMessage', 'eu-west-1', '111122223333')).toEqual(['arn:aws:sqs:eu-west-1:111122223333:QUEUE', '*']);
    expect(exampleResources('', 'eu-west-1', '1')).toContain('arn:aws:s3:::BUCKET/KEY');
  });
});
