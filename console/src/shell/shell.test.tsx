import { screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { fakeApi } from '../test/fake_api';
import { renderConsole, where } from '../test/render';

describe('the shell', () => {
  it('names who is signed in, and signs out', async () => {
    const api = fakeApi();
    const user = renderConsole('/explain');
    const [menu] = await screen.findAllByRole('button', { name: /ann @ 111122223333/ });
    await user.click(menu);
    await user.click(await screen.findByRole('menuitem', { name: 'Sign out' }));
    expect(await screen.findByLabelText('Access key ID')).toBeTruthy();
    expect(api.session).toBeUndefined();
  });

  it('says so where signing out failed, and stays signed in', async () => {
    const api = fakeApi();
    api.signsOut = false;
    const user = renderConsole('/explain');
    const [menu] = await screen.findAllByRole('button', { name: /ann @ 111122223333/ });
    await user.click(menu);
    await user.click(await screen.findByRole('menuitem', { name: 'Sign out' }));
    expect(await screen.findByText('You are still signed in. Signing out failed. Try again.')).toBeTruthy();
    expect(screen.queryByLabelText('Access key ID')).toBeNull();
  });

  it('leads to every part', async () => {
    fakeApi();
    const user = renderConsole('/explain');
    await screen.findByRole('heading', { name: 'Explain', level: 1 });
    for (const [name, path] of [['Roles', '/iam/roles'], ['Activity', '/activity'], ['Explain', '/explain']]) {
      await user.click(screen.getAllByRole('link', { name, hidden: true })[0]); // jsdom's window has no width
      await waitFor(() => expect(where()).toBe(path));
    }
  });

  it('keeps the theme that was chosen', async () => {
    fakeApi();
    const user = renderConsole('/explain');
    await user.click((await screen.findAllByRole('button', { name: 'Theme' }))[0]);
    await user.click(await screen.findByRole('menuitemcheckbox', { name: 'Dark' }));
    expect(document.body.classList.contains('awsui-dark-mode')).toBe(true);
    expect(localStorage.getItem('podpass.theme')).toBe('"dark"');
  });

  it('has a page for what is not there', async () => {
    fakeApi();
    renderConsole('/nothing');
    expect(await screen.findByRole('heading', { name: 'There is no such page' })).toBeTruthy();
  });
});
