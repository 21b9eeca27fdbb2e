import { CATALOGUE } from '../criteria/catalogue.ts';
import type { Settings } from '../model/settings.ts';
import { settingsOf } from '../pipeline/load-settings.ts';
import type { CommandIo } from './io.ts';

/** The settings that a command judges by: of the file that is named, else of the project that it runs in. Waivers name criteria that there are. */
export function projectSettings(
  file: string | undefined,
  { cwd, now }: Pick<CommandIo, 'cwd' | 'now'>,
): Promise<Settings> {
  return settingsOf({
    file,
    startDir: cwd,
    now: now(),
    criteria: CATALOGUE.map(({ id }) => id),
  });
}
