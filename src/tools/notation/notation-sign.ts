import { cleanText } from '../../model/clean-text.ts';
import type { Digest } from '../../model/digest.ts';
import { Interrupted, UserError } from '../../model/errors.ts';
import type { RunTool } from '../../model/run.ts';
import { toolFailure } from '../tool-failure.ts';

interface NotationSigning {
  /** An OCI layout that lists the subject; the signature is added to it. */
  readonly layoutDir: string;
  readonly subject: Digest;
  /** A name in notation's key list, perhaps a plugin's key; `default` is notation's default. */
  readonly key: string;
  readonly signal?: AbortSignal;
}

/** A plugin may wait for somebody to touch a device. */
const WAIT_MS = 5 * 60_000;

/**
 * Has notation sign a manifest in a layout with a key of its own (`notation sign --oci-layout`,
 * since 1.0 as an experiment). No registry is asked. Throws UserError where it is not installed or
 * does not have the key, ToolError where it fails.
 */
export async function signWithNotation(
  run: RunTool,
  { layoutDir, subject, key, signal }: NotationSigning,
): Promise<void> {
  const chosen = key === 'default' ? [] : ['--key', key];
  const call = {
    command: 'notation',
    args: ['sign', '--oci-layout', ...chosen, `${layoutDir}@${subject}`],
    env: { NOTATION_EXPERIMENTAL: '1' },
    timeoutMs: WAIT_MS,
    ...(signal === undefined ? {} : { signal }),
  };
  const result = await run(call);
  if (result.ended === 'aborted') throw new Interrupted('notation was interrupted');
  if (result.ended === 'not-found') throw notationMissing();
  if (result.ended === 'exit' && result.exitCode === 0) return;
  const said = 'stderr' in result ? cleanText(result.stderr) : '';
  if (/signing key .{0,900} not found|default signing key not set/i.test(said))
    throw new UserError(`notation does not have the key ${key}`, {
      nextStep: 'notation key ls lists its keys; set sign.notation to one of them',
    });
  throw toolFailure(result, 'notation did not sign the image');
}

/** For `sign.notation` where notation is not there: better before a long build than after. */
export function notationMissing(): UserError {
  return new UserError('sign.notation is set, and notation is not installed', {
    nextStep:
      'see https://notaryproject.dev/docs/user-guides/installation/, or unset sign.notation',
  });
}
