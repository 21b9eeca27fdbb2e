import { field, objectOf, parseJson } from '../../lib/json.ts';
import type { InstalledName, PackageInstall, PackageManager } from '../../model/build-analysis.ts';
import {
  INSTALL_FORMS,
  type InstallForm,
  named,
  requirement,
  writesLock,
} from '../../programs/installs.ts';
import { unversioned } from '../../programs/local.ts';
import { managerNamed } from '../../programs/managers.ts';
import { pathIn } from '../paths.ts';
import type { Field } from '../shell/expand.ts';
import {
  behindVerb,
  type CommandEvent,
  type CommandLine,
  lineOf,
  placeOf,
  readCommandLine,
  wordsOf,
} from './commands.ts';
import type { StageFiles } from './stage-files.ts';

/** An entry of a lock file that pins nothing: why, and the address that it is taken from. */
interface UncheckedEntry {
  readonly reason: string;
  readonly address?: string;
}

const COMMIT =
  /(?:#|[#&]commit[=:])[0-9a-f]{40}\b|\/(?:tar\.gz|zip|tarball)\/[0-9a-f]{40}\b|\bcommit: [0-9a-f]{40}\b/;
const SUM =
  /(?:"integrity":"|^ {2}integrity |^ {4}resolution: \{(?:tarball: [^,\n]*, )?integrity: )[^"\n,}]*\bsha(?:256|384|512)-[A-Za-z0-9+/]{40,}/m;
/** Of Yarn 2 and later, which leaves it out for packages of other platforms: it fetches none. */
const BERRY_SUM = /^ {2}(?:checksum: \S{32}|conditions: )/m;
/** Of the registry, which npm asks over TLS, SHA-1 is what old locks have. */
const OLD_SUM = /\bsha1-[A-Za-z0-9+/]{20,}={0,2}/;
const LOCAL =
  /"(?:link|inBundle|bundled)":true|"(?:resolved|version)":"(?:file|link|workspace|portal):|^ {4}resolution: \{[^\n}]*\btype: directory\b|^ {2}resolution: "?@?[^@\n]+@(?:file|link|workspace|portal|patch):/m;
