import type { PackageInstall } from '../../../model/build-analysis.ts';
import { managerNamed } from '../../../programs/managers/catalogue.ts';
import { unversioned } from '../../../programs/program.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { CommandEvent } from '../build-event.ts';
import type { StageFiles } from '../stage-files.ts';
import { ECOSYSTEM_INSTALLS } from './ecosystem-installs.ts';
import type { FoundInstall, InstallContext, InstallReader } from './install-context.ts';
import { JAVASCRIPT_INSTALLS } from './javascript-installs.ts';
import { looseEntry } from './lock-entries.ts';
import { OS_INSTALLS } from './os-installs.ts';
import { OTHER_INSTALLS } from './other-installs.ts';
import { PYTHON_INSTALLS } from './python-installs.ts';
import { RARER_INSTALLS } from './rarer-installs.ts';

const READERS = new Map<string, readonly InstallReader[]>();
for (const [name, reader] of [
  OS_INSTALLS,
  PYTHON_INSTALLS,
  JAVASCRIPT_INSTALLS,
  OTHER_INSTALLS,
  RARER_INSTALLS,
  ECOSYSTEM_INSTALLS,
].flatMap((one) => Object.entries<InstallReader>(one)))
  READERS.set(name, [...(READERS.get(name) ?? []), reader]);

/** `pip3.12` and `python3.11` are read as `pip` and `python`. */
function readersOf(program: string): readonly InstallReader[] {
  return READERS.get(program) ?? READERS.get(unversioned(program)) ?? [];
}

/** Managers that build, too: without network they only do that, over what an earlier step fetched. */
const BUILDERS = new Set(Object.values(ECOSYSTEM_INSTALLS));

/** What a command installs, as its package manager would read it. */
export function installsOf(
  event: CommandEvent,
  before: readonly CommandEvent[],
  files: StageFiles,
  snapshotRepository: boolean,
): readonly PackageInstall[] {
  const readers = readersOf(event.program).filter(
    (reader) => !event.isOffline || !BUILDERS.has(reader),
  );
  if (readers.length === 0) return [];
  const context: InstallContext = {
    variable: event.variable,
    snapshotRepository,
    lockFile: (name, folder = '') => {
      const place = pathIn(pathIn(event.folder, folder || '.'), name);
      const content =
        event.folder === '' ? files.named(place, event.id) : files.at(place, event.id);
      return content?.kind === 'maybe' ? undefined : content !== undefined;
    },
    fileText: (path) => {
      const content = files.named(pathIn(event.folder, path), event.id);
      return content?.kind === 'text' ? content.text : undefined;
    },
    ranBefore: (pattern) => before.some((e) => pattern.test(e.text)),
  };
  // A word of one command line is read by the first that knows it.
  const found =
    readers
      .map((reader) => reader(event.program, event.argv.slice(1), context))
      .find((installs) => installs.length > 0) ?? [];
  const { stage, range, text } = event;
  return found.map((install) => ({
    ...(install.lockFile ? withLock(event, install, files) : install),
    stage,
    range,
    command: text,
  }));
}

const FOLDER = /^(?:--prefix|--cwd|--dir|-C)(?:=(.*))?$/;

/** An install that a lock file drives; one whose file shows an entry that nothing holds is not locked. */
function withLock(
  { argv, folder, id }: CommandEvent,
  install: FoundInstall,
  files: StageFiles,
): FoundInstall & Pick<PackageInstall, 'looseLock'> {
  const at = argv.findIndex(({ text }) => FOLDER.test(text));
  const named = FOLDER.exec(argv[at]?.text ?? '')?.[1] ?? (at < 0 ? '.' : argv[at + 1]?.text);
  const place = pathIn(folder, named ?? '.');
  for (const name of managerNamed(install.manager)?.lock?.files ?? []) {
    const path = pathIn(place, name);
    const content = folder === '' ? files.named(path, id) : files.at(path, id);
    if (content?.kind !== 'text') continue;
    const looseLock = looseEntry(name, content.text);
    return looseLock === undefined ? install : { ...install, lockFile: false, looseLock };
  }
  return install;
}
