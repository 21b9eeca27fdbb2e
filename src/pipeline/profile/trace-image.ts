import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError, UserError } from '../../model/errors.ts';
import { mergedTraces, type Trace, TraceReader } from '../../profile/trace-reader.ts';
import {
  createContainer,
  execInContainer,
  removeContainer,
} from '../../tools/docker/docker-container.ts';
import {
  copyIntoContainer,
  createVolume,
  follow,
  removeVolume,
} from '../../tools/docker/docker-volume.ts';
import type { PipelineContext } from '../context.ts';
import { type RunRequest, type RunResult, runContainer } from './run-container.ts';
import type { Exec } from './run-exercises.ts';
import { EXEC_PIPE, TRACE_PIPE, TRACER, type Tracer } from './tracer-files.ts';

type TraceRequest = Omit<RunRequest, 'name' | 'exec' | 'newPrivileges' | 'options' | 'command'> & {
  readonly tracer: Tracer;
  readonly architecture: string;
};

/** `-D`: the program stays process 1 and gets signals. `raw`: strace reads none of its memory. */
const STRACE = ['-f', '--quiet=attach,exit', '-e', 'raw=all', '-o'];
/** How long the rest of the trace is waited for once the program has ended. */
const REST_MS = 10_000;

/**
 * Runs the image under strace and reads what it calls. The tracer lies in a volume, which the
 * program sees read-only; it writes into a pipe that a second container reads, so that no trace
 * lies on a disk. Volume and containers are removed whatever happens.
 */
export async function traceImage(
  context: PipelineContext,
  { tracer, architecture, ...request }: TraceRequest,
): Promise<RunResult & { readonly trace: Trace }> {
  const { run, signal } = context;
  const name = `scoville-profile-${randomBytes(6).toString('hex')}`;
  const reader = `${name}-reader`;
  const found = [new TraceReader(architecture)];
  const ended = new AbortController();
  let following: Promise<void> | undefined;
  try {
    signal.throwIfAborted();
    await createVolume(run, name);
    await createReader(context, reader, request.image, name, [...tracer.start('cat'), TRACE_PIPE]);
    await copyIntoContainer(run, tracer.archive, `${reader}:${TRACER}`);
    following = follow(
      run,
      ['start', '--attach', reader],
      (chunk) => {
        found[0]?.push(chunk);
      },
      ended.signal,
    ).catch(() => undefined);
    const [loader = '', ...before] = tracer.start('strace');
    // What is started in the container has a tracer of its own, and a pipe: two of them in one
    // would cut each other's lines.
    const exec: Exec = async (command, limits) => {
      const part = new TraceReader(architecture);
      found.push(part);
      const over = new AbortController();
      const read = follow(
        run,
        ['exec', reader, ...tracer.start('cat'), EXEC_PIPE],
        (chunk) => {
          part.push(chunk);
        },
        over.signal,
      ).catch(() => undefined);
      const traced = [loader, ...before, ...STRACE, EXEC_PIPE, '--', ...command];
      const said = await execInContainer(run, name, traced, limits).finally(async () => {
        await Promise.race([read, sleep(REST_MS)]);
        over.abort();
        await read;
      });
      return said;
    };
    const result = await runContainer(context, {
      ...request,
      name,
      newPrivileges: false,
      exec,
      options: ['--no-healthcheck', '--mount', mount(name, ',readonly'), '--entrypoint', loader],
      command: [...before, '-D', ...STRACE, TRACE_PIPE, '--', ...request.service.program],
    });
    await Promise.race([following, sleep(REST_MS)]);
    return { ...result, trace: mergedTraces(found.map((one) => one.trace())) };
  } finally {
    const isGone = await removeContainer(run, reader);
    ended.abort();
    await following;
    if (!isGone || !(await removeVolume(run, name)))
      context.emit({
        kind: 'warning',
        text: `the volume ${name} could not be removed`,
        nextStep: `docker rm --force ${reader}; docker volume rm ${name}`,
      });
  }
}

/** A container for the tracer's programs: no network, no rights; nothing of the image runs. */
async function createReader(
  { run }: PipelineContext,
  name: string,
  image: string,
  volume: string,
  [entryPoint = '', ...words]: readonly string[],
): Promise<void> {
  try {
    await createContainer(run, {
      name,
      image,
      rights: 'none',
      ports: [],
      env: [],
      quickHealth: false,
      options: [
        ...['--no-healthcheck', '--network', 'none', '--read-only', '--user', '65534:65534'],
        ...['--log-driver', 'none', '--workdir', '/', '--mount', mount(volume, '')],
        ...['--entrypoint', entryPoint],
      ],
      command: words,
    });
  } catch (error) {
    if (error instanceof ToolError && /no such image/i.test(error.stderrTail))
      throw new UserError(`Docker has no image ${image}`, { cause: error });
    throw error;
  }
}

/** Nothing that the image has at that place gets into the volume. */
function mount(volume: string, more: string): string {
  return `type=volume,src=${volume},dst=${TRACER},volume-nocopy${more}`;
}
