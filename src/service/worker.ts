import { join } from 'node:path';
import { messageOf } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { Turns } from '../lib/parallel.ts';
import { Allowed } from './allowed.ts';
import { DatabaseAway } from './database.ts';
import { failed, type GradeFailure, Grader, type GraderOptions, type MadeAgain } from './grader.ts';
import type { Credentials } from './hands.ts';
import type { AppDeps } from './parts.ts';
import { type Job, TryAgain } from './queue.ts';
import { imageOf } from './record-rows.ts';
import type { Within } from './records.ts';

type Deps = Pick<AppDeps, 'settings' | 'records' | 'queue' | 'log' | 'now'>;

export interface WorkerOptions extends Pick<GraderOptions, 'home' | 'env' | 'file'> {
  /** Grader processes; each grades one image at a time. */
  readonly graders: number;
  readonly onFinished?: Within;
  readonly onGraded?: (graded: {
    readonly outcome: 'done' | GradeFailure['kind'];
    readonly seconds: number;
  }) => void;
}

interface GradeOptions {
  readonly credentials?: Credentials;
  readonly signal?: AbortSignal;
}

export type Workers = ReturnType<typeof makeWorkers>;

/** Takes jobs of the queue and has each graded; what a grader answers is kept exactly once. */
export function makeWorkers(
  { settings, records, queue, log, now }: Deps,
  { graders, onFinished, onGraded, ...place }: WorkerOptions,
) {
  const allowed = new Allowed(settings.registries);
  const facts = { get: records.layerFacts, put: records.putLayerFacts };
  const own = { ...place, settings, facts, home: join(place.home, 'grader') };
  // Without jobs too: scans of Harbor are graded by the process that was asked.
  const all = Array.from({ length: Math.max(1, graders) }, () => new Grader(own));
  const idle = [...all];
  const turns = new Turns(all.length);
  const withGrader = <T>(run: (grader: Grader) => Promise<T>): Promise<T> =>
    turns.take(undefined, async () => {
      const grader = idle.pop() as Grader;
      try {
        return await run(grader);
      } finally {
        idle.push(grader);
      }
    });

  /** Grades an ask that was made `here`. Rejects with TryAgain where it may go well later. */
  const grade = async (
    askId: string,
    { credentials, signal }: GradeOptions = {},
  ): Promise<void> => {
    const ask = await records.start(askId);
    // Done by another process, or taken back.
    if (ask === undefined) return;
    const started = performance.now();
    const refusal = allowed.refusal(ask.image);
    const request = { image: ask.image, now: now(), ...given({ credentials }) };
    const onProgress = (line: string): void => {
      records.progress(ask.id, line).catch((error: unknown) => {
        log.warn('progress was not kept', { ask: ask.id, error: messageOf(error) });
      });
    };
    const answer =
      refusal === undefined
        ? await withGrader((grader) => grader.grade(request, { onProgress, ...given({ signal }) }))
        : failed('image', refusal);
    // The job was given back, and another worker takes it.
    if (signal?.aborted === true && !answer.ok) throw new TryAgain('it was stopped');
    const seconds = (performance.now() - started) / 1000;
    onGraded?.({ outcome: answer.ok ? 'done' : answer.kind, seconds });
    if (answer.ok) {
      await records.finish(ask.id, answer.made, onFinished);
      return;
    }
    const { kind, message, nextStep, gone } = answer;
    log.info('not graded', { ask: ask.id, kind, message });
    const how = { mayRetry: kind === 'registry', ...given({ gone }) };
    const state = await records.fail(ask.id, { message, ...given({ nextStep }) }, how);
    if (state === 'queued') throw new TryAgain(message);
  };

  /** Grades what is due by what is known of it; of the others, each becomes an ask. */
  const again = async ({ data: { due }, attempt, signal }: Job<'again'>): Promise<void> => {
    const names = due
      .map(({ name }) => name)
      .filter((name) => allowed.refusal(imageOf(name)) === undefined);
    const began = performance.now();
    // Of a process that ends each time, one of them may be the cause.
    const request = { names: attempt > 2 ? [] : names, now: now() };
    const answer = await withGrader((grader) => grader.grade(request));
    const made: MadeAgain = answer.ok ? answer.made : new Map<string, never>();
    // Given back: another process has it now.
    if (signal.aborted) return;
    const seconds = (performance.now() - began) / 1000 / names.length;
    for (let i = 0; i < made.size; i++) onGraded?.({ outcome: 'done', seconds });
    const left = await records.finishDue(due, made, onFinished).catch((error: unknown) => {
      if (error instanceof DatabaseAway) throw error;
      log.error('grades were not kept together', { error });
      return due;
    });
    await queue.askAll(left.map(({ name }) => ({ image: imageOf(name), reason: 'daily' })));
  };

  return {
    /** Of the processes that are there. */
    get pids(): readonly number[] {
      return all.flatMap(({ pid }) => pid ?? []);
    },
    start: (): void => {
      if (graders === 0) return;
      // One more than there are: while one is kept, the graders have work.
      const parallel = graders + 1;
      queue.work('grade', ({ data, signal }) => grade(data.askId, { signal }), { parallel });
      queue.work('again', again, { parallel });
    },
    grade,
    again,
    /** Ends the processes, after the queue stopped. */
    close: (): void => {
      for (const grader of all) grader.close();
    },
  };
}
