import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import { texts } from '../texts';

// `inline` shows the text with an icon before it; without, there is only a button, whose label says what it copies.
export function CopyButton({ text, label, inline = false }: { text: string; label?: string; inline?: boolean }) {
  return (
    <CopyToClipboard
      variant={inline ? 'inline' : 'button'}
      textToCopy={text}
      copyButtonText={texts.common.copy}
      copyButtonAriaLabel={label ?? texts.common.copy}
      copySuccessText={texts.common.copied}
      copyErrorText={texts.common.copyFailed}
    />
  );
}
