import { readFile, writeFile } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { makeFolders } from '../../lib/make-folders.ts';
import type { BuildInvocation } from '../../model/build-invocation.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { flag, withFlag } from '../../plans/build-invocation.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { lastValueOf } from '../../plans/flags/flag-spec.ts';
import { asWritten, type InjectedDockerfile } from '../../plans/reproduce/inject-arguments.ts';
import { offeredDockerfile, steadyVariables } from '../../plans/reproduce/steady-inputs.ts';
import { PRELOAD } from '../../plans/reproduce/steady-library.ts';
import type { PipelineContext } from '../context.ts';
import type { ContextSource } from '../contexts/context-source.ts';
import { clockContext } from './clock-probe.ts';
import type { Prepared } from './prepare-build.ts';

/** What buildx is given for a plan. */
interface SentBuild {
  readonly invocation: BuildInvocation;
  readonly stdin: ContextSource['stdin'];
  /** An error's line as in the user's Dockerfile; undefined for what the user did not write. */
  readonly line: (text: string) => string | undefined;
}

/**
 * With aggressive rules each RUN is offered SOURCE_DATE_EPOCH, by `deterministic` its clock and
 * variables too: the Dockerfile is sent from the build's own folder with the ARGs that BuildKit
 * asks for, its `.dockerignore` beside it; the user's file stays as it is. Otherwise all is sent as
 * planned, and where the Dockerfile is not at hand. Throws UserError where the clock cannot be had.
 */
export async function sendDockerfile(
  context: PipelineContext,
  prepared: Prepared,
): Promise<SentBuild> {
  const { plan, source, dockerfile, parsed } = prepared;
  const { cwd } = context;
  const asPlanned = await asItIs(plan, source);
  const { mode } = plan.settings.reproducible;
  const isAsked = mode === 'aggressive' || mode === 'deterministic';
  if (!isAsked || plan.epoch === undefined) return asPlanned;
  if (dockerfile === undefined || source.dockerfileText === undefined) {
    if (mode === 'aggressive') return asPlanned;
    throw new UserError('--repro=deterministic: the Dockerfile is not known before the build', {
      nextStep: 'build from a folder; clone the repository where it is behind an address',
    });
  }
  const { dockerfileText } = source;
  const offered = (preloaded?: readonly string[]): InjectedDockerfile | undefined =>
    offeredDockerfile(dockerfileText, dockerfile, plan.steady, preloaded);
  // Where nothing is run there is no clock to see.
  if (offered() === undefined) return asPlanned;
  const { invocation, preloaded } = await steadyInvocation(context, prepared);
  const sent = offered(preloaded);
  if (sent === undefined) return asPlanned;
  const bytes = Buffer.from(sent.text);
  if (source.kind === 'stdin-dockerfile')
    return { invocation, stdin: bytes, line: lineMap(sent, 'Dockerfile') };
  const path = await writtenPath(source, lastValueOf(parsed, 'file'), cwd);
  const name = path === undefined ? 'Dockerfile' : basename(path);
  const file = await writeSent(plan, name, bytes, path);
  return {
    invocation: withFlag(invocation, 'file', file),
    stdin: undefined,
    line: lineMap(sent, name),
  };
}

/** With the clock as a build context, and what the ARGs that are sent mean. */
async function steadyInvocation(
  context: PipelineContext,
  prepared: Prepared,
): Promise<{ readonly invocation: BuildInvocation; readonly preloaded?: readonly string[] }> {
  const { invocation, steady } = prepared.plan;
  if (steady === undefined) return { invocation };
  const { steadyClock } = await import('./steady-clock.ts');
  const { folder, preload, preloaded } = await steadyClock(context, prepared, steady);
  const values = Object.entries(steadyVariables(steady));
  if (preloaded.length > 0) values.push([PRELOAD, preload]);
  // First: a value that the user gives counts.
  const given = values.map(([name, value]) => flag('build-arg', `${name}=${value}`));
  const flags = [clockContext(folder), ...given, ...invocation.flags];
  return { invocation: { ...invocation, flags }, preloaded };
}

/**
 * All as planned, but for a Dockerfile on stdin beside a folder: it is sent from a file of the
 * build's own, since buildx writes it into a temporary folder that it leaves behind (0.13).
 */
async function asItIs(plan: BuildPlan, { kind, stdin }: ContextSource): Promise<SentBuild> {
  const line = (text: string): string => text;
  const { invocation } = plan;
  if (kind !== 'directory' || !(stdin instanceof Uint8Array)) return { invocation, stdin, line };
  const file = await writeSent(plan, 'Dockerfile', stdin, undefined);
  return { invocation: withFlag(invocation, 'file', file), stdin: undefined, line };
}

function lineMap(sent: InjectedDockerfile, name: string): SentBuild['line'] {
  return (text) => asWritten(text, sent, name);
}

/** Path of the user's Dockerfile, if it is a file; its `.dockerignore` is next to it. */
async function writtenPath(
  { directory }: ContextSource,
  file: string | undefined,
  cwd: string,
): Promise<string | undefined> {
  if (file === '-' || directory === undefined) return undefined;
  if (file === undefined || file === '') return join(directory, 'Dockerfile');
  const here = isAbsolute(file) ? file : resolve(cwd, file);
  const isHere = await readFile(here).then(
    () => true,
    () => false,
  );
  return isHere ? here : join(directory, file);
}

async function writeSent(
  { layout }: BuildPlan,
  name: string,
  bytes: Uint8Array,
  written: string | undefined,
): Promise<string> {
  try {
    return await writeDockerfile(join(layout, 'sent'), name, bytes, written);
  } catch (cause) {
    throw new UserError(`the Dockerfile could not be written: ${messageOf(cause)}`, { cause });
  }
}

/** Writes a Dockerfile into a folder, with the original's `.dockerignore`, and returns its path. */
export async function writeDockerfile(
  folder: string,
  name: string,
  bytes: Uint8Array,
  written: string | undefined,
): Promise<string> {
  await makeFolders(folder);
  const file = join(folder, name);
  await writeFile(file, bytes);
  const ignored =
    written === undefined
      ? undefined
      : await readFile(`${written}.dockerignore`).catch(() => undefined);
  if (ignored !== undefined) await writeFile(`${file}.dockerignore`, ignored);
  return file;
}
