import { resolve } from 'node:path';
import { readSecurityProfile, type SecurityProfile } from '../../attestations/security-profile.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import type { Settings } from '../../model/settings.ts';
import { readBytes } from './read-bytes.ts';

/** A profile, and the file that it was read from. */
export interface ProfileFile extends SecurityProfile {
  readonly file: string;
}

/**
 * The profiles that a build attaches, at most one of each kind: those of `--profile`, else those of
 * the settings. Throws UserError where one cannot be read, or is one that runtimes refuse.
 */
export async function readProfiles(
  cwd: string,
  given: readonly string[],
  { seccomp, apparmor }: Settings['attest'],
): Promise<readonly ProfileFile[]> {
  const named = await Promise.all(
    given.map((file) => readProfile(resolve(cwd, file), undefined, '--profile')),
  );
  const kinds = named.map(({ kind }) => kind);
  const twice = kinds.find((kind, i) => kinds.indexOf(kind) !== i);
  if (twice !== undefined) throw new UserError(`--profile names two ${twice} profiles`);
  const set = await Promise.all(
    (
      [
        ['seccomp', seccomp],
        ['apparmor', apparmor],
      ] as const
    ).map(([kind, file]) =>
      file === undefined || kinds.includes(kind)
        ? Promise.resolve([])
        : readProfile(file, kind, `attest.${kind} in the settings`),
    ),
  );
  return [...named, ...set.flat()];
}

async function readProfile(
  file: string,
  kind: SecurityProfile['kind'] | undefined,
  from: string,
): Promise<ProfileFile> {
  const bytes = await readBytes(file).catch((cause: unknown) => {
    throw new UserError(`the profile ${file} cannot be read: ${messageOf(cause)}`, {
      cause,
      nextStep: `correct ${from}`,
    });
  });
  const read = readSecurityProfile(bytes, kind);
  if (!read.ok)
    throw new UserError(`the profile ${file}: ${read.error}`, {
      nextStep: `correct the file, or ${from}`,
    });
  return { ...read.value, file };
}
