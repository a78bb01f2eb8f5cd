// What the browser remembers of a reader's choices; nothing where it refuses to.

export function recall(key: string): string | null {
  try {
    return key ? localStorage.getItem(key) : null;
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    if (key) localStorage.setItem(key, value);
  } catch {
    // a private window: the choice holds until the page is closed
  }
}
