import type { PackageInstall } from '../../model/build-analysis.ts';
import { INSTALL_FORMS } from '../../programs/installs/catalogue.ts';
import { hasInstallVerb, unheldInstall } from '../../programs/installs/held-installs.ts';
import { writesLock } from '../../programs/installs/lock-writers.ts';
import { managerNamed } from '../../programs/managers/catalogue.ts';
import { ECOSYSTEMS, type Ecosystem } from '../../programs/managers/ecosystems.ts';
import { unversioned } from '../../programs/program.ts';
import { pathIn } from '../paths.ts';
import type { Field } from '../shell/fields.ts';
import { type CommandEvent, placeOf, wordsOf } from './command-event.ts';
import { readCommandLine } from './command-line.ts';
import { type Fetch, namedFetch } from './fetch.ts';
import { type FoundInstall, type InstallContext, install, lockedBy } from './found-install.ts';
import { uncheckedEntry } from './lock-entries.ts';
import { readInstall } from './read-install.ts';
import { SCRIPT_INSTALLS } from './script-installs.ts';
import type { StageFiles } from './stage-files.ts';

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
  return install(
    'other',
    [],
    lockedBy(lock, context.lockFile(lock, project?.replace(/\/[^/]*$/, ''))),
  );
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

const FOLDER = /^(?:--prefix|--cwd|--dir|-C)(?:=(.*))?$/;

/** What a command installs, as its package manager would read it. */
export function installsOf(
  event: CommandEvent,
  before: readonly CommandEvent[],
  files: StageFiles,
  snapshotRepository: boolean,
): readonly PackageInstall[] {
  if (event.isFollowed) return [];
  const context: InstallContext = {
    variable: event.variable,
    snapshotRepository,
    lockFile: (name, folder = '') => {
      const isGone = before.some(
        ({ program, argv }) =>
          /^(?:rm|mv)$/.test(program) && argv.some(({ text }) => text.endsWith(name)),
      );
      const content = files.at(pathIn(pathIn(event.folder, folder || '.'), name), event.id);
      if (isGone) return false;
      // A folder of the context that is not at hand may have it.
      return content !== undefined
        ? true
        : files.isWhole(pathIn(event.folder, folder || '.'))
          ? false
          : undefined;
    },
    fileText: (path) => {
      const content = files.at(placeOf(event, path), event.id);
      return content?.kind === 'text' ? content.text : undefined;
    },
    ranBefore: (pattern) => before.some(({ text }) => pattern.test(text)),
  };
  const found = firstInstall(event, context);
  if (found === undefined) return [];
  const { stage, range, text, program } = event;
  // A version that a command prints is the newest: `V=$(apt-cache policy x)`.
  const packages = found.packages.map((one) =>
    isPrinted(one.pin, event) ? { name: one.name } : one,
  );
  const isWritten = before.some((one) =>
    writesLock(program, [one.program, ...wordsOf(one)].join(' ')),
  );
  const locked = !found.lockFile
    ? found
    : isWritten
      ? { ...found, lockFile: false, unresolved: true }
      : withLock(event, found, files);
  return [{ ...locked, packages, stage, range, command: text }];
}

function isPrinted(pin: string | undefined, { argv }: CommandEvent): boolean {
  return (
    pin?.includes('${') === true &&
    argv.some(({ text, sources }) => sources.length > 0 && text.includes(pin))
  );
}

/** An install by lock file; not locked where the file shows an entry that nothing pins. */
function withLock(
  event: CommandEvent,
  found: FoundInstall,
  files: StageFiles,
): FoundInstall & Pick<PackageInstall, 'looseLock'> {
  const words = wordsOf(event);
  const at = words.findIndex((word) => FOLDER.test(word));
  const named = FOLDER.exec(words[at] ?? '')?.[1] ?? (at < 0 ? '.' : words[at + 1]);
  for (const name of managerNamed(found.manager)?.lock?.files ?? []) {
    const content = files.at(pathIn(placeOf(event, named ?? '.'), name), event.id);
    if (content?.kind !== 'text') continue;
    const looseLock = uncheckedEntry(name, content.text);
    return looseLock === undefined ? found : { ...found, lockFile: false, looseLock };
  }
  return found;
}

/** What an install fetches that nothing known of its manager verifies. */
export function unheldFetches(event: CommandEvent, isInstall: boolean): readonly Fetch[] {
  const { program, isOffline, isFollowed } = event;
  const words = wordsOf(event);
  if (isOffline || isFollowed || program === '' || !(isInstall || hasInstallVerb(program, words)))
    return [];
  const open = unheldInstall(program, words);
  if (open === undefined || (!isInstall && !words.some((word) => /:\/\/|@|:/.test(word))))
    return [];
  return [namedFetch(event, 'other', program, { open })];
}
