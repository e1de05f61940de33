import { act, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ApiError, type Input, type Output } from '../../api/client';
import { paths } from '../../paths';
import { denial, fakeApi } from '../../test/fake_api';
import { editor, renderConsole, where } from '../../test/render';
import type { AuditRecord } from './record';

type Asked = Input<'podpass', 'ListActivity'>;
type Answer = Output<'podpass', 'ListActivity'>;

const session = 'arn:aws:sts::111122223333:assumed-role/app/eks-my-cluster-pod';
const request = {
  principal: session,
  action: 's3:GetObject',
  resource: 'arn:aws:s3:::b/k',
  resourceAccount: '111122223333',
  context: { 'aws:PrincipalTag/kubernetes-namespace': 'team', 'aws:PrincipalTag/kubernetes-pod-name': 'web-1' },
};

function record(id: string, changed: AuditRecord = {}): AuditRecord {
  return {
    eventTime: '2026-01-02T03:04:05Z',
    eventSource: 's3.amazonaws.com',
    eventName: `Event${id}`,
    requestID: id,
    sourceIPAddress: '10.0.0.1',
    userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/ann' },
    requestParameters: null,
    outcome: 'success',
    ...changed,
  };
}

const denied = record('denied', {
  userIdentity: { type: 'AssumedRole', arn: session, sessionContext: { sessionIssuer: { arn: 'arn:aws:iam::111122223333:role/app' } } },
  outcome: 'denied',
  errorCode: 'AccessDenied',
  errorMessage: 'User: app is not authorized to perform: s3:GetObject',
  requestParameters: { Bucket: 'b' },
  additionalEventData: { decisions: [{ decision: 'allow', request: { ...request, action: 's3:ListBucket' } }, { decision: 'implicitDeny', request }] },
});

// Answers what is not followed from `page`; who waits is answered by `come`.
function server(page: (asked: Asked) => Partial<Answer> | Promise<Partial<Answer>>) {
  const waiting: ((answer: Partial<Answer>) => void)[] = [];
  const whole = (answer: Partial<Answer>): Answer => ({ records: [], newest: 'n', oldest: 'o', more: false, ...answer });
  const api = fakeApi({
    podpass: {
      ListActivity: async (asked) =>
        whole(asked.after ? await new Promise((resolve) => waiting.push(resolve)) : await page(asked)),
    },
  });
  const come = (answer: Partial<Answer>) => act(async () => waiting.shift()!(answer));
  return { api, come, asked: () => api.of('ListActivity') as Asked[], waiting };
}

const events = () => screen.getAllByRole('rowheader').map((cell) => cell.querySelector('b')!.textContent);

