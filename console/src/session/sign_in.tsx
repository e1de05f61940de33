// Sign-in with an access key. (A one-time link needs no page.)
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import FormField from '@cloudscape-design/components/form-field';
import Grid from '@cloudscape-design/components/grid';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import { useEffect, useState } from 'react';
import type { Credentials } from '../api/client';
import { useAction } from '../components/use_action';
import { texts } from '../texts';

export function SignIn({
  onSignIn,
  error: earlier,
  ended = false,
}: {
  onSignIn: (credentials: Credentials) => Promise<void>;
  error?: Error; // of the one-time link
  ended?: boolean; // there was a session
}) {
  const [accessKeyId, setAccessKeyId] = useState('');
  const [secretAccessKey, setSecretAccessKey] = useState('');
  const [sessionToken, setSessionToken] = useState('');
  const [tried, setTried] = useState(false);
  const { run, running, error = earlier } = useAction(onSignIn);
  useEffect(() => {
    document.title = `${texts.signIn.title} | ${texts.product}`;
  }, []);

  const submit = () => {
    setTried(true);
    const given = { accessKeyId: accessKeyId.trim(), secretAccessKey: secretAccessKey.trim() };
    if (!given.accessKeyId || !given.secretAccessKey) return;
    void run(sessionToken.trim() ? { ...given, sessionToken: sessionToken.trim() } : given);
  };
  const missing = (value: string) => (tried && !value.trim() ? texts.common.required : undefined);

  return (
    <main>
      <Box padding={{ vertical: 'xxxl', horizontal: 'l' }}>
        <Grid gridDefinition={[{ colspan: { default: 12, s: 8, m: 6, l: 4 }, offset: { s: 2, m: 3, l: 4 } }]}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              submit();
            }}
          >
            <SpaceBetween size="l">
                {ended && !error && <Alert type="info">{texts.signIn.ended}</Alert>}
                {error && (
                  <Alert type="error" header={texts.signIn.failed}>
                    {error.message}
                  </Alert>
                )}
                <Container header={<Header variant="h1" description={texts.signIn.description}>{texts.signIn.heading}</Header>}>
                  <SpaceBetween size="l">
                    <FormField label={texts.signIn.accessKeyId} errorText={missing(accessKeyId)}>
                      <Input
                        value={accessKeyId}
                        onChange={({ detail }) => setAccessKeyId(detail.value)}
                        name="username"
                        autoComplete="username"
                        spellcheck={false}
                        autoFocus
                      />
                    </FormField>
                    <FormField label={texts.signIn.secretAccessKey} errorText={missing(secretAccessKey)}>
                      <Input
                        type="password"
                        value={secretAccessKey}
                        onChange={({ detail }) => setSecretAccessKey(detail.value)}
                        name="password"
                        autoComplete="current-password"
                      />
                    </FormField>
                    <ExpandableSection headerText={texts.signIn.temporary}>
                      <FormField label={texts.signIn.sessionToken} description={texts.signIn.sessionTokenText}>
                        <Textarea
                          value={sessionToken}
                          onChange={({ detail }) => setSessionToken(detail.value)}
                          spellcheck={false}
                          autoComplete={false}
                        />
                      </FormField>
                    </ExpandableSection>
                    <Button variant="primary" fullWidth loading={running} formAction="submit">
                      {texts.signIn.action}
                    </Button>
                    <Box variant="small" color="text-body-secondary">
                      {texts.signIn.help} <Box variant="code">podpass console</Box>
                    </Box>
                  </SpaceBetween>
                </Container>
            </SpaceBetween>
          </form>
        </Grid>
      </Box>
    </main>
  );
}
