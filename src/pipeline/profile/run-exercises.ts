import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted } from '../../model/errors.ts';
import { type Exercise, exerciseWords } from '../../model/exercise.ts';
import type { RunTool } from '../../model/run.ts';
import { containerState, execInContainer } from '../../tools/docker/docker-container.ts';
import type { ImageService } from '../../tools/docker/docker-service.ts';
import { runSmokeCommand } from '../../tools/docker/smoke-command.ts';
import type { PipelineContext } from '../context.ts';
import { askHttp } from './ask-http.ts';

/** A running container, and what it is put through. */
export interface Exercised {
  readonly context: PipelineContext;
  readonly name: string;
  readonly image: string;
  readonly service: ImageService;
  readonly exercises: readonly Exercise[];
  /** Time that the program has until it answers for the first time. */
  readonly timeoutMs: number;
  /** How long it is exercised at least. */
  readonly forMs: number;
  /** Runs a program in the container; the engine asks the HEALTHCHECK itself where there is none. */
  readonly exec: Exec | undefined;
}

/** Gives undefined where the program ended with 0, else the end of what it said. */
export type Exec = (
  command: readonly string[],
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<string | undefined>;

const PAUSE_MS = 250;
/** Time for an answer of a program that is up. */
const ANSWER_MS = 5_000;
const REQUEST_MS = 10_000;

/**
 * Puts a program through its exercises, again and again for as long as asked. Gives undefined where each was answered, or
 * why not. A program that ends with 0 answered if nothing was asked of it.
 */
export async function runExercises(task: Exercised): Promise<string | undefined> {
  const { context, exercises, service } = task;
  const asked = exercises.length > 0 || service.healthcheck.length > 0;
  const started = context.now();
  const end = started + task.forMs;
  for (let round = 0; round === 0 || context.now() < end; round++) {
    const failure = await oneRound(task, started + task.timeoutMs);
    if (failure !== undefined) return failure;
    const state = await containerState(context.run, task.name, context.signal);
    if (!state.running)
      return state.exitCode === 0 && !asked
        ? undefined
        : `the container ended with exit code ${state.exitCode}`;
    await pause(context);
  }
  return undefined;
}

async function oneRound(task: Exercised, deadline: number): Promise<string | undefined> {
  const { exercises, service } = task;
  const tries: (readonly [string, () => Promise<string | undefined>])[] = exercises.map((one) => [
    exerciseWords(one),
    () => perform(task, one),
  ]);
  if (service.healthcheck.length > 0) tries.push(['HEALTHCHECK', () => askHealth(task)]);
  for (const [words, attempt] of tries) {
    const failure = await untilAnswered(task, attempt, deadline);
    if (failure !== undefined) return `${words}: ${failure}`;
  }
  return undefined;
}

/** Tries until it is answered, the container ends, or the time is over. */
async function untilAnswered(
  { context, name }: Exercised,
  attempt: () => Promise<string | undefined>,
  ready: number,
): Promise<string | undefined> {
  // Once it has answered something, all else is there as well.
  const deadline = Math.max(ready, context.now() + ANSWER_MS);
  for (;;) {
    const said = await attempt();
    if (said === undefined) return undefined;
    const state = await containerState(context.run, name, context.signal);
    if (!state.running) return `the container ended with exit code ${state.exitCode} (${said})`;
    if (context.now() >= deadline) return `no answer in time: ${said}`;
    await pause(context);
  }
}

async function perform(task: Exercised, exercise: Exercise): Promise<string | undefined> {
  const { context, name, image, service } = task;
  const limits = { timeoutMs: Math.max(REQUEST_MS, task.timeoutMs), signal: context.signal };
  switch (exercise.kind) {
    case 'run':
      return (task.exec ?? execIn(context.run, name))(exercise.command, limits);
    case 'smoke': {
      const port = await portOf(task, service.ports[0]);
      const place = { container: name, image, port };
      return runSmokeCommand(context.run, exercise.command, place, { ...limits, cwd: context.cwd });
    }
    case 'http': {
      const port = await portOf(task, exercise.port ?? service.ports[0]);
      if (port === undefined) return 'the image exposes no port; name it in the exercise (port)';
      return askHttp(exercise, port, context.signal);
    }
  }
}

async function portOf(
  { context, name }: Exercised,
  inside: number | undefined,
): Promise<number | undefined> {
  const { published } = await containerState(context.run, name, context.signal);
  return inside === undefined ? undefined : published[inside];
}

function execIn(run: RunTool, name: string): Exec {
  return (command, limits) => execInContainer(run, name, command, limits);
}

async function askHealth({ context, name, service, exec }: Exercised): Promise<string | undefined> {
  const { run, signal } = context;
  if (exec !== undefined) return exec(service.healthcheck, { timeoutMs: REQUEST_MS, signal });
  const { health, healthOutput } = await containerState(run, name, signal);
  return health === 'healthy' ? undefined : `${health ?? 'unknown'} ${healthOutput}`.trim();
}

async function pause({ signal }: PipelineContext): Promise<void> {
  await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  if (signal.aborted) throw new Interrupted('the exercises were interrupted');
}
