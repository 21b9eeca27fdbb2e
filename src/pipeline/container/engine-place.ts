import { UserError } from '../../model/errors.ts';
import { engineAddress } from '../../tools/docker/docker.ts';
import type { PipelineContext } from '../context.ts';

/**
 * Makes sure that a container's ports can be asked from here. They are on the loopback address of
 * the engine's machine, so that nobody else reaches them: of an engine elsewhere, that address is
 * another program's. Throws UserError.
 */
export async function requirePorts(
  { run, signal }: Pick<PipelineContext, 'run' | 'signal'>,
  ports: readonly number[],
): Promise<void> {
  if (ports.length === 0) return;
  const address = await engineAddress(run, signal);
  if (address === undefined || isHere(address)) return;
  throw new UserError(
    `the Docker engine is on another machine (${address}): the container’s port ${String(ports[0])} cannot be asked from here`,
    {
      nextStep:
        'run this on that machine; a HEALTHCHECK and commands in the container (run) work from here too',
    },
  );
}

function isHere(address: string): boolean {
  if (!/^(?:tcp|https?|ssh):/.test(address)) return true;
  return /^(?:tcp|https?):\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?:[:/]|$)/.test(address);
}
