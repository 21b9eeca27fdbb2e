import type { PackageInstall } from '../../../model/build-analysis.ts';
import type { BuildEvent, CommandEvent } from '../build-event.ts';
import type { StageFiles } from '../stage-files.ts';
import type { InstallReader } from './install-context.ts';
import { JAVASCRIPT_INSTALLS } from './javascript-installs.ts';
import { OS_INSTALLS } from './os-installs.ts';
import { OTHER_INSTALLS } from './other-installs.ts';
import { PYTHON_INSTALLS } from './python-installs.ts';
import { RARER_INSTALLS } from './rarer-installs.ts';

const READERS = new Map<string, InstallReader>(
  [OS_INSTALLS, PYTHON_INSTALLS, JAVASCRIPT_INSTALLS, OTHER_INSTALLS, RARER_INSTALLS].flatMap(
    Object.entries,
  ),
);

/** Address of an archive that keeps a distribution as it was at a time. */
const SNAPSHOT =
  /snapshot[\w.-]*\.debian\.org\/archive\/[\w-]+\/(?:\d{8}T\d{6}Z?|\$)|snapshot\.ubuntu\.com\/[\w-]+\/(?:\d{8}T\d{6}Z?|\$)|^\s*Snapshot: *\d{8}T/m;

/** True where a command or a copied file points a package manager at such an archive. */
export function setsSnapshot(event: BuildEvent, files: StageFiles): boolean {
  if (event.kind === 'command') {
    const texts = [...event.argv.map((f) => f.text), event.input?.text ?? ''];
    return texts.some((text) => SNAPSHOT.test(text));
  }
  const { instruction } = event;
  if (instruction.heredocs.some(({ content }) => SNAPSHOT.test(content))) return true;
  const to = instruction.arguments.at(-1) ?? '';
  if (!/apt|sources/.test(to)) return false;
  return instruction.arguments
    .slice(0, -1)
    .some((source) => SNAPSHOT.test(files.text(source) ?? ''));
}

/** `pip3.12` and `python3.11` are read as `pip` and `python`. */
function readerOf(program: string): InstallReader | undefined {
  return READERS.get(program) ?? READERS.get(program.replace(/-?[\d.]+$/, ''));
}

/** What a command installs, as its package manager would read it. */
export function installsOf(
  event: CommandEvent,
  before: readonly CommandEvent[],
  files: StageFiles,
  snapshotRepository: boolean,
): readonly PackageInstall[] {
  const reader = readerOf(event.program);
  if (reader === undefined) return [];
  const found = reader(event.program, event.argv.slice(1), {
    variable: event.variable,
    snapshotRepository,
    copied: (name) => files.has(name),
    fileText: (path) => files.text(path),
    ranBefore: (pattern) => before.some((e) => pattern.test(e.text)),
  });
  const { stage, range, text } = event;
  return found.map((install) => ({ ...install, stage, range, command: text }));
}
