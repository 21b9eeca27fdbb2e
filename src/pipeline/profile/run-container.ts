import { namedPorts } from '../../model/exercise.ts';
import type { Rights } from '../../model/smoke.ts';
import {
  containerLog,
  containerState,
  createContainer,
  startContainer,
  stopContainer,
} from '../../tools/docker/docker-container.ts';
import type { PipelineContext } from '../context.ts';
import { dropContainer } from '../drop-container.ts';
import { type Exercised, runExercises } from './run-exercises.ts';

/** What the container may do. */
export interface Confinement {
  readonly readOnly: boolean;
  readonly rights: Rights;
}

/** A run of the image, and what it is put through. */
export interface RunRequest extends Omit<Exercised, 'name' | 'context'> {
  readonly name: string;
  readonly confinement: Confinement;
  /** `NAME=VALUE` or `NAME`. */
  readonly env: readonly string[];
  /** Leave out no-new-privileges. */
  readonly newPrivileges: boolean;
  /** More options of `docker create`. */
  readonly options: readonly string[];
  /** Arguments of the entry point, instead of the image's CMD. */
  readonly command?: readonly string[];
}

/** What came of it. */
export interface RunResult {
  /** Why it did not answer. */
  readonly failure: string | undefined;
  /** It was up and refused what it was asked. */
  readonly refused: boolean;
  /** The end of what the program printed, where it did not answer. */
  readonly log: string;
  /** It had to be killed: it ran on for ten seconds after its stop signal. */
  readonly killed: boolean;
}

const KILLED = 137;

export function confinementWords({ readOnly, rights }: Confinement): string {
  const caps = rights === 'none' ? 'without capabilities' : 'with the engine’s capabilities';
  return readOnly ? `read-only, ${caps}` : caps;
}

/**
 * Runs the image in a container of its own, puts it through its exercises, and stops it by its own
 * stop signal. The container is removed whatever happens. Throws Interrupted, UserError and
 * ToolError.
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
      return { failure: failure.text, refused: failure.refused, log, killed: false };
    }
    // Only a trace has use for how the program ends.
    const passed = { failure, refused: false, log: '' };
    if (request.exec === undefined) return { ...passed, killed: false };
    await stopContainer(run, name);
    const { exitCode } = await containerState(run, name, signal);
    return { ...passed, killed: exitCode === KILLED };
  } finally {
    await dropContainer(context, name);
  }
}