const ADDRESS =
  /(?:"(?:resolved|version)":"|^ {2}resolved "|^ {2}resolution: "?@?[^@\n]+@(?!npm:)|\b(?:tarball|repo): '?)((?:git|https?:|ssh:|github:|gitlab:|bitbucket:)[^"\s,'}]*)/m;

/** Names of packages in a lock file, each with all that it says of them. */
type Reader = (lock: string) => readonly (readonly [name: string, text: string])[] | undefined;

/** package-lock.json and npm-shrinkwrap.json; version 1 keeps packages in each other. */
const npm: Reader = (lock) => {
  const read = parseJson(lock);
  if (read === undefined) return undefined;
  const packages = Object.entries(objectOf(field(read, 'packages')));
  const found: [string, string][] = [];
  const open = packages.length > 0 ? [] : [objectOf(field(read, 'dependencies'))];
  for (const [path, entry] of packages)
    if (path.includes('node_modules/'))
      found.push([path.replace(/^.*node_modules\//, ''), JSON.stringify(entry)]);
  for (let next = open.pop(); next !== undefined; next = open.pop())
    for (const [name, entry] of Object.entries(next)) {
      const own = objectOf(entry);
      found.push([name, JSON.stringify({ ...own, dependencies: undefined, requires: undefined })]);
      open.push(objectOf(own['dependencies']));
    }
  return found;
};

/** yarn.lock of Yarn 1, and of Yarn 2 and later. */
const yarn: Reader = (lock) =>
  lock
    .split(/\r?\n(?=[^\s#])/)
    .filter((entry) => /^[^\s#][^\n]*:\s*(?:\n|$)/.test(entry) && !entry.startsWith('__metadata'))
    // `file:` and `link:` of Yarn 1 have no address.
    .filter((entry) => !/@(?:file|link):[^\n]*\n/.test(entry) || /^ {2}reso/m.test(entry))
    .map((entry) => [entry.replace(/^"?(.[^@]*)@.*/s, '$1'), entry]);

const pnpm: Reader = (lock) => {
  const lines = lock.split(/\r?\n/);
  const start = lines.indexOf('packages:');
  if (start < 0) return /^['"]?packages['"]?\s*:/m.test(lock) ? undefined : [];
  const end = lines.findIndex((line, at) => at > start && /^\S/.test(line));
  return lines
    .slice(start + 1, end < 0 ? undefined : end)
    .join('\n')
    .split(/\n(?= {2}\S)/)
    .filter((entry) => /^ {2}\S/.test(entry))
    .map((entry) => [/^ {2}'?\/?([^'\s]+?)'?:\s/.exec(entry)?.[1] ?? entry, entry]);
};

const READERS: readonly (readonly [RegExp, Reader])[] = [
  [/(?:package-lock|npm-shrinkwrap)\.json$/, npm],
  [/yarn\.lock$/, yarn],
  [/pnpm-lock\.yaml$/, pnpm],
];

/** First npm, Yarn or pnpm lock entry with no sum or commit; undefined for none or other files. */
export function uncheckedEntry(name: string, lock: string): UncheckedEntry | undefined {
  const reader = READERS.find(([file]) => file.test(name))?.[1];
  if (reader === undefined) return undefined;
  const entries = reader(lock);
  if (entries === undefined) return { reason: `${name}: it is not read` };
  for (const [own, text] of entries) {
    if (SUM.test(text) || BERRY_SUM.test(text) || LOCAL.test(text)) continue;
    const address = ADDRESS.exec(text)?.[1];
    const origin = address === undefined ? {} : { address };
    const flaw = (reason: string) => ({ reason: `${name}: ${own} ${reason}`, ...origin });
    if (/^git|\.git(?:#|$)|^(?:ssh|github|gitlab|bitbucket):/.test(address ?? '')) {
      if (!COMMIT.test(text)) return flaw('comes from git without a commit');
    } else if (address?.startsWith('http:') === true) return flaw('comes over http without a sum');
    else if (!OLD_SUM.test(text) && !COMMIT.test(text)) return flaw('has no integrity');
  }
  return undefined;
}

/** What an install command says; place and text are added by the caller. */
type FoundInstall = Omit<PackageInstall, 'stage' | 'range' | 'command'>;

/** An install command with what is known around it. */
interface Around {
  readonly event: CommandEvent;
  readonly before: readonly CommandEvent[];
  readonly files: StageFiles;
  /** An OS repository frozen at a date was set up before. */
  readonly isFrozen: boolean;
}

/** Whether the command's folder (or `folder` below it) has this file; undefined if not seen. */
function hasFile(
  { event, before, files }: Around,
  name: string,
  folder: string | undefined,
): boolean | undefined {
  const isGone = before.some(
    (one) => /^(?:rm|mv)$/.test(one.program) && wordsOf(one).some((word) => word.endsWith(name)),
  );
  const place = pathIn(event.folder, folder ?? '.');
  if (isGone) return false;
  if (files.at(pathIn(place, name), event.id) !== undefined) return true;
  // A folder of the context that was not read may have it.
  return files.isWhole(place) ? false : undefined;
}

function install(
  manager: PackageManager,
  packages: readonly InstalledName[],
  details: Partial<FoundInstall> = {},
): FoundInstall {
  return {
    manager,
    packages,
    lockFile: false,
    frozenRepository: false,
    // The name of a package itself is not known.
    unresolved: packages.some(({ name }) => /\$[{(]/.test(name)),
    ...details,
  };
}

/** What a command line installs in this form of its program; undefined where the form differs. */
function readForm(form: InstallForm, line: CommandLine, around: Around): FoundInstall | undefined {
  const { has, values } = line;
  const rest = behindVerb(line.operands, form.verbs);
  if (rest === undefined || (form.unless !== undefined && has(form.unless))) return undefined;
  if (form.only !== undefined && !has(form.only)) return undefined;
  const words = form.from === undefined ? rest.slice(0, form.most) : values(form.from);
  const version = form.version === undefined ? '' : (values(form.version)[0]?.text ?? '');
  const isPinning = form.pinsWith === undefined || has(form.pinsWith);
  const packages = words
    .flatMap(({ text }, at) => form.name?.(text, version, rest[at + 1]?.text) ?? [])
    .map(({ name, pin }) => (pin === undefined || !isPinning ? { name } : { name, pin }));
  const frozenRepository = isFrozen(form, line, around);
  if (form.requirements !== undefined) {
    const edited = values('-e --editable').flatMap(
      ({ text }) => form.name?.(text, '', undefined) ?? [],
    );
    const given = [...packages, ...edited];
    const found = readRequirements(form.requirements, given, rest, line, around);
    return found && { ...found, manager: form.manager, frozenRepository };
  }
  const file =
    form.manager === 'conda'
      ? values('-f --file')[0]?.text
      : words.find(({ text }) => form.files?.test(text) === true)?.text;
  if (packages.length > 0 || file !== undefined)
    return install(form.manager, packages, {
      frozenRepository,
      ...(file === undefined ? {} : { requirementsFile: file }),
    });
  if (form.unnamed === undefined || (form.unnamed === 'alone' && rest.length > 0)) return undefined;
  return install(form.manager, [], { frozenRepository, ...lockOf(form.lock, line, around) });
}

const DAY = /^\d{4}-\d\d-\d\d(?:T[\d:.]+Z?)?$/;
/** A day that was past when this was written: of a day to come, an index gives the newest. */
const PAST = '2026-12-01';

function isFrozen(form: InstallForm, { has, values }: CommandLine, around: Around): boolean {
  // Other folders have other lists, and an address gives the newest.
  if (values('-o --option').some(({ text }) => /^Dir::/i.test(text))) return false;
  if (
    form.frozenBy?.includes('--no-index') === true &&
    values('-f --find-links').some(({ text }) => /^\w+:\/\//.test(text))
  )
    return false;
  if (form.ofArchive === true && around.isFrozen) return true;
  if (form.frozenBy !== undefined && has(form.frozenBy)) return true;
  const dates = values(form.frozenAt).map(({ text }) => text);
  if (dates.length > 0 && dates.every((one) => DAY.test(one) && one < PAST)) return true;
  const [option, is] = form.frozenValue ?? [];
  return option !== undefined && values(option).some(({ text }) => is?.test(text) === true);
}

function lockOf(
  rule: InstallForm['lock'],
  { has, values }: CommandLine,
  around: Around,
): Partial<FoundInstall> {
  if (rule === undefined || rule === true) return { lockFile: rule === true };
  if (rule.unless !== undefined && has(rule.unless)) return {};
  const variables = around.event.variables();
  const said = around.before.findLast(
    ({ program, text }) =>
      /^bundler?$/.test(program) &&
      !/^\S+ install/.test(text) &&
      rule.before?.about.test(text) === true,
  );
  const isSet = (name: string): boolean => /^(?:1|true)$/.test(variables.get(name) ?? '');
  if (
    (rule.options !== undefined && has(rule.options)) ||
    rule.variables?.split(' ').some(isSet) === true ||
    (said !== undefined && said.within.length === 0 && rule.before?.is.test(said.text) === true)
  )
    return { lockFile: true };
  if (rule.file === undefined || (rule.fileWith !== undefined && !has(rule.fileWith))) return {};
  const folder = rule.folder === undefined ? undefined : values(rule.folder)[0]?.text;
  // A file decides where it is there: open where nobody sees whether it is.
  const isThere = hasFile(around, rule.file, folder);
  return isThere === undefined ? { requirementsFile: rule.file } : { lockFile: isThere };
}

/** One line of a requirements file, without its comment. */
function requirementOf(line: string): InstalledName {
  const [bare = ''] = line.split(/\s--/);
  const commit = /^[^@]*@\s*\S+[@#=]([0-9a-f]{40,64})\b/.exec(bare)?.[1];
  const name = bare.split(/[\s@]/)[0] ?? bare;
  return requirement(bare) ?? (commit === undefined ? { name } : { name, pin: commit });
}

/** What pip and uv install by names and files of requirements; undefined where it is nothing. */
function readRequirements(
  options: string,
  given: readonly InstalledName[],
  words: readonly Field[],
  { has, values }: CommandLine,
  { event, files }: Around,
): FoundInstall | undefined {
  const isList = options === 'words';
  // A local project without its dependencies fetches nothing.
  const own = isList ? [] : given.filter(({ name }) => !(has('--no-deps') && name.startsWith('.')));
  const packages = [...own];
  const open = (isList ? words : values(options)).map(({ text }) => text);
  let unread: string | undefined;
  // Every line carries a hash, which makes pip check all of them.
  let hashed = open.length > 0 && own.length === 0;
  for (let count = 0; open.length > 0 && count < 16; count += 1) {
    const path = open.shift() ?? '';
    const content = files.at(placeOf(event, path), event.id);
    if (content?.kind !== 'text') {
      unread ??= path;
      continue;
    }
    const lines = content.text
      .slice(0, 1024 * 1024)
      .replace(/\\\r?\n/g, ' ')
      .split(/\r?\n/)
      .map((line) => line.replace(/(?:^|\s)#.*/s, '').trim())
      .map((line) => line.replace(/^(?:-e|--editable)[ =]+/, ''));
    const wanted = lines.filter((line) => line !== '' && !line.startsWith('-'));
    packages.push(...wanted.map(requirementOf));
    hashed &&= wanted.length > 0 && wanted.every((line) => line.includes('--hash='));
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    for (const line of lines) {
      const included = /^(?:-r|--requirement)[ =]*(\S+)/.exec(line)?.[1];
      if (included !== undefined) open.push(folder + included);
    }
  }
  // Files of comments alone install nothing.
  if (packages.length === 0 && unread === undefined) return undefined;
  // What a file of constraints may pin is left out.
  const [limits] = values('-c --constraint');
  const pinned = packages.filter(({ pin }) => pin !== undefined);
  const file = unread ?? (pinned.length < packages.length ? limits?.text : undefined);
  return install('pip', limits === undefined ? packages : pinned, {
    lockFile: has('--require-hashes') || (hashed && unread === undefined),
    ...(file === undefined ? {} : { requirementsFile: file }),
  });
}

/** go's options have one dash; `go install pkg` without a version takes that of go.mod. */
function goInstall(words: readonly string[], { event }: Around): FoundInstall | undefined {
  const [verb = '', second = ''] = words;
  const isDownload = verb === 'mod' && second === 'download';
  if (/^(?:build|test|vet)$/.test(verb)) {
    // go.mod names each version and go.sum its content, unless go may write them.
    const flags = `${event.variables().get('GOFLAGS') ?? ''} ${words.join(' ')}`;
    return install('go', [], { lockFile: !/(?:^|\s)-mod[= ]mod(?:\s|$)/.test(flags) });
  }
  if (!isDownload && !/^(?:install|get|run)$/.test(verb)) return undefined;
  const packages = words.slice(isDownload ? 2 : 1).flatMap((word): InstalledName[] => {
    const at = word.indexOf('@');
    if (word.startsWith('-')) return [];
    // `go get` of an address without a version fetches its newest.
    if (at < 0)
      return verb === 'get' && /^[\w-]+(?:\.[\w-]+)+\//.test(word) ? [{ name: word }] : [];
    return [
      named(word.slice(0, at), word.slice(at + 1), /^(?:v\d+\.\d+\.\d[\w.+-]*|[0-9a-f]{7,40})$/),
    ];
  });
  if (isDownload && packages.length === 0) return install('go', [], { lockFile: true });
  // `go get -u` takes the newest of what the modules ask for too.
  const isNewest = verb === 'get' && words.some((word) => /^-u(?:=patch)?$/.test(word));
  if (isNewest && packages.every(({ pin }) => pin !== undefined)) return install('go', []);
  return packages.length === 0 ? undefined : install('go', packages);
}

/** What a pinned install is where one of its options may mean that it is not. */
function openOf({ packages, lockFile, frozenRepository }: FoundInstall): Partial<FoundInstall> {
  const isPinned = packages.length > 0 && packages.every(({ pin }) => pin !== undefined);
  const isHeld = lockFile || frozenRepository || isPinned;
  return isHeld ? { lockFile: false, frozenRepository: false, unresolved: true } : {};
}

/** The first reading of a command line that finds an install. */
function firstInstall(around: Around): FoundInstall | undefined {
  const { program, argv } = around.event;
  const words = argv.slice(1);
  const texts = words.map(({ text }) => text);
  if (program === 'go') return goInstall(texts, around);
  // Not cargo's toolchain (`+nightly`), nor gem's words after `--`.
  const dashes = program === 'gem' ? texts.indexOf('--') : -1;
  const own = words.filter(
    ({ text }, at) => (dashes < 0 || at < dashes) && !(program === 'cargo' && text.startsWith('+')),
  );
  const line = readCommandLine(program, own);
  const formsOf = (name: string): readonly InstallForm[] =>
    INSTALL_FORMS.filter(({ programs }) => programs.split(' ').includes(name));
  const exact = formsOf(program);
  for (const form of exact.length > 0 ? exact : formsOf(unversioned(program))) {
    const found = readForm(form, line, around);
    if (found !== undefined) return line.odd === undefined ? found : { ...found, ...openOf(found) };
  }
  return undefined;
}

const FOLDER = /^(?:--prefix|--cwd|--dir|-C)(?:=(.*))?$/;

/** An install by lock file; not locked where the file shows an entry that nothing pins. */
function withLock(event: CommandEvent, found: FoundInstall, files: StageFiles): FoundInstall {
  const words = wordsOf(event);
  const at = words.findIndex((word) => FOLDER.test(word));
  const folder = at < 0 ? '.' : (FOLDER.exec(words[at] ?? '')?.[1] ?? words[at + 1] ?? '.');
  for (const name of managerNamed(found.manager)?.lock?.files ?? []) {
    const content = files.at(pathIn(placeOf(event, folder), name), event.id);
    if (content?.kind !== 'text') continue;
    const looseLock = uncheckedEntry(name, content.text);
    return looseLock === undefined ? found : { ...found, lockFile: false, looseLock };
  }
  return found;
}

export function installsOf(around: Around): readonly PackageInstall[] {
  const { event, before, files } = around;
  const { stage, range, text, program, argv } = event;
  const found = event.isFollowed ? undefined : firstInstall(around);
  if (found === undefined) return [];
  // A version that a command prints is the newest: `V=$(apt-cache policy x)`.
  const isPrinted = (pin: string): boolean =>
    pin.includes('${') && argv.some((word) => word.sources.length > 0 && word.text.includes(pin));
  const packages = found.packages.map((one) =>
    one.pin !== undefined && isPrinted(one.pin) ? { name: one.name } : one,
  );
  const isWritten = before.some((one) => writesLock(program, lineOf(one)));
  const locked = !found.lockFile
    ? found
    : isWritten
      ? { ...found, lockFile: false, unresolved: true }
      : withLock(event, found, files);
  return [{ ...locked, packages, stage, range, command: text }];
}
