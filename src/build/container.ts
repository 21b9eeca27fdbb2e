import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted, UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import { type ContainerState, containerState, removeContainer } from './docker-containers.ts';
import { engineAddress } from './docker.ts';

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

const PAUSE_MS = 250;

/** Result of an attempt: `answered`, words of something that may yet answer, or a final failure. */
export type Attempt = 'answered' | { readonly said: string } | { readonly failure: string };

interface Waited {
  readonly failure: string | undefined;
  readonly exitCode?: number;
}

/**
 * Tries until a running container answers, it ends, or the time (milliseconds since 1970) is over.
 * Each attempt is handed the state that was checked before it. Throws Interrupted.
 */
export async function untilAnswered(
  context: PipelineContext,
  name: string,
  attempt: (state: ContainerState) => Promise<Attempt>,
  deadline: number,
): Promise<Waited> {
  for (let said = ''; ;) {
    const state = await containerState(context.run, name, context.signal);
    const words = said === '' ? '' : ` (${said})`;
    if (!state.running)
      return {
        failure: `the container ended with exit code ${state.exitCode}${words}`,
        exitCode: state.exitCode,
      };
    const shown = await attempt(state);
    if (shown === 'answered') return { failure: undefined };
    if ('failure' in shown) return shown;
    said = shown.said === '' ? said : shown.said;
    if (context.now() >= deadline)
      return { failure: `no answer in time${said === '' ? '' : `: ${said}`}` };
    await pause(context);
  }
}

export async function pause({ signal }: PipelineContext): Promise<void> {
  await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  if (signal.aborted) throw new Interrupted('waiting for the container was interrupted');
}

/** Removes a container of ours; where that fails, a warning names the command that does it. */
export async function dropContainer(
  { run, emit }: Pick<PipelineContext, 'run' | 'emit'>,
  name: string,
): Promise<void> {
  if (await removeContainer(run, name)) return;
  emit({
    kind: 'warning',
    text: `the container ${name} could not be removed`,
    nextStep: `docker rm --force --volumes ${name}`,
  });
}
