import type {
  Download,
  DownloadCheck,
  DownloadKind,
  PackageInstall,
} from '../../model/build-analysis.ts';
import type { SourceRange } from '../../model/dockerfile.ts';
import { FILE_FETCHERS, KEY_FETCHES, UNCHECKED_FETCHES } from '../../programs/fetchers.ts';
import { isInstaller } from '../../programs/installs.ts';
import { managerOf } from '../../programs/managers.ts';
import { valuedOptions } from '../../programs/options.ts';
import {
  INDEX_COMMANDS,
  namesIndex,
  OWN_INDEX,
  turnsChecksOff,
  uncheckedVariable,
} from '../../programs/trust.ts';
import { pathIn } from '../paths.ts';
import { constantField, type Field } from '../shell/expand.ts';
import {
  type CommandEvent,
  type CopyEvent,
  lineOf,
  placeOf,
  readCommandLine,
  wordsOf,
} from './commands.ts';
import type { StageFiles } from './stage-files.ts';

/** A download before it is judged. */
export interface Fetch {
  /** Number of the command (or ADD) that does it. */
  readonly id: number;
  readonly stage: number;
  readonly range: SourceRange;
  readonly text: string;
  readonly kind: DownloadKind;
  /** With unknown parts named; compare, but do not show as an address. */
  readonly address: string;
  readonly constant: boolean;
  /** Path it is written to; '' where it goes to standard output or is not known. */
  readonly target: string;
  readonly within: readonly number[];
  /** The command itself says what it fetches, down to the bytes. */
  readonly ownCheck?: DownloadCheck;
  readonly ineffectiveCheck?: Download['ineffectiveCheck'];
  /** Why the Dockerfile does not show whether something verifies it. */
  readonly open?: string;
  /** Why a check of its file does not verify all that it brings. */
  readonly unsure?: string;
}

type Own = Pick<Fetch, 'ownCheck' | 'ineffectiveCheck' | 'open' | 'unsure'>;

/** Of 64 digits it may be a branch: most repositories have commits of 40. */
const COMMIT = /^[0-9a-f]{40}$/;
const LOCAL =
  /^(?:\w+:\/\/)?(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0|host\.docker\.internal)(?:[:/]|$)|^file:/i;

/** Name of the file that an address ends in, without its query. */
function addressName(address: string): string {
  const path = address.replace(/^[a-z+]+:\/\//i, '').replace(/[?#].*/s, '');
  const slash = path.lastIndexOf('/');
  return slash < 0 ? (/^\$\{[^}]*\}$/.test(path) ? path : '') : path.slice(slash + 1);
}

function fetchOf(
  event: CommandEvent,
  kind: DownloadKind,
  address: Field,
  target = '',
  own: Own = {},
): Fetch {
  const { id, stage, range, text, within } = event;
  return {
    id,
    stage,
    range,
    text,
    kind,
    address: address.text,
    constant: address.constant && !address.text.includes('$'),
    target: target === '' ? '' : placeOf(event, target),
    within,
    ...own,
  };
}

/** A fetch whose address is not in a word of the command. */
function namedFetch(event: CommandEvent, kind: DownloadKind, name: string, own: Own = {}): Fetch {
  return fetchOf(event, kind, { ...constantField(name), constant: false }, '', own);
}

function byCommit(range: SourceRange, isPinned: boolean): Own {
  return isPinned ? { ownCheck: { method: 'commit', range } } : {};
}

function unsureOf(program: string, odd: string | undefined): Own {
  return odd === undefined ? {} : { unsure: `what ${odd} means to ${program} is not known` };
}

