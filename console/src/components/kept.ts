// Preferences that this browser keeps. Without its storage they last as long as the page.

export function kept<T>(name: string): T | undefined {
  try {
    const text = localStorage.getItem(`podpass.${name}`);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

export function keep(name: string, value: unknown) {
  try {
    localStorage.setItem(`podpass.${name}`, JSON.stringify(value));
  } catch {
    // It is not kept.
  }
}
