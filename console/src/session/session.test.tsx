import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { call } from '../api/client';
import { aSession, fakeApi } from '../test/fake_api';
import { renderConsole, where } from '../test/render';
import { SessionGate, takeSignInCode } from './session';

describe('the one-time link', () => {
  it('leaves neither the address nor the history with its code', () => {
    window.history.replaceState(null, '', '/console/#sign-in=abc%2B1');
    const length = window.history.length;
    expect(takeSignInCode()).toBe('abc+1');
    expect(window.location.href).not.toContain('sign-in');
    expect(window.history.length).toBe(length);
    expect(takeSignInCode()).toBeUndefined();
  });

  it('signs in', async () => {
    const api = fakeApi();
    api.session = undefined;
    render(<SessionGate code="abc">inside</SessionGate>);
    expect(await screen.findByText('inside')).toBeTruthy();
  });

  it('that was used says so on the sign-in page', async () => {
    const api = fakeApi();
    api.session = undefined;
    api.accepts = () => false;
    render(<SessionGate code="abc">inside</SessionGate>);
    expect(await screen.findByText('The security token included in the request is invalid.')).toBeTruthy();
    expect(screen.getByLabelText('Access key ID')).toBeTruthy();
  });
});

describe('sign-in', () => {
  it('takes an access key and leads to the page that was asked for', async () => {
    const api = fakeApi();
    api.session = undefined;
    let given: unknown;
    api.accepts = (credentials) => { given = credentials; return true; };
    const user = renderConsole('/activity');
    await user.type(await screen.findByLabelText('Access key ID'), ' AKIA1 ');
    await user.type(screen.getByLabelText('Secret access key'), 'secret{Enter}');
    expect(await screen.findByRole('heading', { name: 'Activity', level: 1 })).toBeTruthy();
    expect(given).toEqual({ accessKeyId: 'AKIA1', secretAccessKey: 'secret' });
    expect(where()).toBe('/activity');
  });

  it('asks for what is missing', async () => {
    fakeApi().session = undefined;
    render(<SessionGate>inside</SessionGate>);
    await userEvent.click(await screen.findByRole('button', { name: 'Sign in' }));
    expect(screen.getAllByText('This is required.')).toHaveLength(2);
  });

  it('comes when the session ends, and one is back afterwards', async () => {
    const api = fakeApi();
    const user = renderConsole('/explain');
    await screen.findByRole('heading', { name: 'Explain', level: 1 });
    api.session = undefined;
    await call('eks', 'ListClusters', {}).catch(() => {});
    expect(await screen.findByText(/Your session has ended/)).toBeTruthy();
    await user.type(screen.getByLabelText('Access key ID'), 'AKIA1');
    await user.type(screen.getByLabelText('Secret access key'), 'secret{Enter}');
    expect(await screen.findByRole('heading', { name: 'Explain', level: 1 })).toBeTruthy();
  });

  it('comes when the time is up', async () => {
    const api = fakeApi();
    api.session = { ...aSession, expiresAt: Date.now() / 1000 - 1 };
    renderConsole('/explain');
    await screen.findByRole('heading', { name: 'Explain', level: 1 });
    api.session = undefined;
    await waitFor(() => screen.getByText(/Your session has ended/), { timeout: 3000 });
  });
});
