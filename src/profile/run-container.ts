import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import {
  type Attempt,
  containerLog,
  type ContainerState,
  containerState,
  createContainer,
  dropContainer,
  execInContainer,
  type ImageService,
  pause,
  runSmokeCommand,
  startContainer,
  stopContainer,
  untilAnswered,
} from '../build/docker-containers.ts';
import { Interrupted, messageOf } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import type { RunTool } from '../lib/run-tool.ts';
import type { PipelineContext } from '../model/context.ts';
import { type Exercise, exerciseWords, namedPorts, type Rights } from '../model/template.ts';

type HttpExercise = Extract<Exercise, { kind: 'http' }>;

/** Time for a whole answer. */
const HTTP_MS = 10_000;
const LONGEST_ANSWER = 1024 * 1024;

/** A wrong answer; `refused`: the program is up, and more time rarely makes it another one. */
interface Shortfall {
  readonly said: string;
  readonly refused: boolean;
}

/** Answers that ask for another try (RFC 9110, 8470 and 6585), or that speak for what is not up. */
const LATER: readonly number[] = [408, 425, 429, 502, 503, 504];

/**
 * Sends the request to a port of this machine, on a new connection. Undefined for the expected
 * answer. Long answers are cut off. Throws Interrupted.
 */
async function askHttp(
  { path, method, headers, body, expect }: HttpExercise,
  port: number,
  signal: AbortSignal,
): Promise<Shortfall | undefined> {
  const timeout = AbortSignal.timeout(HTTP_MS);
  const both = AbortSignal.any([signal, timeout]);
  try {
    const host = '127.0.0.1';
    const asked = request({ host, port, path, method, headers, agent: false, signal: both });
    // One that comes after the answer began is the body's, too.
    asked.on('error', () => undefined);
    const answer = once(asked, 'response');
    asked.end(body);
    const [response] = (await answer) as [IncomingMessage];
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      if (size > LONGEST_ANSWER) break;
    }
    const { statusCode: status = 0 } = response;
    const said = judged({ status, text: Buffer.concat(parts).toString('utf8') }, expect);
    return said === undefined ? undefined : { said, refused: !LATER.includes(status) };
  } catch (error) {
    if (signal.aborted) throw new Interrupted('the exercise was interrupted');
    const why = messageOf(error);
    const said = timeout.aborted
      ? `no answer in ${HTTP_MS / 1000} s`
      : why === 'aborted'
        ? 'the answer was cut off'
        : why;
    return { said, refused: false };
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function judged({ status, text }: Answer, expect: HttpExercise['expect']): string | undefined {
  const isExpected =
    expect.status === undefined ? status >= 200 && status < 400 : status === expect.status;
  if (!isExpected) return `status ${status}`;
  return expect.body === undefined || text.includes(expect.body)
    ? undefined
    : `the answer does not contain ${JSON.stringify(expect.body)}`;
}

/** A running container and its exercises. */
interface Exercised {
  readonly context: PipelineContext;
  readonly name: string;
  readonly image: string;
  readonly service: ImageService;
  readonly exercises: readonly Exercise[];
  /** Time until its first answer. */
  readonly timeoutMs: number;
  /** Part of that in which it may refuse: some answer 404 until all is loaded. */
  readonly refusalMs: number;
  /** What it said to the end in a run before: the same again is a refusal. */
  readonly saidBefore?: string;
  /** Minimum time of the exercises. */
  readonly forMs: number;
  /** Runs a program in the container; default: the engine runs the HEALTHCHECK. */
  readonly exec: Exec | undefined;
}

/** Undefined if the program ended with 0, else the end of its output. */
export type Exec = (
  command: readonly string[],
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<string | undefined>;

interface Failure {
  readonly text: string;
  /** What the exercise itself said. */
  readonly said?: string;
  /** It was up and refused: more time would not help. */
  readonly refused: boolean;
}

/** Time for an answer of a program that is up. */
export const ANSWER_MS = 5_000;
const REQUEST_MS = 10_000;

/**
 * Repeats a program's exercises for the time asked. Undefined if all passed, else why not. Without
 * exercises, a program that ends with 0 passes.
 */
async function runExercises(task: Exercised): Promise<Failure | undefined> {
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
    const last = { refused: false, said: '' };
    let refusedUntil = Number.POSITIVE_INFINITY;
    const attempt = async (state: ContainerState): Promise<Attempt> => {
      const short = await ask(state);
      if (short === undefined) return 'answered';
      const now = context.now();
      last.said = short.said;
      last.refused = short.refused || short.said === task.saidBefore;
      refusedUntil = last.refused
        ? Math.min(refusedUntil, Math.max(started + task.refusalMs, now + ANSWER_MS))
        : Number.POSITIVE_INFINITY;
      return now >= refusedUntil ? { failure: short.said } : { said: short.said };
    };
    // After one answer, all else should answer too.
    const end = Math.max(started + task.timeoutMs, context.now() + ANSWER_MS);
    const { failure, exitCode } = await untilAnswered(context, task.name, attempt, end);
    if (failure !== undefined)
      return {
        text: `${words}: ${failure}`,
        said: last.said,
        refused: last.refused && exitCode === undefined,
      };
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

/** A shortfall that more time may fix. */
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

export interface Confinement {
  readonly readOnly: boolean;
  readonly rights: Rights;
}

export interface RunRequest extends Omit<Exercised, 'name' | 'context'> {
  readonly name: string;
  readonly confinement: Confinement;
  /** `NAME=VALUE` or `NAME`. */
  readonly env: readonly string[];
  /** `SOURCE:PATH` or `SOURCE:PATH:ro`. */
  readonly volumes: readonly string[];
  readonly newPrivileges: boolean;
  /** More options of `docker create`. */
  readonly options: readonly string[];
  /** Arguments of the entry point, replacing CMD. */
  readonly command?: readonly string[];
}

export interface RunResult {
  /** Why it did not answer. */
  readonly failure: string | undefined;
  readonly said?: string;
  /** It was up and refused. */
  readonly refused: boolean;
  /** The end of the program's output, if it did not answer. */
  readonly log: string;
  /** It was killed ten seconds after its stop signal. */
  readonly killed: boolean;
}

const KILLED = 137;

export function confinementWords({ readOnly, rights }: Confinement): string {
  const caps = rights === 'none' ? 'without capabilities' : 'with the engine’s capabilities';
  return readOnly ? `read-only, ${caps}` : caps;
}

/**
 * Runs the image in a container, exercises it, and stops it by its own stop signal. The container
 * is always removed. Throws Interrupted, UserError and ToolError.
 */
export async function runContainer(
  context: PipelineContext,
  request: RunRequest,
): Promise<RunResult> {
  const { run, signal } = context;
  const { name, confinement, exercises, service, command } = request;
  const asked = namedPorts(exercises);
  try {
    signal.throwIfAborted();
    await createContainer(run, {
      name,
      image: request.image,
      rights: confinement.rights,
      ports: [...new Set([...asked, ...service.ports])],
      env: request.env,
      quickHealth: service.healthcheck.length > 0 && request.exec === undefined,
      newPrivileges: request.newPrivileges,
      options: [
        ...(confinement.readOnly ? ['--read-only', '--tmpfs', '/tmp'] : []),
        ...request.volumes.flatMap((volume) => ['--volume', volume]),
        ...request.options,
      ],
      ...(command === undefined ? {} : { command }),
    });
    const refused = await startContainer(run, name, signal);
    const failure =
      refused === undefined
        ? await runExercises({ ...request, context })
        : { text: refused, refused: false };
    if (failure !== undefined) {
      const log = await containerLog(run, name);
      const { text, said, refused: isUp } = failure;
      return { failure: text, refused: isUp, log, killed: false, ...given({ said }) };
    }
    // Only a trace needs to know how the program ends.
    const passed = { failure, refused: false, log: '' };
    if (request.exec === undefined) return { ...passed, killed: false };
    await stopContainer(run, name);
    const { exitCode } = await containerState(run, name, signal);
    return { ...passed, killed: exitCode === KILLED };
  } finally {
    await dropContainer(context, name);
  }
}