describe('Activity', () => {
  it('follows what comes, newest first, and shows older ones on demand', async () => {
    const { come, asked, waiting } = server(({ before }) =>
      before ? { records: [record('1')], oldest: 'o1', more: false } : { records: [record('2')], newest: 'n2', oldest: 'o2', more: true },
    );
    const user = renderConsole('/activity');
    expect(await screen.findByText('Event2')).toBeTruthy();
    await waitFor(() => expect(waiting).toHaveLength(1));
    expect(asked()[1]).toMatchObject({ after: 'n2', waitSeconds: 20 });
    await come({ records: [record('4'), record('3')], newest: 'n4' });
    expect(events()).toEqual(['Event4', 'Event3', 'Event2']);
    await user.click(screen.getByRole('button', { name: 'Show older records' }));
    await waitFor(() => expect(events()).toEqual(['Event4', 'Event3', 'Event2', 'Event1']));
    expect(asked().find(({ before }) => before)).toMatchObject({ before: 'o2' });
    expect(screen.queryByRole('button', { name: 'Show older records' })).toBeNull();
    await waitFor(() => expect(asked().filter(({ after }) => after).pop()).toMatchObject({ after: 'n4' }));
  });

  it('stops, and goes on where it stopped', async () => {
    const { come, waiting, asked } = server(() => ({ records: [record('1')], newest: 'n1' }));
    const user = renderConsole('/activity');
    await waitFor(() => expect(waiting).toHaveLength(1));
    await user.click(screen.getByRole('checkbox', { name: 'Follow' }));
    expect(screen.getByText('Paused: what comes is not shown.')).toBeTruthy();
    await come({ records: [record('2')], newest: 'n2' }); // to a question that was given up
    expect(events()).toEqual(['Event1']);
    await user.click(screen.getByRole('checkbox', { name: 'Follow' }));
    await waitFor(() => expect(asked()).toHaveLength(3));
    expect(asked()[2]).toMatchObject({ after: 'n1' });
    await come({ records: [record('2')], newest: 'n2' });
    expect(events()).toEqual(['Event2', 'Event1']);
  });

  it('begins anew when the server was started again', async () => {
    let runs = 0;
    const api = fakeApi({
      podpass: {
        ListActivity: ({ after }) => {
          if (after === 'n1') throw new ApiError('InvalidParameterException', 'after: not known.', 400);
          if (after) return new Promise(() => {});
          return { records: [record(String(++runs))], newest: `n${runs}`, oldest: 'o', more: false };
        },
      },
    });
    renderConsole('/activity');
    expect(await screen.findByText('Event2')).toBeTruthy();
    expect(screen.queryByText('Event1')).toBeNull();
    expect(api.of('ListActivity').length).toBeGreaterThanOrEqual(3);
  });

  it('asks for what its address says', async () => {
    const { asked } = server(() => ({}));
    const user = renderConsole(paths.activity({ clusterName: 'c', outcome: 'denied', text: 'secret' }));
    expect(await screen.findByText('No record that this server remembers fits the filter.')).toBeTruthy();
    expect(asked()[0]).toMatchObject({ clusterName: 'c', outcome: 'denied', text: 'secret' });
    expect(screen.getByRole('button', { name: /^Remove .*Cluster.*c$/ })).toBeTruthy();
    await user.click(screen.getByRole('button', { name: /Outcome/ }));
    await user.click(await screen.findByRole('option', { name: 'Failed' }));
    await waitFor(() => expect(where()).toBe(paths.activity({ clusterName: 'c', text: 'secret', outcome: 'failed' })));
    await waitFor(() => expect(asked().some(({ outcome }) => outcome === 'failed')).toBe(true));
    await user.click(screen.getAllByRole('button', { name: 'Clear filter' })[0]);
    await waitFor(() => expect(where()).toBe('/activity'));
  });

  it('shows a record, its facts first, and leads to the explanation of its denial', async () => {
    server(() => ({ records: [denied, record('fine')] }));
    const user = renderConsole('/activity');
    await user.click(await screen.findByText('Eventdenied'));
    const panel = within(await screen.findByRole('region', { name: 'Eventdenied' }));
    expect(panel.getByText('User: app is not authorized to perform: s3:GetObject')).toBeTruthy();
    expect(panel.getByText('team/web-1')).toBeTruthy();
    expect(panel.getByText('Bucket')).toBeTruthy();
    expect(panel.getByText('Denied, as nothing allows it: s3:GetObject on arn:aws:s3:::b/k')).toBeTruthy();
    expect(editor('Record as it is kept').state.doc.toString()).toContain('"requestID": "denied"');
    const to = paths.explain({
      principalArn: session,
      action: 's3:GetObject',
      resource: 'arn:aws:s3:::b/k',
      resourceAccount: '111122223333',
      context: request.context,
      recorded: true,
    });
    const links = screen.getAllByRole('link', { name: 'Explain s3:GetObject' });
    expect(links.map((link) => link.getAttribute('href'))).toEqual([to, to]);
    await user.click(links[0]);
    await waitFor(() => expect(where()).toBe(to));
  });

  it.each([
    ['refused', denial('podpass:ListActivity'), /not authorized to perform: podpass:ListActivity/],
    ['away', new ApiError('ServiceUnavailable', 'Try again.', 503), /Try again/],
  ])('says that it is %s', async (_, error, words) => {
    let works = false;
    server(() => {
      if (!works) throw error;
      return { records: [record('1')] };
    });
    const user = renderConsole('/activity');
    expect(await screen.findByText(words)).toBeTruthy();
    works = true;
    await user.click(screen.getByRole('button', { name: 'Retry' }));
    expect(await screen.findByText('Event1')).toBeTruthy();
  });

  it('says that there is nothing yet', async () => {
    server(() => ({}));
    renderConsole('/activity');
    expect(await screen.findByText('Nothing was asked yet that this server remembers.')).toBeTruthy();
  });
});
