import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { cleanText } from '../../model/clean-text.ts';
import { UserError } from '../../model/errors.ts';
import type { ToolResult } from '../../model/run.ts';
import type { FileTrace } from '../../profile/file-trace.ts';
import { type AppArmorRequest, makeAppArmor, profileName } from '../../profile/make-apparmor.ts';
import { judgeProfile } from '../../rules/security-profile/security-profiles.ts';
import { findCommand } from '../../tools/command-path.ts';
import { dockerInfo } from '../../tools/docker/docker.ts';
import { commandSearch, type PipelineContext } from '../context.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';
import { writeFileBeside } from '../write-file-beside.ts';
import {
  type ProfileRequest,
  profileOrigin,
  STAYING_MS,
  type TracedImage,
} from './profile-image.ts';
import { runContainer } from './run-container.ts';

/** An AppArmor profile as it is written. */
export interface WrittenAppArmor {
  readonly text: string;
  /** What `--security-opt apparmor=` names. */
  readonly name: string;
  /** Why the program was not run under it; undefined where it was, and answered. */
  readonly unproven: string | undefined;
  /** Paths of the trace that have no rule. */
  readonly unplaced: number;
}

const LOAD_MS = 60_000;

/**
 * Makes the AppArmor profile of a trace. Where the engine's kernel has AppArmor and this process
 * may load profiles, the same exercises run under it; else the profile says of itself that it is
 * not proven. Throws UserError where the program does not answer under it.
 */
export async function proveAppArmor(
  context: PipelineContext,
  traced: TracedImage,
  request: ProfileRequest,
): Promise<WrittenAppArmor> {
  const { files } = traced.trace;
  if (files === undefined) throw new Error('files were not traced');
  const name = profileName(request.title);
  const make = (as: string, unproven: string | undefined): string => {
    const text = makeAppArmor(appArmorRequest(context, traced, files, request, as, unproven));
    const { holds, reason } = judgeProfile('apparmor', { content: text }, traced.architecture);
    if (holds !== (unproven === undefined ? 'tighter' : 'undecided'))
      throw new UserError(`the AppArmor profile would not be tighter than Docker’s own: ${reason}`);
    return text;
  };
  const { unplaced } = files;
  const missing = await missingHere(context);
  if (typeof missing === 'string')
    return { text: make(name, missing), name, unproven: missing, unplaced };
  // A name of its own: what runs under the user's profile of that name is left alone.
  const trial = `scoville-profile-${randomBytes(6).toString('hex')}`;
  const unproven = await tryProfile(context, traced, request, {
    parser: missing.parser,
    name: trial,
    text: make(trial, undefined),
  });
  return { text: make(name, unproven), name, unproven, unplaced };
}

function appArmorRequest(
  context: PipelineContext,
  traced: TracedImage,
  trace: FileTrace,
  { strict }: ProfileRequest,
  name: string,
  unproven: string | undefined,
): AppArmorRequest {
  const hasCapabilities = traced.confinement.rights !== 'none';
  const comment = profileOrigin(context, traced);
  return { name, trace, hasCapabilities, strict, comment, unproven };
}

/** The program that loads profiles into the engine's kernel, or why there is none. */
async function missingHere(
  context: PipelineContext,
): Promise<string | { readonly parser: string }> {
  const { security = [] } = await dockerInfo(context.run, context.signal);
  if (!security.some((one) => /^name=apparmor\b/.test(one)))
    return 'the kernel of the Docker engine does not have AppArmor';
  const parser = findCommand('apparmor_parser', commandSearch(context));
  return parser === undefined
    ? 'apparmor_parser was not found, which loads profiles (apt-get install apparmor)'
    : { parser };
}

/**
 * Runs the exercises under the profile; returns why it did not load.
 * Throws UserError if the program does not answer.
 */
async function tryProfile(
  context: PipelineContext,
  traced: TracedImage,
  request: ProfileRequest,
  profile: { readonly parser: string; readonly name: string; readonly text: string },
): Promise<string | undefined> {
  const { parser, name, text } = profile;
  return inTemporaryFolder('apparmor', async (folder) => {
    const file = join(folder, name);
    const call = async (action: string) =>
      context.run({
        command: parser,
        args: [action, '--skip-cache', file],
        timeoutMs: LOAD_MS,
      });
    await writeFileBeside(file, text, 0o600);
    const loaded = await call('--replace');
    if (loaded.ended !== 'exit' || loaded.exitCode !== 0)
      return `apparmor_parser could not load it here: ${said(loaded) || 'run this as root, on the engine’s machine'}`;
    context.emit({ kind: 'notice', text: 'running it again under the AppArmor profile' });
    try {
      const { failure, log } = await runContainer(context, {
        ...request,
        service: traced.service,
        confinement: traced.confinement,
        name,
        exec: undefined,
        newPrivileges: false,
        forMs: traced.exercises.length > 0 ? 0 : STAYING_MS,
        options: ['--security-opt', `apparmor=${name}`],
      });
      if (failure === undefined) return undefined;
      throw new UserError(
        `under its AppArmor profile the program does not answer: ${failure}${log === '' ? '' : `\n${log}`}`,
        { nextStep: 'exercise more of it (--exercise, --for), or leave out --apparmor' },
      );
    } finally {
      await call('--remove');
    }
  });
}

/** The last line of what the parser said. */
function said(result: ToolResult): string {
  return result.ended === 'exit' ? (cleanText(result.stderr).trim().split('\n').at(-1) ?? '') : '';
}
