import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter } from 'react-router-dom';
import { expect, it, vi } from 'vitest';
import { routerFuture } from '../paths';
import { ErrorBoundary } from './error_boundary';

it('says what failed, and tries again', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {}); // React tells it too
  let fails = true;
  const Page = () => {
    if (fails) throw new Error('no such member');
    return <p>drawn</p>;
  };
  render(
    <MemoryRouter future={routerFuture}>
      <ErrorBoundary>
        <Page />
      </ErrorBoundary>
    </MemoryRouter>,
  );
  expect(screen.getByText('no such member')).toBeTruthy();
  fails = false;
  await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
  expect(screen.getByText('drawn')).toBeTruthy();
});
