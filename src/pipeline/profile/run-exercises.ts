import { type Exercise, exerciseWords } from '../../model/exercise.ts';
import type { RunTool } from '../../model/run.ts';
import {
  type ContainerState,
  containerState,
  execInContainer,
} from '../../tools/docker/docker-container.ts';
import type { ImageService } from '../../tools/docker/docker-service.ts';
import { runSmokeCommand } from '../../tools/docker/smoke-command.ts';
import { type Attempt, pause, untilAnswered } from '../container/until-answered.ts';
import type { PipelineContext } from '../context.ts';
import { askHttp, type Shortfall } from './ask-http.ts';

/** A running container, and what it is put through. */
export interface Exercised {
  readonly context: PipelineContext;
  readonly name: string;
  readonly image: string;
  readonly service: ImageService;
  readonly exercises: readonly Exercise[];
  /** Time that the program has until it answers for the first time. */
  readonly timeoutMs: number;
  /** Of that, how long it may refuse what it is asked: some answer 404 until all is loaded. */
  readonly refusalMs: number;
  /** How long it is exercised at least. */
  readonly forMs: number;
  /** Runs a program in the container; without it, the engine runs the HEALTHCHECK. */
  readonly exec: Exec | undefined;
}

/** Gives undefined where the program ended with 0, else the end of what it said. */
export type Exec = (
  command: readonly string[],
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<string | undefined>;

/** Why a program did not pass. */
interface Failure {
  readonly text: string;
  /** It was up and refused what it was asked: more time changes nothing. */
  readonly refused: boolean;
}

/** Time for an answer of a program that is up. */
export const ANSWER_MS = 5_000;
const REQUEST_MS = 10_000;

/**
 * Puts a program through its exercises, again and again for as long as asked. Gives undefined where
 * each was answered, or why not. A program that ends with 0 answered if nothing was asked of it.
 */
export async function runExercises(task: Exercised): Promise<Failure | undefined> {
  const { context, exercises, service } = task;
  const asked = exercises.length > 0 || service.healthcheck.length > 0;
  const started = context.now();
  const end = started + task.forMs;
  for (let round = 0; round === 0 || context.now() < end; round++) {
    const failure = await oneRound(task, started);
    if (failure !== undefined) return failure;
    const state = await containerState(context.run, task.name, context.signal);
    if (!state.running)
      return state.exitCode === 0 && !asked
        ? undefined
        : { text: `the container ended with exit code ${state.exitCode}`, refused: false };
    await pause(context);
  }
  return undefined;
}

async function oneRound(task: Exercised, started: number): Promise<Failure | undefined> {
  const { context, exercises, service } = task;
  type Ask = (state: ContainerState) => Promise<Shortfall | undefined>;
  const tries: (readonly [string, Ask])[] = exercises.map((one) => [
    exerciseWords(one),
    (state) => perform(task, one, state),
  ]);
  if (service.healthcheck.length > 0)
    tries.push(['HEALTHCHECK', async (state) => waiting(await askHealth(task, state))]);
  for (const [words, ask] of tries) {
    const last = { refused: false };
    let refusedUntil = Number.POSITIVE_INFINITY;
    const attempt = async (state: ContainerState): Promise<Attempt> => {
      const short = await ask(state);
      if (short === undefined) return 'answered';
      const now = context.now();
      refusedUntil = short.refused
        ? Math.min(refusedUntil, Math.max(started + task.refusalMs, now + ANSWER_MS))
        : Number.POSITIVE_INFINITY;
      last.refused = short.refused;
      return now >= refusedUntil ? { failure: short.said } : { said: short.said };
    };
    // Once it has answered something, all else is there as well.
    const end = Math.max(started + task.timeoutMs, context.now() + ANSWER_MS);
    const { failure, exitCode } = await untilAnswered(context, task.name, attempt, end);
    if (failure !== undefined)
      return { text: `${words}: ${failure}`, refused: last.refused && exitCode === undefined };
  }
  return undefined;
}

async function perform(
  task: Exercised,
  exercise: Exercise,
  { published }: ContainerState,
): Promise<Shortfall | undefined> {
  const { context, name, image, service } = task;
  const limits = { timeoutMs: Math.max(REQUEST_MS, task.timeoutMs), signal: context.signal };
  switch (exercise.kind) {
    case 'run':
      return waiting(await (task.exec ?? execIn(context.run, name))(exercise.command, limits));
    case 'smoke': {
      const [inside] = service.ports;
      const port = inside === undefined ? undefined : published[inside];
      const place = { container: name, image, port };
      const run = { ...limits, cwd: context.cwd };
      return waiting(await runSmokeCommand(context.run, exercise.command, place, run));
    }
    case 'http': {
      const inside = exercise.port ?? service.ports[0];
      const port = inside === undefined ? undefined : published[inside];
      if (port === undefined)
        return waiting('the image exposes no port; name it in the exercise (port)');
      return askHttp(exercise, port, context.signal);
    }
  }
}

/** What may yet be better. */
function waiting(said: string | undefined): Shortfall | undefined {
  return said === undefined ? undefined : { said, refused: false };
}

function execIn(run: RunTool, name: string): Exec {
  return (command, limits) => execInContainer(run, name, command, limits);
}

async function askHealth(
  { context, service, exec }: Exercised,
  { health, healthOutput }: ContainerState,
): Promise<string | undefined> {
  const { signal } = context;
  if (exec !== undefined) return exec(service.healthcheck, { timeoutMs: REQUEST_MS, signal });
  return health === 'healthy' ? undefined : `${health ?? 'unknown'} ${healthOutput}`.trim();
}
