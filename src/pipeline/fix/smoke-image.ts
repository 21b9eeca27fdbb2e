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
  const { run, signal, cwd, now } = context;
  const { command, port, env, timeoutMs } = request;
  const name = `scoville-smoke-${randomBytes(6).toString('hex')}`;
  const ports = [...new Set([...(port === undefined ? [] : [port]), ...service.ports])];
  const judge =
    command !== undefined ? 'smoke command' : service.hasHealthcheck ? 'HEALTHCHECK' : 'staying up';
  const failed = async (reason: string): Promise<SmokeResult> => ({
    answers: false,
    judge,
    reason,
    log: await containerLog(run, name),
  });
  try {
    signal.throwIfAborted();
    const quickHealth = judge === 'HEALTHCHECK';
    await createContainer(run, { name, image, rights, ports, env, quickHealth });
    const refused = await startContainer(run, name, signal);
    if (refused !== undefined) return await failed(refused);
    const startedAt = now();
    const deadline = startedAt + timeoutMs;
    const look = async ({ health, healthOutput, published }: ContainerState): Promise<Attempt> => {
      if (judge === 'HEALTHCHECK') {
        if (health === 'healthy') return 'answered';
        return health === 'unhealthy'
          ? { failure: `the HEALTHCHECK says unhealthy: ${healthOutput}` }
          : { said: healthOutput };
      }
      if (command === undefined) return now() - startedAt < STAYING_MS ? { said: '' } : 'answered';
      const inside = port ?? service.ports[0];
      const place = {
        container: name,
        image,
        port: inside === undefined ? undefined : published[inside],
      };
      const left = Math.max(1_000, deadline - now());
      const said = await runSmokeCommand(run, command, place, { timeoutMs: left, signal, cwd });
      return said === undefined ? 'answered' : { said };
    };
    const { failure, exitCode } = await untilAnswered(context, name, look, deadline);
    if (judge === 'staying up' && exitCode === 0)
      return { answers: true, judge: 'ending well', rights };
    return failure === undefined ? { answers: true, judge, rights } : await failed(failure);
  } finally {
    await dropContainer(context, name);
  }
}
