import { UserError } from '../lib/errors.ts';
import type { Settings } from '../model/settings.ts';
import { formatProblem } from './document.ts';
import { loadSettings } from './find-settings.ts';
import type { Task } from './settings.ts';

interface SettingsRequest {
  /** The absolute path of the file that the user names; undefined: the nearest of the project. */
  readonly named: string | undefined;
  /** The absolute path of a file that goes before the project's: `--trust-policy` of a build. */
  readonly policy?: string | undefined;
  readonly startDir: string | undefined;
  /** The person's configuration folder; undefined where their own settings do not matter. */
  readonly userDir: string | undefined;
  readonly task: Task;
  /** Present time, milliseconds since 1970. */
  readonly now: number;
  /** Waivers may name criteria unknown here: the settings come from a source of another time. */
  readonly anyCriterion?: boolean;
}

async function criteria(): Promise<readonly string[]> {
  const { CATALOGUE } = await import('../criteria/catalogue.ts');
  return CATALOGUE.map(({ id }) => id);
}

/** A run's settings with defaults. Throws UserError with each problem's line and column. */
export async function settingsOf({
  now,
  anyCriterion = false,
  ...places
}: SettingsRequest): Promise<Settings> {
  const loaded = await loadSettings(places, { now, ...(anyCriterion ? {} : { criteria }) });
  if (loaded.ok) return loaded.value;
  throw new UserError(loaded.error.map(formatProblem).join('\n  '), {
    nextStep: 'docs/configuration.md lists every setting',
  });
}
