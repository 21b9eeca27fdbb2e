import type { PackageInstall } from '../../../model/build-analysis.ts';
import { INSTALL_FORMS } from '../../../programs/installs/catalogue.ts';
import { writesLock } from '../../../programs/installs/lock-writers.ts';
import { managerNamed } from '../../../programs/managers/catalogue.ts';
import { ECOSYSTEMS, type Ecosystem } from '../../../programs/managers/ecosystems.ts';
import { unversioned } from '../../../programs/program.ts';
import type { Field } from '../../shell/fields.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { CommandEvent } from '../build-event.ts';
import { readCommandLine } from '../command-line.ts';
import type { StageFiles } from '../stage-files.ts';
import { type FoundInstall, type InstallContext, install, lockedBy } from './found-install.ts';
import { uncheckedEntry } from './lock-entries.ts';
import { readInstall } from './read-install.ts';
import { SCRIPT_INSTALLS } from './script-installs.ts';

const byProgram = <Form extends { readonly programs: string }>(forms: readonly Form[]) => {
  const map = new Map<string, Form[]>();
  for (const form of forms)
    for (const program of form.programs.split(' '))
      map.set(program, [...(map.get(program) ?? []), form]);
  // `pip3.12` and `python3.11` are read as `pip` and `python`.
  return (program: string): readonly Form[] =>
    map.get(program) ?? map.get(unversioned(program)) ?? [];
};
const formsOf = byProgram(INSTALL_FORMS);
const ecosystemsOf = byProgram(ECOSYSTEMS);

/** What a manager that builds, too, fetches to do so. */
function ecosystemInstall(
  { fetches, lock, enforced, unless }: Ecosystem,
  argv: readonly Field[],
  context: InstallContext,
): FoundInstall | undefined {
  const line = argv.map(({ text }) => text).join(' ');
  if (!fetches.test(line) || unless?.test(line) === true) return undefined;
  if (enforced?.test(line) === false) return install('other', []);
  // `dotnet restore web/web.csproj` looks beside the project.
  const project = argv.slice(1).find(({ text }) => /\/[^/]*\.\w*proj$/.test(text))?.text;
  const folder = project?.replace(/\/[^/]*$/, '');
  return install('other', [], lockedBy(lock, context.lockFile(lock, folder)));
}

/** Words that the manager reads: not cargo's toolchain (`+nightly`), nor gem's words after `--`. */
function ownWords(program: string, words: readonly Field[]): readonly Field[] {
  if (program === 'cargo') return words.filter(({ text }) => !text.startsWith('+'));
  const dashes = program === 'gem' ? words.findIndex(({ text }) => text === '--') : -1;
  return dashes < 0 ? words : words.slice(0, dashes);
}

/** The first reading of a command line that finds an install. */
function firstInstall(
  { program, argv, isOffline }: CommandEvent,
  context: InstallContext,
): FoundInstall | undefined {
  const words = argv.slice(1);
  const line = readCommandLine(program, ownWords(program, words));
  for (const form of formsOf(program)) {
    const found = readInstall(form, line, context);
    if (found !== undefined) return found;
  }
  const script = (SCRIPT_INSTALLS.get(program) ?? SCRIPT_INSTALLS.get(unversioned(program)))?.(
    words,
    context,
  );
  // Without network a builder only builds, over what an earlier step fetched.
  if (script !== undefined || isOffline) return script;
  for (const ecosystem of ecosystemsOf(program)) {
    const found = ecosystemInstall(ecosystem, words, context);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a command installs, as its package manager would read it. */
export function installsOf(
  event: CommandEvent,
  before: readonly CommandEvent[],
  files: StageFiles,
  snapshotRepository: boolean,
): readonly PackageInstall[] {
  const context: InstallContext = {
    variable: event.variable,
    snapshotRepository,
    lockFile: (name, folder = '') => {
      if (before.some((one) => removes(one, name))) return false;
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
  const found = firstInstall(event, context);
  if (found === undefined) return [];
  const { stage, range, text, argv } = event;
  const packages = found.packages.map((one) =>
    isPrinted(one.pin, argv) ? { name: one.name } : one,
  );
  const isWritten =
    found.lockFile &&
    before.some((one) => one.id < event.id && writesLock(event.program, lineOf(one)));
  const locked = !found.lockFile
    ? found
    : isWritten
      ? { ...found, lockFile: false, unresolved: true }
      : withLock(event, found, files);
  return [{ ...locked, packages, stage, range, command: text }];
}

/** True for a version from a command's output, which is the newest: `V=$(apt-cache policy x)`. */
function isPrinted(pin: string | undefined, argv: readonly Field[]): boolean {
  return (
    pin?.includes('${') === true &&
    argv.some(({ text, sources }) => sources.length > 0 && text.includes(pin))
  );
}

/** A command line without the folder of its program. */
function lineOf({ program, argv }: CommandEvent): string {
  return [program, ...argv.slice(1).map(({ text }) => text)].join(' ');
}

/** True where a command takes a file of this name away. */
function removes({ program, argv }: CommandEvent, name: string): boolean {
  const words = argv.slice(1).map(({ text }) => text.replace(/^.*\//, ''));
  return (
    (program === 'rm' && words.includes(name)) ||
    (program === 'mv' && words.slice(0, -1).includes(name))
  );
}

const FOLDER = /^(?:--prefix|--cwd|--dir|-C)(?:=(.*))?$/;

/** An install by lock file; not locked where the file shows an entry that nothing pins. */
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
    const looseLock = uncheckedEntry(name, content.text);
    return looseLock === undefined ? install : { ...install, lockFile: false, looseLock };
  }
  return install;
}
