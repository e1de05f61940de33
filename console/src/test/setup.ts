// What jsdom lacks and Cloudscape and CodeMirror ask for.
import { cleanup, configure } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

// A busy machine takes its time. Errors without the whole document, which nobody reads.
configure({ asyncUtilTimeout: 15000, getElementError: (message) => new Error(message ?? '') });

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  localStorage.clear();
  document.body.innerHTML = '';
});

globalThis.CSS ??= { escape: (text: string) => text } as typeof CSS;
window.matchMedia ??= (media: string) =>
  ({ matches: false, media, addEventListener: () => {}, removeEventListener: () => {} }) as unknown as MediaQueryList;
document.execCommand ??= () => false; // CodeMirror, which takes jsdom for Safari
window.scrollTo = () => {};
Element.prototype.scrollIntoView ??= () => {};
Range.prototype.getClientRects ??= () => [] as unknown as DOMRectList;
Range.prototype.getBoundingClientRect ??= () => new DOMRect();
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
