// A command to be run elsewhere, with a button that copies it.
import Box from '@cloudscape-design/components/box';
import { CopyButton } from './copy_button';

export function Command({ text, label }: { text: string; label: string }) {
  return (
    <div className="command">
      <Box variant="pre">{text}</Box>
      <CopyButton text={text} label={label} />
    </div>
  );
}
