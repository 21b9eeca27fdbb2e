import type { LockFile } from '../../model/lock.ts';
import { err, ok, type Result } from '../../model/result.ts';
import type { Settings } from '../../model/settings.ts';
import type { OwnOptions } from '../flags/own-flags.ts';

/**
 * Whether RUNs are recorded or replayed; undefined for neither. `settings` have the command line
 * above them. A lock that has what was fetched is replayed with `--locked`. An error for flags that
 * exclude each other.
 */
export function hermeticMode(
  { record, replay, locked }: Pick<OwnOptions, 'record' | 'replay' | 'locked'>,
  settings: Pick<Settings, 'hermetic'>,
  lock: Pick<LockFile, 'fetches'> | undefined,
): Result<'record' | 'replay' | undefined> {
  if (record && replay) return err('--record and --replay exclude each other');
  if (record && locked) return err('--record writes the lock, and --locked leaves it as it is');
  if (locked && (lock?.fetches !== undefined || settings.hermetic !== 'off')) return ok('replay');
  return ok(settings.hermetic === 'off' ? undefined : settings.hermetic);
}
