import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import { texts } from '../texts';

// `inline` shows the text with an icon before it; without, there is only a button, whose label says what it copies.
// `name` stands on it where "Copy" does not say enough.
export function CopyButton({
  text,
  label,
  name = texts.common.copy,
  inline = false,
}: {
  text: string;
  label?: string;
  name?: string;
  inline?: boolean;
}) {
  return (
    <CopyToClipboard
      variant={inline ? 'inline' : 'button'}
      textToCopy={text}
      copyButtonText={name}
      copyButtonAriaLabel={label ?? name}
      copySuccessText={texts.common.copied}
      copyErrorText={texts.common.copyFailed}
    />
  );
}
