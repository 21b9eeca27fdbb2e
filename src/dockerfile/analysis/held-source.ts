import type { Download } from '../../model/build-analysis.ts';
import { pathIn } from '../shell/shell-state.ts';
import type { CommandEvent } from './build-event.ts';
import type { StageFiles } from './stage-files.ts';
import type { UnreadCommand } from './unread-scripts.ts';

/** Files by which builds are driven. */
const DRIVEN =
  'Makefile makefile GNUmakefile configure CMakeLists.txt meson.build build.ninja setup.py Rakefile build.sh autogen.sh bootstrap'.split(
    ' ',
  );

/** What the stages' commands are held against. */
export interface ReadCommands {
  readonly files: ReadonlyMap<number, StageFiles>;
  /** Numbers of the commands that install something that is judged. */
  readonly installing: ReadonlySet<number>;
  readonly downloads: readonly Download[];
  /** Each stage with those that it is built on. */
  readonly chains: ReadonlyMap<number, readonly number[]>;
  readonly isFetch: (event: CommandEvent) => boolean;
}

/** True if only verified downloads can have brought what runs: its file, or the source it uses. */
export function isHeld(
  { stage, file, folder, isDriver }: UnreadCommand,
  { files, downloads, chains }: ReadCommands,
): boolean {
  const near = downloads.filter((one) => chains.get(stage)?.includes(one.stage) === true);
  const isVerified = near.length > 0 && near.every((one) => one.verifiedBy !== undefined);
  if (!isVerified) return false;
  if (file !== undefined && near.some(({ target }) => target === file)) return true;
  const own = files.get(stage);
  if (isDriver !== true || own?.holdsContext(folder) === true) return false;
  // A file that the build wrote itself, or copied from the context, does not come from a publisher.
  return DRIVEN.every((name) => own?.at(pathIn(folder, name))?.kind !== 'text');
}
