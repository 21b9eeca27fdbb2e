interface Screen {
  readonly stdin: { readonly write: (text: string) => void };
  readonly lastFrame: () => string | undefined;
}

/** Presses keys, each taken before the next comes, as a person types; gives what is shown then. */
export function presser({ stdin, lastFrame }: Screen) {
  const shown = (): string => lastFrame() ?? '';
  const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
  return async (...keys: readonly string[]): Promise<string> => {
    await pause(30);
    for (const key of keys) {
      const before = shown();
      stdin.write(key);
      for (let i = 0; i < 20 && shown() === before; i++) await pause(20);
      await pause(30);
    }
    return shown();
  };
}
