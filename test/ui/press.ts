interface Screen {
  readonly stdin: { readonly write: (text: string) => void };
  readonly lastFrame: () => string | undefined;
}

/**
 * Waits, and lets React finish what it has begun: its effects come by setImmediate, which a timer
 * that is late on a busy machine overtakes, and a key that is pressed before them is heard by
 * nobody.
 */
export async function pause(ms: number): Promise<void> {
  await new Promise((done) => setTimeout(done, ms));
  for (let i = 0; i < 3; i++) await new Promise((done) => setImmediate(done));
}

/** Presses keys, each taken before the next comes, as a person types; gives what is shown then. */
export function presser({ stdin, lastFrame }: Screen) {
  const shown = (): string => lastFrame() ?? '';
  const settled = async (): Promise<void> => {
    for (let before = ''; before !== shown();) {
      before = shown();
      await pause(30);
    }
  };
  return async (...keys: readonly string[]): Promise<string> => {
    await pause(30);
    for (const key of keys) {
      const before = shown();
      stdin.write(key);
      for (let i = 0; i < 20 && shown() === before; i++) await pause(20);
      await settled();
    }
    return shown();
  };
}
