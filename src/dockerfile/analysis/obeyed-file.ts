import { OBEYED_FILES, type ObeyedFile } from '../../programs/obeyed-files.ts';
import { isBuiltin } from '../../programs/shell-builtins.ts';
import { pathIn } from '../shell/shell-state.ts';
import type { CommandEvent } from './build-event.ts';
import type { StageFiles } from './stage-files.ts';

/** The place of a file by what the table says of it; undefined where its folder is not known. */
function placeOf(place: string, { folder, variable }: CommandEvent): string | undefined {
  if (!place.startsWith('~/')) return pathIn(folder, place);
  const home = variable('HOME');
  return home === undefined ? undefined : pathIn(home, place.slice(2));
}

function isObeyed({ programs, only }: ObeyedFile, program: string, line: string): boolean {
  return programs?.test(program) !== false && only?.test(` ${line}`.trimStart()) !== false;
}

/** The first file that the build put there, that the program of a command obeys, and that may have it run something. */
export function obeyedFile(
  event: CommandEvent,
  files: StageFiles,
): { readonly path: string; readonly reason: string } | undefined {
  if (isBuiltin(event.program)) return undefined;
  const line = event.argv
    .slice(1)
    .map(({ text }) => text)
    .join(' ');
  for (const row of OBEYED_FILES) {
    if (!isObeyed(row, event.program, line)) continue;
    const places = (row.places ?? []).flatMap((place) => placeOf(place, event) ?? []);
    for (const path of new Set([...files.put(row.path, event.id), ...places])) {
      const content = files.at(path, event.id);
      if (content === undefined || content.kind === 'maybe') continue;
      if (content.kind === 'text' && row.isHarmless?.(content.text) === true) continue;
      return { path, reason: row.reason };
    }
  }
  return undefined;
}
