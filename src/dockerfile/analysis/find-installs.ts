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

/** What is known around an install command. */
interface InstallContext {
  /** Value of a shell variable, ENV or ARG. */
  readonly variable: (name: string) => string | undefined;
  /** An OS repository frozen at a date was set up before. */
  readonly isFrozen: boolean;
  /** Whether the command's folder (or `folder` below it) has this file; undefined if not seen. */
  readonly hasFile: (name: string, folder?: string) => boolean | undefined;
  /** Text of a file of the stage, where the Dockerfile or the build context shows it. */
  readonly fileText: (path: string) => string | undefined;
  /** A command of this form ran before in the stage (`bundle config set frozen true`). */
  readonly ranBefore: (pattern: RegExp) => boolean;
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

/** A file decides where it is there: open where nobody sees whether it is. */
function lockedBy(name: string, isThere: boolean | undefined): Partial<FoundInstall> {
  return isThere === undefined ? { requirementsFile: name } : { lockFile: isThere };
}

/** What a command line installs in this form of its program; undefined where the form differs. */
function readForm(
  form: InstallForm,
  line: CommandLine,
  context: InstallContext,
): FoundInstall | undefined {
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
  const frozenRepository = isFrozen(form, line, context);
  if (form.requirements !== undefined) {
    const edited = values('-e --editable').flatMap(
      ({ text }) => form.name?.(text, '', undefined) ?? [],
    );
    const found = readRequirements(
      form.requirements,
      [...packages, ...edited],
      rest,
      line,
      context,
    );
    return found && install(form.manager, found.packages, { frozenRepository, ...found.details });
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
  return install(form.manager, [], { frozenRepository, ...lockOf(form.lock, line, context) });
}

function isFrozen(
  form: InstallForm,
  { has, values }: CommandLine,
  context: InstallContext,
): boolean {
  // Other folders have other lists, and an address gives the newest.
  if (values('-o --option').some(({ text }) => /^Dir::/i.test(text))) return false;
  if (
    form.frozenBy?.includes('--no-index') === true &&
    values('-f --find-links').some(({ text }) => /^\w+:\/\//.test(text))
  )
    return false;
  if (form.ofArchive === true && context.isFrozen) return true;
  if (form.frozenBy !== undefined && has(form.frozenBy)) return true;
  const [option, is] = form.frozenValue ?? [];
  return option !== undefined && values(option).some(({ text }) => is?.test(text) === true);
}

function lockOf(
  rule: InstallForm['lock'],
  { has, values }: CommandLine,
  context: InstallContext,
): Partial<FoundInstall> {
  if (rule === undefined || rule === true) return { lockFile: rule === true };
  if (rule.unless !== undefined && has(rule.unless)) return {};
  const isSet = (name: string): boolean => /^(?:1|true)$/.test(context.variable(name) ?? '');
  if (rule.options !== undefined && has(rule.options)) return { lockFile: true };
  if (rule.variables?.split(' ').some(isSet) === true) return { lockFile: true };
  if (rule.before !== undefined && context.ranBefore(rule.before)) return { lockFile: true };
  if (rule.file === undefined || (rule.fileWith !== undefined && !has(rule.fileWith))) return {};
  const folder = rule.folder === undefined ? undefined : values(rule.folder)[0]?.text;
  return lockedBy(rule.file, context.hasFile(rule.file, folder));
}

interface Requirements {
  readonly packages: readonly InstalledName[];
  readonly unread: string | undefined;
  /** Every line carries a hash, which makes pip check all of them. */
  readonly hashed: boolean;
}

/** Requirements files as pip reads them, and those that they include, as far as they are seen. */
function requirementsOf(files: readonly Field[], context: InstallContext): Requirements {
  const packages: InstalledName[] = [];
  let unread: string | undefined;
  let hashed = files.length > 0;
  const open = files.map((file) => file.text);
  for (let count = 0; open.length > 0 && count < 16; count += 1) {
    const path = open.shift() ?? '';
    const text = context.fileText(path)?.slice(0, 1024 * 1024);
    if (text === undefined) {
      unread ??= path;
      hashed = false;
      continue;
    }
    const lines = text
      .replace(/\\\r?\n/g, ' ')
      .split(/\r?\n/)
      .map((line) =>
        line
          .replace(/(?:^|\s)#.*/s, '')
          .trim()
          .replace(/^(?:-e|--editable)[ =]+/, ''),
      );
    const wanted = lines.filter((line) => line !== '' && !line.startsWith('-'));
    for (const line of wanted) {
      const [bare = ''] = line.split(/\s--/);
      const commit = /^[^@]*@\s*\S+[@#=]([0-9a-f]{40,64})\b/.exec(bare)?.[1];
      const name = bare.split(/[\s@]/)[0] ?? bare;
      packages.push(requirement(bare) ?? (commit === undefined ? { name } : { name, pin: commit }));
    }
    hashed &&= wanted.length > 0 && wanted.every((line) => line.includes('--hash='));
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    for (const line of lines) {
      const included = /^(?:-r|--requirement)[ =]*(\S+)/.exec(line)?.[1];
      if (included !== undefined) open.push(folder + included);
    }
  }
  return { packages, unread, hashed };
}

/** What pip and uv install by names and files of requirements; undefined where it is nothing. */
function readRequirements(
  options: string,
  given: readonly InstalledName[],
  words: readonly Field[],
  { has, values }: CommandLine,
  context: InstallContext,
): { packages: readonly InstalledName[]; details: Partial<FoundInstall> } | undefined {
  const isList = options === 'words';
  const read = requirementsOf(isList ? words : values(options), context);
  // A local project without its dependencies fetches nothing.
  const own = isList ? [] : given.filter(({ name }) => !(has('--no-deps') && name.startsWith('.')));
  const packages = [...own, ...read.packages];
  // Files of comments alone install nothing.
  if (packages.length === 0 && read.unread === undefined) return undefined;
  const plain = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');
  const limits = requirementsOf(values('-c --constraint'), context);
  const pins = new Map(limits.packages.map(({ name, pin }) => [plain(name), pin]));
  const held = packages.map(({ name, pin = pins.get(plain(name)) }): InstalledName =>
    pin === undefined ? { name } : { name, pin },
  );
  // What a file that is not seen may pin is left out.
  const isOpen = limits.unread !== undefined && held.some(({ pin }) => pin === undefined);
  const file = read.unread ?? (isOpen ? limits.unread : undefined);
  const lockFile = has('--require-hashes') || (read.hashed && own.length === 0);
  return {
    packages: isOpen ? held.filter(({ pin }) => pin !== undefined) : held,
    details: { lockFile, ...(file === undefined ? {} : { requirementsFile: file }) },
  };
}

/** go's options have one dash; `go install pkg` without a version takes that of go.mod. */
function goInstall(words: readonly string[], context: InstallContext): FoundInstall | undefined {
  const [verb = '', second = ''] = words;
  const isDownload = verb === 'mod' && second === 'download';
  if (/^(?:build|test|vet)$/.test(verb)) {
    // go.mod names each version and go.sum its content, unless go may write them.
    const flags = `${context.variable('GOFLAGS') ?? ''} ${words.join(' ')}`;
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

/** The first reading of a command line that finds an install. */
function firstInstall(
  { program, argv }: CommandEvent,
  context: InstallContext,
): FoundInstall | undefined {
  const words = argv.slice(1);
  const texts = words.map(({ text }) => text);
  const names = [program, unversioned(program)];
  if (program === 'go') return goInstall(texts, context);
  // Not cargo's toolchain (`+nightly`), nor gem's words after `--`.
  const dashes = program === 'gem' ? texts.indexOf('--') : -1;
  const own = words.filter(
    ({ text }, at) => (dashes < 0 || at < dashes) && !(program === 'cargo' && text.startsWith('+')),
  );
  const line = readCommandLine(program, own);
  for (const name of names) {
    const forms = INSTALL_FORMS.filter(({ programs }) => programs.split(' ').includes(name));
    for (const form of forms) {
      const found = readForm(form, line, context);
      if (found !== undefined) return found;
    }
    if (forms.length > 0) break;
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

export function installsOf(
  event: CommandEvent,
  before: readonly CommandEvent[],
  files: StageFiles,
  isFrozenArchive: boolean,
): readonly PackageInstall[] {
  const { stage, range, text, program, argv, id, folder: own } = event;
  if (event.isFollowed) return [];
  const found = firstInstall(event, {
    variable: event.variable,
    isFrozen: isFrozenArchive,
    hasFile: (name, folder = '') => {
      const isGone = before.some(
        (one) =>
          /^(?:rm|mv)$/.test(one.program) && wordsOf(one).some((word) => word.endsWith(name)),
      );
      const place = pathIn(own, folder || '.');
      if (isGone) return false;
      if (files.at(pathIn(place, name), id) !== undefined) return true;
      // A folder of the context that was not read may have it.
      return files.isWhole(place) ? false : undefined;
    },
    fileText: (path) => {
      const content = files.at(placeOf(event, path), id);
      return content?.kind === 'text' ? content.text : undefined;
    },
    ranBefore: (pattern) => before.some((one) => pattern.test(one.text)),
  });
  if (found === undefined) return [];
  // A version that a command prints is the newest: `V=$(apt-cache policy x)`.
  const isPrinted = (pin: string): boolean =>
    pin.includes('${') && argv.some((word) => word.sources.length > 0 && word.text.includes(pin));
  const packages = found.packages.map((one) =>
    one.pin !== undefined && isPrinted(one.pin) ? { name: one.name } : one,
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
