// The pages, each part of the console loaded when it is first needed.
import Box from '@cloudscape-design/components/box';
import Spinner from '@cloudscape-design/components/spinner';
import { lazy, Suspense } from 'react';
import { Navigate, Route, Routes } from 'react-router-dom';
import { ErrorBoundary } from './components/error_boundary';
import { NotFound } from './components/not_found';
import { paths } from './paths';
import { Shell } from './shell/shell';
import { texts } from './texts';

const Clusters = lazy(() => import('./pages/clusters/routes'));
const Iam = lazy(() => import('./pages/iam/routes'));
const Explain = lazy(() => import('./pages/explain/routes'));
const Activity = lazy(() => import('./pages/activity/routes'));

export function App() {
  return (
    <Shell>
      <ErrorBoundary>
        <Suspense fallback={<Loading />}>
          <Routes>
            <Route index element={<Navigate to={paths.clusters} replace />} />
            <Route path="clusters/*" element={<Clusters />} />
            <Route path="iam/*" element={<Iam />} />
            <Route path="explain/*" element={<Explain />} />
            <Route path="activity/*" element={<Activity />} />
            <Route path="*" element={<NotFound />} />
          </Routes>
        </Suspense>
      </ErrorBoundary>
    </Shell>
  );
}

function Loading() {
  return (
    <Box textAlign="center" padding="xxl">
      <Spinner size="large" /> {texts.common.loading}
    </Box>
  );
}
