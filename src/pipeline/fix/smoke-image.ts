import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted } from '../../model/errors.ts';
import { RIGHTS, type Rights, type SmokeRequest, type SmokeResult } from '../../model/smoke.ts';
import {
  containerLog,
  type ContainerState,
  containerState,
  createContainer,
  startContainer,
} from '../../tools/docker/docker-container.ts';
import { type ImageService, imageService } from '../../tools/docker/docker-service.ts';
import { runSmokeCommand } from '../../tools/docker/smoke-command.ts';
import type { PipelineContext } from '../context.ts';
import { dropContainer } from '../drop-container.ts';

/** Time between two looks at a container. */
const PAUSE_MS = 250;
/** How long a container has to run on that nothing else is known of. */
const STAYING_MS = 3_000;

/** What is asked of one container, and by whom. */
interface Trial {
  readonly context: PipelineContext;
  readonly request: SmokeRequest;
  readonly name: string;
  readonly image: string;
  readonly service: ImageService;
  readonly deadline: number;
}

/** The outcome of one look: undefined where it is too early to tell. */
type Look = { readonly judge: SmokeResult['judge']; readonly failure: string | undefined };

/**
 * Runs an image of the engine's store in a container of its own and finds out whether the program in it answers: by the user's command, else by the
 * image's HEALTHCHECK, else by whether it stays up. No capabilities are given at first, and those of `most` where it does not answer so.
 * The container is removed whatever happens. Throws Interrupted, UserError and ToolError.
 */
export async function smokeImage(
  context: PipelineContext,
  image: string,
  request: SmokeRequest,
  most: Rights,
): Promise<SmokeResult> {
  const service = await imageService(context.run, image, context.signal);
  const tries = RIGHTS.slice(0, RIGHTS.indexOf(most) + 1);
  let last: SmokeResult | undefined;
  for (const rights of tries) {
    last = await inContainer(context, image, request, service, rights);
    if (last.answers) return last;
  }
  // RIGHTS begins with `none`, so that there was a first one.
  return last ?? { answers: false, judge: 'staying up', reason: 'it was not tried', log: '' };
}

async function inContainer(
  context: PipelineContext,
  image: string,
  request: SmokeRequest,
  service: ImageService,
  rights: Rights,
): Promise<SmokeResult> {
  const { run, signal } = context;
  const name = `scoville-smoke-${randomBytes(6).toString('hex')}`;
  const ports = [
    ...new Set([...(request.port === undefined ? [] : [request.port]), ...service.ports]),
  ];
  try {
    signal.throwIfAborted();
    const quickHealth = request.command === undefined && service.hasHealthcheck;
    await createContainer(run, { name, image, rights, ports, env: request.env, quickHealth });
    const refused = await startContainer(run, name, signal);
    const deadline = context.now() + request.timeoutMs;
    const trial = { context, request, name, image, service, deadline };
    const { judge, failure } =
      refused === undefined
        ? await settled(trial)
        : { judge: expectedJudge(trial), failure: refused };
    if (failure === undefined) return { answers: true, judge, rights };
    return { answers: false, judge, reason: failure, log: await containerLog(run, name) };
  } finally {
    await dropContainer(context, name);
  }
}

function expectedJudge({ request, service }: Trial): SmokeResult['judge'] {
  if (request.command !== undefined) return 'smoke command';
  return service.hasHealthcheck ? 'HEALTHCHECK' : 'staying up';
}

async function settled(trial: Trial): Promise<Look> {
  const { context, name, deadline } = trial;
  const { now, run, signal } = context;
  const startedAt = now();
  for (let said = ''; ;) {
    if (signal.aborted) throw new Interrupted('the smoke test was interrupted');
    const state = await containerState(run, name, signal);
    const look = await lookAt(trial, state, now() - startedAt);
    if (look !== undefined && 'judge' in look) return look;
    said = look?.said ?? said;
    if (now() >= deadline)
      return {
        judge: expectedJudge(trial),
        failure: `no answer in time${said === '' ? '' : `: ${said}`}`,
      };
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** An outcome, or what was said by something that may yet succeed. */
async function lookAt(
  trial: Trial,
  state: ContainerState,
  runningForMs: number,
): Promise<Look | { readonly said: string } | undefined> {
  const judge = expectedJudge(trial);
  if (!state.running) {
    if (judge === 'staying up' && state.exitCode === 0)
      return { judge: 'ending well', failure: undefined };
    return { judge, failure: `the container ended with exit code ${state.exitCode}` };
  }
  switch (judge) {
    case 'smoke command': {
      const said = await ask(trial, state);
      return said === undefined ? { judge, failure: undefined } : { said };
    }
    case 'HEALTHCHECK':
      if (state.health === 'healthy') return { judge, failure: undefined };
      return state.health === 'unhealthy'
        ? { judge, failure: `the HEALTHCHECK says unhealthy: ${state.healthOutput}` }
        : { said: state.healthOutput };
    case 'staying up':
    case 'ending well':
      return runningForMs < STAYING_MS ? undefined : { judge, failure: undefined };
  }
}

/** Asks by the user's command; gives what it said where it did not succeed. */
async function ask(trial: Trial, { published }: ContainerState): Promise<string | undefined> {
  const { context, request, service, deadline } = trial;
  const { run, signal, cwd, now } = context;
  const inside = request.port ?? service.ports[0];
  const place = {
    container: trial.name,
    image: trial.image,
    port: inside === undefined ? undefined : published[inside],
  };
  const timeoutMs = Math.max(1_000, deadline - now());
  return runSmokeCommand(run, request.command ?? '', place, { timeoutMs, signal, cwd });
}