function isRemote(given: string): boolean {
  const address = given.replace(/^(\w+:\/\/)[^/?#]*@/, '$1');
  return !LOCAL.test(address) && !/^(?:\.{0,2}\/|-)/.test(address);
}

/** Fetches of curl, wget and similar. */
function fileFetches(event: CommandEvent): readonly Fetch[] {
  const { program, argv, writesTo } = event;
  const known = FILE_FETCHERS[program];
  if (known === undefined) return [];
  const line = readCommandLine(program, argv.slice(1));
  const { has, values, operands } = line;
  const odd = line.odd ?? known.writes.split(' ').find((one) => has(one));
  if (odd === undefined && has(known.nothing)) return [];
  const methods = values('-X --request --method').map(({ text }) => text);
  const isAsked = has(`${known.nothing ?? ''} -I --head`) || methods.includes('HEAD');
  const isSent =
    (has(known.sends) || methods.some((one) => one !== 'GET')) &&
    !event.command.operator.startsWith('|');
  const files = values(known.file);
  const folder = values(known.folder)[0]?.text;
  const isOwnName = known.ownName === undefined || has(known.ownName);
  const isElsewhere =
    has(known.elsewhere) ||
    [...event.variables()].some(
      ([name, value]) => /^(?:https?|all|ftp)_proxy$/i.test(name) && value !== '',
    );
  const kind = /^(wget|curl)/.exec(program)?.[1] as 'wget' | 'curl' | undefined;
  const fetches = [...values(known.address), ...operands].flatMap((address, index) => {
    if (!isElsewhere && !isRemote(address.text)) return [];
    const file = files[known.each === true ? index : 0]?.text;
    const name = has(known.tree) ? '' : (file ?? (isOwnName ? addressName(address.text) : ''));
    // wget's folder is for files of their own names alone.
    const isIn = folder !== undefined && !(kind === 'wget' && file !== undefined);
    const isOut = name === '' || name === '-' || name === '/dev/stdout';
    const target = isOut ? (writesTo[0] ?? '') : isIn ? `${folder}/${name}` : name;
    // Of several files, which one /dev/null is for is not read.
    if (
      target === '/dev/null' &&
      odd === undefined &&
      files.length < 2 &&
      !has(`${known.ownName ?? ''} -w --write-out`)
    )
      return [];
    const isOpen =
      isAsked || (isSent && target === '') || target === '/dev/null'
        ? { open: `what ${program} does with the answer is not known` }
        : unsureOf(program, odd);
    return [fetchOf(event, kind ?? 'other', address, target, isOpen)];
  });
  return [
    ...fetches,
    ...values(known.list).map((one) => namedFetch(event, 'other', `$(<${one.text})`)),
  ];
}

const REPOSITORY =
  /^(?:(?:https?|ssh|git|ftps?|git\+https?|git\+ssh|rsync):\/\/|(?:[\w.-]+@)?[\w.-]+:(?!\/\/))/i;

/** `git clone`, `cargo install --git`: pinned by a commit in it, or by a later checkout. */
function repositories(event: CommandEvent): readonly Fetch[] {
  const { program, range } = event;
  if (program !== 'git' && program !== 'cargo') return [];
  const { operands, values, has, odd } = readCommandLine(program, event.argv.slice(1));
  const [verb, address, folder] = operands;
  const named = values(program === 'git' ? '--revision' : '--rev');
  const isCommit = named.length === 1 && named.every(({ text }) => COMMIT.test(text));
  const own = odd === undefined ? byCommit(range, isCommit) : unsureOf(program, odd);
  if (program === 'cargo') return values('--git').map((one) => fetchOf(event, 'git', one, '', own));
  // The commit of the repository around names theirs, unless their newest is asked for.
  if (verb?.text === 'submodule' && address?.text === 'update')
    return [
      namedFetch(
        event,
        'git',
        'submodules',
        has('--remote') ? {} : byCommit(range, odd === undefined),
      ),
    ];
  if (verb?.text !== 'clone' || address === undefined) return [];
  if (!REPOSITORY.test(address.text) && !address.text.includes('$')) return [];
  const to = folder?.text ?? addressName(address.text).replace(/\.git$/, '');
  return [fetchOf(event, 'git', address, to, own)];
}

/** Options whose value is an address that brings no package: to rpm, `-i` installs. */
const NO_PACKAGE =
  /^(?:--(?:(?:extra-)?index-url|default-index|index|find-links|(?:https?-)?proxy|noproxy|registry|source|server|repository|repo|repofrompath|trusted-host|keyserver|mirror|setopt|allow-insecure-host|cache|option|homepage|cert))$/;
const SHORT_NO_PACKAGE = /^(?:pip[\d.]*|uvx?|pipx|pipenv) -[if]$|^apk -X$|^apt\S* -o$/;
/** Sums that pip and uv compare; to others, and of a repository, they are a part of the address. */
const HASHED = /^https?:[^#]*#(?:egg=[^&]*&)?sha(?:256|384|512)=[0-9a-f]{64,128}(?:&|$)/i;
const HUB = String.raw`(?:https:\/\/(?:github|gitlab)\.com\/|(?:github|gitlab|bitbucket):)?[\w.-]+\/[\w.-]+`;
const BY_COMMIT: Readonly<Record<'python' | 'node' | 'any', RegExp>> = {
  python: /^git\+(?:https?|ssh|git):\/\/[^#?]+@[0-9a-f]{40}(?:#|$)/i,
  node: new RegExp(
    `^(?:${HUB}|(?:git\\+(?:https?|ssh)|git|ssh):\\/\\/[^#?]+|git@[^#?]+)#(?:commit=)?[0-9a-f]{40}$`,
    'i',
  ),
  any: /^https:\/\/(?:codeload\.)?github\.com\/[\w.-]+\/[\w.-]+\/(?:archive|tarball|tar\.gz|zip)\/[0-9a-f]{40}(?:\.(?:tar\.gz|tgz|zip))?(?:#|$)/,
};

function packageAddresses(event: CommandEvent): readonly Fetch[] {
  const { program, argv, range } = event;
  const words = wordsOf(event);
  const isRun =
    /^(?:npx|bunx|pnpx|uvx)$/.test(program) || (program === 'pipx' && words[0] === 'run');
  const kind =
    program.endsWith('-plugin') || isRun
      ? 'other'
      : program === 'rpm'
        ? 'package-url'
        : (managerOf(program)?.fetches ?? (program === 'pipx' ? 'pip-url' : undefined));
  const isInstall =
    isRun ||
    program === 'cpanm' ||
    (program === 'rpm' && !words.includes('--import')) ||
    words.some((word) =>
      /^(?:\w*install|i|add|wheel|download|in|update|up|upgrade|downgrade|swap|builddep|-(?=\w*[iU])\w+|--install|--upgrade)$/.test(
        word,
      ),
    );
  if (kind === undefined || !isInstall) return [];
  return argv.slice(1).flatMap((field, at) => {
    const before = words[at - 1] ?? '';
    const isConda = /conda|mamba/.test(program);
    if (NO_PACKAGE.test(before) || SHORT_NO_PACKAGE.test(`${program} ${before}`)) return [];
    if (isConda && !/\.(?:conda|tar\.bz2)\b/.test(field.text)) return [];
    const isHub =
      (kind === 'npm-url' || isRun) &&
      (/^(?:github|gitlab|bitbucket):/.test(field.text) ||
        (!isRun && /^[\w.-]+\/[\w.-]+(?:#\S*)?$/.test(field.text)));
    const address =
      /(?:(?:git|hg|svn|bzr)\+)?(?:https?|ssh|git|ftp):\/\/\S+|^git@\S+/i.exec(field.text)?.[0] ??
      (isHub ? field.text : undefined);
    const isOption =
      field.text.startsWith('-') &&
      !/^-e|^--editable|^--(?:spec|from|package|git)=/.test(field.text);
    if (address === undefined || isOption || !isRemote(address)) return [];
    if (isRun && at > 0 && !/^(?:-\S+|run)$/.test(before)) return [];
    const isPython = kind === 'pip-url' || program === 'uvx' || program === 'pipx';
    const isCommit =
      BY_COMMIT[isPython ? 'python' : 'node'].test(address) || BY_COMMIT.any.test(address);
    const own: Own =
      /^(?:pip[\d.]*|uv) /.test(`${program} `) && HASHED.test(address)
        ? { ownCheck: { method: 'hash in the address', range } }
        : byCommit(range, isCommit);
    return [fetchOf(event, kind, { ...field, text: address }, '', own)];
  });
}

/** Keys and repositories by address, and fetches by a name: a check of them is not looked for. */
function namedFetches(event: CommandEvent): readonly Fetch[] {
  const line = lineOf(event);
  if (UNCHECKED_FETCHES.test(line)) return [namedFetch(event, 'other', line)];
  if (!KEY_FETCHES.test(line)) return [];
  return event.argv.slice(1).flatMap((field) => {
    const address = /https?:\/\/\S+/.exec(field.text)?.[0];
    return address === undefined || !isRemote(address)
      ? []
      : [fetchOf(event, 'package-url', { ...field, text: address })];
  });
}

export function fetchesOf(event: CommandEvent): readonly Fetch[] {
  const [only, ...more] = wordsOf(event);
  const asks = more.length === 0 && /^(?:-{1,2}v(?:ersion)?|-V|--help|-h)$/.test(only ?? '');
  if (event.isOffline || event.isFollowed || asks) return [];
  return [fileFetches, repositories, packageAddresses, namedFetches].flatMap((of) => of(event));
}

const GIT_SOURCE = /^(?:git@|git:\/\/|ssh:\/\/)|^https?:\/\/[^?#]+\.git(?:[?#]|$)/;

export function isFetched(source: string): boolean {
  return GIT_SOURCE.test(source) || /^https?:\/\//i.test(source);
}

function copyFetch(
  { instruction, id, stage }: CopyEvent,
  kind: DownloadKind,
  address: string,
  target: string,
  own: Own,
): Fetch {
  const { keyword, range, rawArguments } = instruction;
  const text = `${keyword} ${rawArguments}`.replace(/\s+/g, ' ').slice(0, 400);
  const constant = kind === 'add' && !address.includes('$');
  return { id, stage, range, text, kind, address, constant, target, within: [], ...own };
}

/** Remote ADD sources: files by checksum, repositories by commit (Dockerfile reference, "ADD"). */
export function addFetches(event: CopyEvent): readonly Fetch[] {
  const { instruction, folder } = event;
  const { keyword, arguments: words, flags, range } = instruction;
  if (keyword !== 'ADD') return [];
  const to = words.at(-1) ?? '';
  const checksum = flags.find(({ name }) => name === 'checksum')?.value ?? '';
  const check = { method: 'ADD --checksum', range };
  return words.slice(0, -1).flatMap((text) => {
    const isOpen = text.startsWith('$');
    if (!isOpen && !isFetched(text)) return [];
    const ref = /#([^:]*)/.exec(text)?.[1] ?? /[?&]commit=([0-9a-f]+)/.exec(text)?.[1] ?? '';
    const isSum = /^sha(?:256|384|512):[0-9a-f]{64,128}$/i.test(checksum) || COMMIT.test(checksum);
    const reason = 'the checksum has no value in the Dockerfile';
    const own: Own = isSum
      ? { ownCheck: check }
      : checksum !== ''
        ? { ineffectiveCheck: { ...check, reason } }
        : isOpen
          ? { open: `whether ${text.slice(0, 80)} is an address is not known` }
          : byCommit(range, GIT_SOURCE.test(text) && COMMIT.test(ref));
    const target = pathIn(folder, to.endsWith('/') ? `${to}${addressName(text)}` : to);
    return [copyFetch(event, 'add', text, target, own)];
  });
}

/** Lists of repositories that the build copies: nobody may have signed what they name. */
const SOURCES = /^\/etc\/(?:apt\/(?:sources|apt\.conf|preferences)|yum|dnf|zypp|pacman)/;

/** What a COPY or ADD says of the checks of a manager. */
export function uncheckedFiles(event: CopyEvent, files: StageFiles): readonly Fetch[] {
  const { id, instruction, folder } = event;
  const to = pathIn(folder, instruction.arguments.at(-1) ?? '');
  const [by] = files.put(SOURCES, id + 1).flatMap((path) => {
    const content = path.startsWith(to) ? files.at(path, id + 1) : undefined;
    if (content === undefined) return [];
    return content.kind === 'text'
      ? (turnsChecksOff('', [], content.text, { isManager: true, isInstall: true })?.by ?? [])
      : ['a list of repositories that is not shown'];
  });
  if (by === undefined) return [];
  const open = `${by} may turn the checks of the package manager off`;
  return [copyFetch(event, 'package-url', by, '', { open })];
}

function requirementLines(event: CommandEvent, files: StageFiles): readonly string[] {
  if (!/^(?:pip[\d.]*|uv)$/.test(event.program)) return [];
  const { values } = readCommandLine(event.program, event.argv.slice(1));
  return values('-r -c --requirement --constraint').flatMap(({ text }) => {
    const content = files.at(placeOf(event, text), event.id);
    return content?.kind === 'text' ? content.text.slice(0, 262_144).split(/\r?\n/) : [];
  });
}

const ADDRESS =
  /(?:(?:git|hg|svn|bzr|sparse)\+)?(?:https?|ftps?|git|ssh|svn):\/\/[^\s,"']+|(?:^|[@=\s])(?:git@|(?:github|gitlab|bitbucket|gist|sourcehut):)\S+/gi;
const SIGNED = /^(?:apt|apt-get|aptitude|apt-fast|apk|dnf5?|microdnf|tdnf|yum|zypper|pacman)$/;
const INSTALLS =
  /^\S+ (?:.* )?(?:install|i|in|add|update|up|upgrade|fix|create-project|-(?=\w*[SUiu])\w+)(?: |$)/;

/** Their first word is a package to run; the others are its arguments. */
const RUNS =
  /^(?:npx|bunx|pnpx|uvx|(?:npm|pnpm|yarn|bun) (?:exec|x|dlx)|(?:uv|pipx) run) (?:-\S+ )*\S+/;

/** Texts that may say where an install takes packages from. `all`: not only its operands. */
function placesIn(
  event: CommandEvent,
  before: readonly CommandEvent[],
  all: boolean,
): readonly string[] {
  const { program } = event;
  const words = wordsOf(event);
  const runs = RUNS.exec(`${lineOf(event)} `)?.[0].split(' ').length;
  const valued = valuedOptions(program);
  const isOption = (word: string, at: number): boolean =>
    word.startsWith('-') || valued.has(words[at - 1] ?? '');
  const own = words
    .slice(0, runs === undefined ? undefined : runs - 1)
    .filter((word, at) => all || !isOption(word, at))
    .filter((_, at, kept) => !/^--(?:https?-)?proxy$/.test(kept[at - 1] ?? ''));
  if (!all) return own;
  const variables = [...event.variables()].flatMap(([name, value = 'ssh://${index}']) =>
    namesIndex(name, program) ? [value] : [],
  );
  const commands = before.flatMap((one) => {
    const line = lineOf(one);
    const isOwn = managerOf(one.program)?.fetches === managerOf(program)?.fetches;
    return isOwn && INDEX_COMMANDS.test(line) ? [line] : [];
  });
  return [...own, ...variables, ...commands];
}

/** A line of requirements without those addresses that a hash or a commit pins. */
function unpinned(line: string): string {
  const isPinned =
    COMMIT.test(/@([^@/#\s]+)(?:#|\s|$)/.exec(line)?.[1] ?? '') ||
    /[#&]sha(?:256|384|512)=|--hash=/.test(line);
  return isPinned || line.trimStart().startsWith('#') ? '' : line;
}

/**
 * What an install takes from elsewhere than its language's own index, or what nothing known of its
 * manager verifies. `own`: addresses among its words that are judged on their own.
 */
export function sourceFetches(
  event: CommandEvent,
  installs: readonly PackageInstall[],
  before: readonly CommandEvent[],
  files: StageFiles,
  own: readonly Fetch[],
): readonly Fetch[] {
  const { program, isOffline, isFollowed } = event;
  const line = lineOf(event);
  const isInstall = installs.length > 0 || (isInstaller(program) && INSTALLS.test(line));
  if (isOffline || isFollowed || !isInstall) return [];
  // Sums of a lock file make any index give the same.
  const isLocked =
    installs.length > 0 &&
    installs.every(({ lockFile }) => lockFile) &&
    !/^(?:gem|bundle|composer)/.test(program);
  const isRelease = /^yarn (?:-\S+ )*(?:set version|policies set-version)\b/.test(line);
  const texts = [
    ...placesIn(event, before, !isLocked && !SIGNED.test(program)),
    ...requirementLines(event, files).map(unpinned),
    ...installs.flatMap(({ looseLock }) => looseLock?.address ?? []),
  ];
  const judged = new Set(own.map(({ address }) => address));
  const found = texts
    .flatMap((text) => text.match(ADDRESS) ?? [])
    .map((one) => one.replace(/^[@=\s]/, ''))
    .find((one) => isRemote(one) && !OWN_INDEX.test(one) && !judged.has(one));
  const address = isRelease ? 'an address that is not read' : found;
  if (address === undefined) return [];
  const open = `packages come from ${address.replace(/\/\/[^/@]*@/, '//')}, and no hash pins them`;
  return [namedFetch(event, 'package-url', program, { open })];
}

/** Settings by which a manager takes what nobody signed: in words, variables and written files. */
export function uncheckedSources(event: CommandEvent, isInstall: boolean): readonly Fetch[] {
  const { program, input, range, isOffline, isFollowed } = event;
  if (isOffline || isFollowed) return [];
  const words = wordsOf(event);
  const isManager =
    isInstall ||
    managerOf(program) !== undefined ||
    /^(?:go|git|rpm|dpkg|add-apt-repository|composer|bundler?|snap|helm|dotnet|nuget)$/.test(
      program,
    );
  if (words.some((word) => /^--require-hashes$|^--hash=/.test(word))) return [];
  const found = turnsChecksOff(program, words, input?.text ?? '', { isManager, isInstall });
  const by = found?.by ?? (isInstall ? uncheckedVariable(event.variables(), program) : undefined);
  if (by === undefined) return [];
  const method = 'the package manager’s signature check';
  const own =
    found?.isSure === true
      ? { ineffectiveCheck: { method, reason: `${by} turns it off`, range } }
      : { open: `${by} may turn the checks of the package manager off` };
  return [namedFetch(event, 'package-url', by, own)];
}
