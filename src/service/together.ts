import { DatabaseAway } from './database.ts';

/**
 * A function whose calls go together: those that come while some are on their way are the next to
 * go, at once: of a busy process, one transaction has many. Where several fail, each is tried
 * alone, so that none fails for another.
 */
export function together<T, R>(
  run: (all: readonly T[]) => Promise<readonly R[]>,
  most = 100,
): (one: T) => Promise<R> {
  const waiting: { one: T; done: (result: R) => void; failed: (error: unknown) => void }[] = [];
  let isBusy = false;
  const send = async (batch: typeof waiting): Promise<void> => {
    try {
      const results = await run(batch.map(({ one }) => one));
      for (const [i, { done }] of batch.entries()) done(results[i] as R);
    } catch (error) {
      if (batch.length === 1 || error instanceof DatabaseAway)
        for (const { failed } of batch) failed(error);
      else for (const one of batch) await send([one]);
    }
  };
  const sendAll = async (): Promise<void> => {
    isBusy = true;
    // Those that are called in one turn come together.
    await Promise.resolve();
    while (waiting.length > 0) await send(waiting.splice(0, most));
    isBusy = false;
  };
  return (one) =>
    new Promise((done, failed) => {
      waiting.push({ one, done, failed });
      if (!isBusy) void sendAll();
    });
}
