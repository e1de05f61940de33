import '@cloudscape-design/global-styles/index.css';
import './styles.css';
import I18nProvider from '@cloudscape-design/components/i18n';
import messages from '@cloudscape-design/components/i18n/messages/all.en';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router-dom';
import { App } from './app';
import { routerFuture } from './paths';
import { SessionGate, takeSignInCode } from './session/session';
import { startTheme } from './shell/theme';

const code = takeSignInCode();
startTheme();

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <I18nProvider locale="en" messages={[messages]}>
      <SessionGate code={code}>
        <BrowserRouter basename="/console" future={routerFuture}>
          <App />
        </BrowserRouter>
      </SessionGate>
    </I18nProvider>
  </StrictMode>,
);
