import { err, ok, type Result } from '../model/result.ts';
import type { ProgressStyle } from './build-plan.ts';
import { boolOf, lastValueOf } from './flags/flag-spec.ts';
import type { ParsedBuild } from './flags/parse-build-args.ts';

const STYLES: readonly string[] = ['auto', 'plain', 'tty', 'rawjson', 'quiet', 'none'];

/**
 * How progress is shown: `--quiet`, `--progress`, else BUILDKIT_PROGRESS, else `auto`. As in
 * buildx, `--progress=quiet` is `--quiet`, and a style other than `auto` cannot be combined with
 * it.
 */
export function progressStyle(
  parsed: ParsedBuild,
  env: Readonly<Record<string, string | undefined>>,
): Result<ProgressStyle> {
  return styleOf(lastValueOf(parsed, 'progress'), boolOf(parsed, 'quiet') === true, env);
}

/** The same from what `--progress` and `--quiet` say, for a command that has no build's flags. */
export function styleOf(
  progress: string | undefined,
  quiet: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Result<ProgressStyle> {
  const given = progress === undefined || progress === '' ? 'auto' : progress;
  if (quiet || given === 'quiet')
    return ['auto', 'quiet', 'none'].includes(given)
      ? ok('quiet')
      : err(`progress=${given} and quiet cannot be used together`);
  if (!isStyle(given)) return err(`invalid progress mode ${given}`);
  const fromEnvironment = env['BUILDKIT_PROGRESS'] ?? '';
  if (given !== 'auto' || fromEnvironment === '') return ok(given);
  if (!isStyle(fromEnvironment)) return err(`invalid progress mode ${fromEnvironment}`);
  // There it keeps progress quiet, and prints no ID.
  return ok(fromEnvironment === 'quiet' ? 'none' : fromEnvironment);
}

function isStyle(text: string): text is ProgressStyle {
  return STYLES.includes(text);
}
