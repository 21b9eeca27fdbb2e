import { formatProblem } from '../config/document.ts';
import { settingsFileFor } from '../config/find-settings.ts';
import { parseSettings } from '../config/parse-settings.ts';
import { type TypedSetting, withSettings } from '../config/set-settings.ts';
import { UserError } from '../model/errors.ts';
import type { PipelineContext } from './context.ts';
import { fileToWrite } from './place-to-write.ts';
import { readText } from './read-text.ts';
import { writeFileBeside } from './write-file-beside.ts';

const LARGEST = 256 * 1024;

/**
 * Sets settings in a file, by default the nearest of the project, else a new `.scoville.yaml` of
 * this folder. Gives its path. Throws UserError, with nothing written, for a setting that there is
 * not, a bad value, and a link, which could lead to the file of another project.
 */
export async function setSettings(
  { cwd, now }: Pick<PipelineContext, 'cwd' | 'now'>,
  settings: readonly TypedSetting[],
  named: string | undefined,
): Promise<string> {
  const file = named ?? (await settingsFileFor(cwd));
  await fileToWrite(file, cwd);
  const before = (await readText(file, { largest: LARGEST, utf8: 'required' })) ?? '';
  const after = await withSettings(before, settings);
  if (!after.ok)
    throw new UserError(`${file}: ${after.error}`, {
      nextStep: 'see every setting: docs/configuration.md',
    });
  const parsed = await parseSettings(after.value, { file, now: now() });
  if (!parsed.ok) throw new UserError(parsed.error.map(formatProblem).join('\n  '));
  // What git tracks is sent with this mode: a build from a clone gives the same image.
  await writeFileBeside(file, after.value, 0o644, cwd);
  return file;
}
