import { join } from 'node:path';
import { messageOf } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { Allowed } from './allowed.ts';
import {
  type AppDeps,
  DatabaseAway,
  type Finished,
  type Job,
  type Query,
  TryAgain,
} from './deps.ts';
import { type Credentials, failed, Grader, type GraderAnswer } from './grader.ts';
import { factsInDatabase } from './layer-facts.ts';
import type { Ask } from './shapes.ts';

type Deps = Pick<AppDeps, 'settings' | 'records' | 'queue' | 'log' | 'now'>;

export interface WorkerOptions {
  /** Grader processes; each grades one image at a time. */
  readonly graders: number;
  /** A folder for their caches. */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly osvUrl?: string;
  readonly file?: URL;
  /** In the transaction that keeps a new grade, to send jobs. */
  readonly onFinished?: (finished: Finished, query: Query, ask: Ask) => Promise<void>;
  /** For figures. */
  readonly onGraded?: (graded: {
    readonly ask: Ask;
    readonly outcome: 'done' | Exclude<GraderAnswer, { ok: true }>['kind'];
    readonly seconds: number;
  }) => void;
}

/** Takes jobs of the queue and has each graded; what a grader answers is kept exactly once. */
export class Workers {
  readonly #deps: Deps;
  readonly #options: WorkerOptions;
  readonly #allowed: Allowed;
  readonly #all: readonly Grader[];
  readonly #idle: Grader[];
  readonly #waiting: ((grader: Grader) => void)[] = [];

  constructor(deps: Deps, options: WorkerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#allowed = new Allowed(deps.settings.registries);
    const { home, env, osvUrl, file, graders } = options;
    this.#all = Array.from(
      { length: Math.max(1, graders) },
      () =>
        new Grader({
          settings: deps.settings,
          home: join(home, 'grader'),
          facts: factsInDatabase(deps.records),
          env,
          ...given({ osvUrl, file }),
        }),
    );
    this.#idle = [...this.#all];
  }

  /** Of the processes that there are now. */
  get pids(): readonly number[] {
    return this.#all.flatMap(({ pid }) => pid ?? []);
  }

  /** From now on, takes jobs until the queue stops. */
  start(): void {
    const { graders } = this.#options;
    // One more than there are: while one is kept, the graders have work.
    if (graders > 0)
      this.#deps.queue.work('grade', (job) => this.#work(job), { parallel: graders + 1 });
  }

  /**
   * Grades an ask that was made `here`, with credentials that are for this grade alone. Rejects
   * with TryAgain where it may go well later.
   */
  async grade(
    askId: string,
    {
      credentials,
      fresh = false,
      signal,
    }: {
      readonly credentials?: Credentials;
      readonly fresh?: boolean;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<void> {
    const { records } = this.#deps;
    const ask = await records.start(askId);
    // Done by another process, or taken back.
    if (ask === undefined) return;
    const started = performance.now();
    const refusal = this.#allowed.refusal(ask.image);
    const answer =
      refusal === undefined
        ? await this.#answer(ask, {
            isAgain: ask.reason === 'daily' && !fresh,
            credentials,
            signal,
          })
        : failed('image', refusal);
    const seconds = (performance.now() - started) / 1000;
    // The job was given back, and another worker takes it.
    if (signal?.aborted === true && !answer.ok) throw new TryAgain('it was stopped');
    this.#options.onGraded?.({ ask, outcome: answer.ok ? 'done' : answer.kind, seconds });
    await this.#keep(ask, answer);
  }

  /** Ends the processes, after the queue stopped. */
  close(): void {
    for (const grader of this.#all) grader.close();
  }

  async #work({ data, signal }: Job<'grade'>): Promise<void> {
    try {
      await this.grade(data.askId, { signal, ...given({ fresh: data.fresh }) });
    } catch (error) {
      throw error instanceof DatabaseAway ? new TryAgain(error.message) : error;
    }
  }

  async #answer(
    ask: Ask,
    asked: {
      readonly isAgain: boolean;
      readonly credentials: Credentials | undefined;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<GraderAnswer> {
    const { records, log, now } = this.#deps;
    const grader =
      this.#idle.pop() ??
      (await new Promise<Grader>((ready) => {
        this.#waiting.push(ready);
      }));
    const onProgress = (line: string): void => {
      records.progress(ask.id, line).catch((error: unknown) => {
        log.warn('progress was not kept', { ask: ask.id, error: messageOf(error) });
      });
    };
    try {
      const { isAgain, credentials, signal } = asked;
      const request = { image: ask.image, now: now(), isAgain, ...given({ credentials }) };
      return await grader.grade(request, { onProgress, ...given({ signal }) });
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(grader);
      else next(grader);
    }
  }

  async #keep(ask: Ask, answer: GraderAnswer): Promise<void> {
    const { records, log } = this.#deps;
    const { onFinished } = this.#options;
    if (answer.ok) {
      await records.finish(
        ask.id,
        answer.made,
        onFinished && ((finished, query) => onFinished(finished, query, ask)),
      );
      return;
    }
    const { kind, message, nextStep, gone } = answer;
    log.info('not graded', { ask: ask.id, kind, message });
    const error = { message, ...given({ nextStep }) };
    const mayRetry = kind === 'registry';
    const state = await records.fail(ask.id, error, { mayRetry, ...given({ gone }) });
    if (state === 'queued') throw new TryAgain(message);
  }
}
