import { describe, expect, it } from 'vitest';
import { readTokens, writeTokens } from './filter';
import { denialOf, factsOf, outcomeOf } from './record';

describe('a record', () => {
  it.each([
    ['success', 'success'],
    ['denied', 'denied'],
    ['failed', 'failed'],
    ['something newer', 'failed'],
    [undefined, 'failed'],
  ])('that ended with %s is %s', (outcome, expected) => {
    expect(outcomeOf(outcome ? { outcome } : {})).toBe(expected);
  });

  it('of an exchange names the pod, its association and its role', () => {
    const facts = factsOf({
      eventSource: 'eks-auth.amazonaws.com',
      userIdentity: {
        type: 'AssumedRole',
        arn: 'arn:aws:sts::1:assumed-role/node/i-1',
        sessionContext: { sessionIssuer: { arn: 'arn:aws:iam::1:role/node' } },
      },
      requestParameters: { clusterName: 'c' },
      additionalEventData: { namespace: 'n', serviceAccount: 's', podName: 'p', associationId: 'a-1', roleArn: 'arn:aws:iam::1:role/app' },
      requestID: 'r',
      outcome: 'success',
    });
    expect(facts).toMatchObject({
      service: 'eks-auth',
      who: 'node',
      session: 'i-1',
      cluster: 'c',
      pod: 'n/p',
      serviceAccount: 's',
      association: 'a-1',
      role: 'arn:aws:iam::1:role/app',
      outcome: 'success',
    });
  });

  it('may lack everything', () => {
    expect(factsOf({}).who).toBeUndefined();
    expect(factsOf({ userIdentity: null, additionalEventData: [], eventName: 7 }).event).toBe('');
    expect(denialOf({ additionalEventData: { decisions: 'x' } })).toBeUndefined();
  });

  it('of root and of nobody say so', () => {
    expect(factsOf({ userIdentity: { type: 'Root', arn: 'arn:aws:iam::1:root' } }).who).toBe('root');
    expect(factsOf({ userIdentity: { type: 'AWSAccount', accountId: 'ANONYMOUS_PRINCIPAL' } }).who).toBe('Somebody without credentials');
  });
});

describe('a filter', () => {
  it('is the address and the tokens', () => {
    const query = { clusterName: 'c', pod: 'n/p', eventName: 'E', text: 'x', outcome: 'denied' as const };
    expect(readTokens(writeTokens(query), 'denied')).toEqual(query);
    expect(readTokens([{ propertyKey: 'pod', operator: '=', value: 'a' }, { propertyKey: 'pod', operator: '=', value: ' b ' }])).toEqual({
      pod: 'b',
      outcome: undefined,
    });
  });
});
