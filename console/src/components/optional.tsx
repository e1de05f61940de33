// The label of a field that may be left empty.
import { texts } from '../texts';

export function optional(label: string) {
  return (
    <>
      {label} <i>- {texts.common.optional}</i>
    </>
  );
}
