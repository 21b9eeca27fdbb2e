import { randomBytes } from 'node:crypto';
import { RIGHTS, type Rights, type SmokeRequest, type SmokeResult } from '../../model/smoke.ts';
import {
  containerLog,
  type ContainerState,
  createContainer,
  startContainer,
} from '../../tools/docker/docker-container.ts';
import { type ImageService, imageService } from '../../tools/docker/docker-service.ts';
import { runSmokeCommand } from '../../tools/docker/smoke-command.ts';
import { requirePorts } from '../container/engine-place.ts';
import { type Attempt, untilAnswered } from '../container/until-answered.ts';
import type { PipelineContext } from '../context.ts';
import { dropContainer } from '../drop-container.ts';

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

/** What was found out, and by what. */
type Look = { readonly judge: SmokeResult['judge']; readonly failure: string | undefined };

/**
 * Runs an image of the engine's store in a container of its own and finds out whether the program
 * in it answers: by the user's command, else by the image's HEALTHCHECK, else by whether it stays
 * up. No capabilities are given at first, and those of `most` where it does not answer so. The
 * container is removed whatever happens. Throws Interrupted, UserError and ToolError.
 */
export async function smokeImage(
  context: PipelineContext,
  image: string,
  request: SmokeRequest,
  most: Rights,
): Promise<SmokeResult> {
  const service = await imageService(context.run, image, context.signal);
  if (request.command !== undefined)
    await requirePorts(context, request.port === undefined ? service.ports : [request.port]);
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
        ? await outcomeOf(trial)
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

async function outcomeOf(trial: Trial): Promise<Look> {
  const { context, name, deadline } = trial;
  const judge = expectedJudge(trial);
  const startedAt = context.now();
  const { failure, exitCode } = await untilAnswered(
    context,
    name,
    (state) => lookAt(trial, judge, state, context.now() - startedAt),
    deadline,
  );
  return judge === 'staying up' && exitCode === 0
    ? { judge: 'ending well', failure: undefined }
    : { judge, failure };
}

async function lookAt(
  trial: Trial,
  judge: SmokeResult['judge'],
  state: ContainerState,
  runningForMs: number,
): Promise<Attempt> {
  switch (judge) {
    case 'smoke command': {
      const said = await ask(trial, state);
      return said === undefined ? 'answered' : { said };
    }
    case 'HEALTHCHECK':
      if (state.health === 'healthy') return 'answered';
      return state.health === 'unhealthy'
        ? { failure: `the HEALTHCHECK says unhealthy: ${state.healthOutput}` }
        : { said: state.healthOutput };
    case 'staying up':
    case 'ending well':
      return runningForMs < STAYING_MS ? { said: '' } : 'answered';
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
