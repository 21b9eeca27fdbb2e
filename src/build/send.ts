// eslint-disable-next-line no-restricted-imports -- the folder of a build
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, UserError } from '../lib/errors.ts';
import { makeFolders } from '../lib/make-folders.ts';
import type { PipelineContext } from '../model/context.ts';
import type { BuildInvocation, BuildxFlag, PipelineEvent } from '../model/events.ts';
import { PRELOAD } from '../reproduce/clock.ts';
import { SecretMask } from '../trust/provenance.ts';
import { clockContext, offered, steadyVariables } from './clock.ts';
import type { ContextSource } from './context-source.ts';
import { flag } from './plan.ts';
import { givenArguments } from './read-build.ts';
import type { RecordingHook } from './recording.ts';
import { sendContexts } from './send-contexts.ts';
import {
  asWritten,
  type Injection,
  readBack,
  type SentDockerfile,
  sentDockerfile,
} from './sent-dockerfile.ts';
import { maskText } from './shown-command.ts';
import type { Build } from './states.ts';

export interface Sent {
  readonly invocation: BuildInvocation;
  readonly stdin: ContextSource['stdin'];
  /** Without secrets and what was put in; a `line` has the user's line numbers. */
  readonly shown: (text: string, kind: 'line' | 'log') => string | undefined;
  readonly release: () => Promise<void>;
}

/**
 * All differences between what BuildKit gets and what the user wrote: contexts with git's modes,
 * and another Dockerfile. That one offers each RUN SOURCE_DATE_EPOCH (by aggressive rules), a clock
 * and variables (by `deterministic`), and puts it behind the proxy of a recording. The user's files
 * stay as they are: the other Dockerfile is sent from the build's own folder, its `.dockerignore`
 * beside it.
 */
export async function send(
  context: PipelineContext,
  build: Build,
  recording: RecordingHook | undefined,
): Promise<Sent> {
  const { plan, source, dockerfile } = build;
  const contexts = await sendContexts(context, plan, source, build.attached.elsewhere);
  try {
    const put = await putInto(context, build, recording);
    const text = source.dockerfileText;
    const sent =
      text === undefined
        ? undefined
        : dockerfile && sentDockerfile(text, dockerfile, put.injection);
    const { release } = contexts;
    const given = contexts.invocation.flags;
    const invocation = {
      ...contexts.invocation,
      flags: sent === undefined ? given : [...put.flags, ...given],
    };
    const path = source.dockerfilePath;
    const name = basename(path ?? 'Dockerfile');
    const shown = shownText(context, build, recording, sent, name);
    // buildx would write a Dockerfile on stdin beside a folder into a temporary folder that it
    // leaves behind (0.13).
    const isBeside = source.kind === 'directory' && source.stdin instanceof Uint8Array;
    const bytes = sent !== undefined ? Buffer.from(sent.text) : isBeside ? source.stdin : undefined;
    if (!(bytes instanceof Uint8Array)) return { invocation, stdin: source.stdin, shown, release };
    if (source.kind === 'stdin-dockerfile') return { invocation, stdin: bytes, shown, release };
    const file = await writeDockerfile(join(plan.layout, 'sent'), name, bytes, path);
    const flags = [...invocation.flags, flag('file', file)];
    return { invocation: { ...invocation, flags }, stdin: undefined, shown, release };
  } catch (error) {
    await contexts.release();
    throw error;
  }
}

async function putInto(
  context: PipelineContext,
  build: Build,
  recording: RecordingHook | undefined,
): Promise<{ readonly injection: Injection; readonly flags: readonly BuildxFlag[] }> {
  const { plan, dockerfile, source, attached } = build;
  const { clock } = attached;
  const hermetic = recording?.injection;
  const put = {
    injection: { names: () => [], clock: clock !== undefined, hermetic },
    flags: [...(clock === undefined ? [] : [clockContext(clock)]), ...(recording?.flags ?? [])],
  };
  const { mode } = plan.settings.reproducible;
  const isOffered = mode === 'aggressive' || mode === 'deterministic';
  if (!isOffered || plan.epoch === undefined) return put;
  if (dockerfile === undefined || source.dockerfileText === undefined) {
    if (mode === 'aggressive') return put;
    throw new UserError('--repro=deterministic: the Dockerfile is not known before the build', {
      nextStep: 'build from a folder; clone the repository where it is behind an address',
    });
  }
  const { steady } = plan;
  const isRun = dockerfile.stages.some(({ instructions }) =>
    instructions.some(({ keyword }) => keyword === 'RUN'),
  );
  // Without a RUN nothing sees a clock.
  if (steady === undefined || !isRun)
    return { ...put, injection: { ...put.injection, names: offered(dockerfile, undefined).names } };
  const { steadyClock } = await import('./clock.ts');
  const { folder, preload, preloaded } = await steadyClock(context, build, steady);
  const values = Object.entries(steadyVariables(steady));
  if (preloaded.length > 0) values.push([PRELOAD, preload]);
  const given = values.map(([name, value]) => flag('build-arg', `${name}=${value}`));
  return {
    injection: { ...offered(dockerfile, steady, preloaded), hermetic },
    flags: [clockContext(folder), ...given, ...put.flags],
  };
}

/** Steps' names and RUNs show build arguments: those that may be secrets are masked. */
function shownText(
  { env }: PipelineContext,
  { parsed }: Build,
  recording: RecordingHook | undefined,
  sent: SentDockerfile | undefined,
  dockerfileName: string,
): Sent['shown'] {
  const given = Object.entries(givenArguments(parsed, env));
  const mask = new SecretMask(
    Object.fromEntries(given.map(([name, value]) => [`build-arg:${name}`, value])),
  );
  return (text, kind) => {
    const plain = recording === undefined ? text : text.replaceAll(recording.secret, '***');
    const shown = readBack(maskText(mask.known(plain)));
    return shown === undefined || sent === undefined || kind === 'log'
      ? shown
      : asWritten(shown, sent, dockerfileName);
  };
}

export function shownEvent(event: PipelineEvent, shown: Sent['shown']): PipelineEvent | undefined {
  const log = (text: string): string => shown(text, 'log') ?? '';
  if (event.kind === 'build-step') {
    const { name, error } = event.step;
    const said = { name: log(name), ...(error === undefined ? {} : { error: log(error) }) };
    return { ...event, step: { ...event.step, ...said } };
  }
  if (event.kind !== 'build-log' && event.kind !== 'build-warning' && event.kind !== 'raw')
    return event;
  const text = shown(event.text, event.kind === 'raw' ? 'line' : 'log');
  return text === undefined ? undefined : { ...event, text };
}

/** Writes a Dockerfile into a folder, with the original's `.dockerignore`, and returns its path. */
async function writeDockerfile(
  folder: string,
  name: string,
  bytes: Uint8Array,
  written: string | undefined,
): Promise<string> {
  const file = join(folder, name);
  try {
    await makeFolders(folder);
    await writeFile(file, bytes);
    const ignored =
      written === undefined
        ? undefined
        : await readFile(`${written}.dockerignore`).catch(() => undefined);
    if (ignored !== undefined) await writeFile(`${file}.dockerignore`, ignored);
  } catch (cause) {
    throw new UserError(`the Dockerfile could not be written: ${messageOf(cause)}`, { cause });
  }
  return file;
}
