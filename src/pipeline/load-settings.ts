import { loadSettings } from '../config/find-settings.ts';
import { formatProblem } from '../config/problem.ts';
import { UserError } from '../model/errors.ts';
import type { Settings } from '../model/settings.ts';

export interface SettingsRequest {
  /** The file that the user names; undefined: the nearest `.scoville.yaml` from `startDir` on. */
  readonly file: string | undefined;
  readonly startDir: string | undefined;
  /** Present time, milliseconds since 1970. */
  readonly now: number;
  /** Criteria that waivers may name; without, any. */
  readonly criteria?: readonly string[];
}

/** The settings of a run, defaults filled in. Throws UserError that names every problem with its line and column. */
export async function settingsOf({ now, criteria, ...where }: SettingsRequest): Promise<Settings> {
  const loaded = await loadSettings(where, {
    now,
    ...(criteria === undefined ? {} : { criteria }),
  });
  if (loaded.ok) return loaded.value;
  throw new UserError(loaded.error.map(formatProblem).join('\n  '), {
    nextStep: 'docs/configuration.md lists every setting',
  });
}
