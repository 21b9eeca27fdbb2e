import { join } from 'node:path';
import { messageOf } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { Turns } from '../lib/parallel.ts';
import { Allowed } from './allowed.ts';
import type { Query } from './database.ts';
import {
  failed,
  type GradeFailure,
  Grader,
  type GraderAnswer,
  type GraderOptions,
  type GradeRequest,
} from './grader.ts';
import type { Credentials } from './hands.ts';
import type { AppDeps } from './parts.ts';
import { TryAgain } from './queue.ts';
import type { Finished } from './records.ts';
import type { Ask } from './shapes.ts';

type Deps = Pick<AppDeps, 'settings' | 'records' | 'queue' | 'log' | 'now'>;

export interface WorkerOptions extends Pick<GraderOptions, 'home' | 'env' | 'file'> {
  /** Grader processes; each grades one image at a time. */
  readonly graders: number;
  /** In the transaction that keeps a new grade, to send jobs. */
  readonly onFinished?: (finished: Finished, query: Query, ask: Ask) => Promise<void>;
  readonly onGraded?: (graded: {
    readonly ask: Ask;
    readonly outcome: 'done' | GradeFailure['kind'];
    readonly seconds: number;
  }) => void;
}

interface GradeOptions {
  readonly credentials?: Credentials;
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

/** What takes longer read layers. */
const SLOW_MS = 3_000;
const AHEAD = 8;

/** Takes jobs of the queue and has each graded; what a grader answers is kept exactly once. */
export class Workers {
  readonly #deps: Deps;
  readonly #options: WorkerOptions;
  readonly #allowed: Allowed;
  readonly #all: readonly Grader[];
  readonly #idle: Grader[];
  readonly #turns: Turns;
  #isQuick = false;

  constructor(deps: Deps, options: WorkerOptions) {
    const { settings, records } = deps;
    this.#deps = deps;
    this.#options = options;
    this.#allowed = new Allowed(settings.registries);
    const { layerFacts: get, putLayerFacts: put } = records;
    const own = { ...options, settings, facts: { get, put }, home: join(options.home, 'grader') };
    // Without jobs too: scans of Harbor are graded by the process that was asked.
    this.#all = Array.from({ length: Math.max(1, options.graders) }, () => new Grader(own));
    this.#idle = [...this.#all];
    this.#turns = new Turns(this.#all.length);
  }

  get pids(): readonly number[] {
    return this.#all.flatMap(({ pid }) => pid ?? []);
  }

  start(): void {
    const { graders } = this.#options;
    if (graders === 0) return;
    // One more than there are: while one is kept, the graders have work. A day later they take
    // milliseconds, and several go through the database together.
    const parallel = (): number => (this.#isQuick ? AHEAD * graders : graders + 1);
    this.#deps.queue.work(
      'grade',
      ({ data, signal }) => this.grade(data.askId, { signal, ...given({ fresh: data.fresh }) }),
      { parallel },
    );
  }

  /** Grades an ask that was made `here`. Rejects with TryAgain where it may go well later. */
  async grade(askId: string, { credentials, fresh, signal }: GradeOptions = {}): Promise<void> {
    const { records, log, now } = this.#deps;
    const { onFinished, onGraded } = this.#options;
    const ask = await records.start(askId);
    // Done by another process, or taken back.
    if (ask === undefined) return;
    const started = performance.now();
    const refusal = this.#allowed.refusal(ask.image);
    const isAgain = ask.reason === 'daily' && fresh !== true;
    const request = { image: ask.image, now: now(), isAgain, ...given({ credentials }) };
    const onProgress = (line: string): void => {
      records.progress(ask.id, line).catch((error: unknown) => {
        log.warn('progress was not kept', { ask: ask.id, error: messageOf(error) });
      });
    };
    const answer =
      refusal === undefined
        ? await this.#answer(request, { onProgress, ...given({ signal }) })
        : failed('image', refusal);
    // The job was given back, and another worker takes it.
    if (signal?.aborted === true && !answer.ok) throw new TryAgain('it was stopped');
    const seconds = (performance.now() - started) / 1000;
    onGraded?.({ ask, outcome: answer.ok ? 'done' : answer.kind, seconds });
    if (answer.ok) {
      await records.finish(ask.id, answer.made, async (finished, query) =>
        onFinished?.(finished, query, ask),
      );
      return;
    }
    const { kind, message, nextStep, gone } = answer;
    log.info('not graded', { ask: ask.id, kind, message });
    const how = { mayRetry: kind === 'registry', ...given({ gone }) };
    const state = await records.fail(ask.id, { message, ...given({ nextStep }) }, how);
    if (state === 'queued') throw new TryAgain(message);
  }

  /** Ends the processes, after the queue stopped. */
  close(): void {
    for (const grader of this.#all) grader.close();
  }

  #answer(request: GradeRequest, how: Parameters<Grader['grade']>[1]): Promise<GraderAnswer> {
    return this.#turns.take(undefined, async () => {
      const grader = this.#idle.pop() as Grader;
      const began = performance.now();
      try {
        return await grader.grade(request, how);
      } finally {
        this.#isQuick = request.isAgain === true && performance.now() - began < SLOW_MS;
        this.#idle.push(grader);
      }
    });
  }
}
