import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted } from '../../model/errors.ts';
import { type ContainerState, containerState } from '../../tools/docker/docker-container.ts';
import type { PipelineContext } from '../context.ts';

/** Time between two looks at a container. */
const PAUSE_MS = 250;

/** Result of an attempt: `answered`, words of something that may yet answer, or a final failure. */
export type Attempt = 'answered' | { readonly said: string } | { readonly failure: string };

/** How the wait ended; `exitCode` where the container ended. */
export interface Waited {
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

/** Waits until a container is checked again. Throws Interrupted. */
export async function pause({ signal }: PipelineContext): Promise<void> {
  await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  if (signal.aborted) throw new Interrupted('waiting for the container was interrupted');
}
