import type { Download, DownloadCheck, DownloadKind } from '../../model/build-analysis.ts';
import type { SourceRange } from '../../model/dockerfile.ts';
import { COPIERS } from '../../programs/copiers.ts';
import { FILE_FETCHERS } from '../../programs/file-fetchers.ts';
import { managerOf } from '../../programs/managers/catalogue.ts';
import { NAMED_FETCHES } from '../../programs/named-fetches.ts';
import { OBJECT_FETCHERS, PULLERS } from '../../programs/services.ts';
import { pathIn } from '../paths.ts';
import { constantField, type Field } from '../shell/fields.ts';
import { type CommandEvent, type CopyEvent, placeOf, wordsOf } from './command-event.ts';
import { readCommandLine, verbOf } from './command-line.ts';

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
  readonly toOutput: boolean;
  readonly within: readonly number[];
  /** The command itself says what it fetches, down to the bytes. */
  readonly ownCheck?: DownloadCheck;
  readonly ineffectiveCheck?: Download['ineffectiveCheck'];
  /** Why nobody can tell from here whether something verifies it. */
  readonly open?: string;
}

type Own = Pick<Fetch, 'ownCheck' | 'ineffectiveCheck' | 'open'>;

export const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const LOCAL =
  /^(?:\w+:\/\/)?(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0|host\.docker\.internal)(?:[:/]|$)|^file:/i;

/** Name of the file that an address ends in, without its query. */
function addressName(address: string): string {
  const path = address.replace(/^[a-z+]+:\/\//i, '').replace(/[?#].*/s, '');
  const slash = path.lastIndexOf('/');
  return slash < 0 ? (/^\$\{[^}]*\}$/.test(path) ? path : '') : path.slice(slash + 1);
}

export function fetchOf(
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
    toOutput: target === '',
    within,
    ...own,
  };
}

/** A fetch whose address is not told by a word. */
export function namedFetch(
  event: CommandEvent,
  kind: DownloadKind,
  name: string,
  own: Own = {},
): Fetch {
  return {
    ...fetchOf(event, kind, { ...constantField(name), constant: false }, '', own),
    toOutput: false,
  };
}

function byCommit(range: SourceRange, isPinned: boolean): Own {
  return isPinned ? { ownCheck: { method: 'commit', range } } : {};
}

function isRemote(given: string): boolean {
  const address = given.replace(/^(\w+:\/\/)[^/?#]*@/, '$1');
  return !LOCAL.test(address) && !/^(?:\.{0,2}\/|-)/.test(address);
}

/** What curl, wget and their kind fetch. */
function fileFetches(event: CommandEvent): readonly Fetch[] {
  const known = FILE_FETCHERS[event.program];
  if (known === undefined) return [];
  const line = readCommandLine(event.program, event.argv.slice(1));
  const values = (names = ''): readonly Field[] => line.values(...names.split(' '));
  const has = (names = ''): boolean => line.has(...names.split(' '));
  const method = line.values('-X', '--request', '--method').at(-1)?.text ?? 'GET';
  if (has(known.nothing) || method === 'HEAD') return [];
  const isSent =
    /^(?:POST|PUT|PATCH|DELETE)$/.test(method) ||
    values(known.upload).length > 0 ||
    line.has(
      '-d',
      '--data',
      '--data-binary',
      '--data-raw',
      '--json',
      '-F',
      '--form',
      '--post-data',
      '--post-file',
    );
  const files = values(known.file);
  const folder = values(known.folder)[0]?.text;
  const isOwnName = known.ownName === undefined || has(known.ownName);
  const isElsewhere =
    has(known.elsewhere) ||
    [...event.allVariables()].some(
      ([name, value]) => /^(?:https?|all|ftp)_proxy$/i.test(name) && value !== '',
    );
  const kind = event.program.startsWith('wget')
    ? 'wget'
    : event.program === 'curl'
      ? 'curl'
      : 'other';
  const sum = values(known.checksum)[0]?.text;
  const own: Own =
    sum !== undefined && /^sha-?(?:256|384|512)=[0-9a-f]{64,}$/i.test(sum)
      ? { ownCheck: { method: '--checksum', range: event.range } }
      : sum !== undefined && /^(?:md5|sha-?1)=/i.test(sum)
        ? {
            ownCheck: {
              method: '--checksum',
              range: event.range,
              weak: 'MD5 and SHA-1 can be forged',
            },
          }
        : {};
  const fetches = [...values(known.address), ...line.operands].flatMap((address, index) => {
    if (!isElsewhere && !isRemote(address.text)) return [];
    const file = files[known.each === true ? index : 0]?.text;
    const name = has(known.tree) ? '' : (file ?? (isOwnName ? addressName(address.text) : ''));
    const isIn = folder !== undefined && !(known.folderOfOwnNames === true && file !== undefined);
    const isOut = name === '' || name === '-' || name === '/dev/stdout';
    const target = isOut ? (event.writesTo[0] ?? '') : isIn ? `${folder}/${name}` : name;
    if (
      target === '/dev/null' ||
      (isSent && target === '' && !event.command.operator.startsWith('|'))
    )
      return [];
    return [fetchOf(event, kind, address, target, own)];
  });
  const lists = values(known.list).map((list) => namedFetch(event, kind, `$(<${list.text})`));
  return [...fetches, ...lists];
}

const REPOSITORY =
  /^(?:(?:https?|ssh|git|ftps?|git\+https?|git\+ssh|rsync):\/\/|(?:[\w.-]+@)?[\w.-]+:(?!\/\/))/i;

/** What git and its kind fetch: held by a commit in the command itself, or by a later checkout. */
function repositories(event: CommandEvent): readonly Fetch[] {
  const { program, range } = event;
  const line = readCommandLine(program, event.argv.slice(1));
  const [verb, address, second, third] = line.operands;
  const pinned = line
    .values('--revision', '--rev', '-r', '-u')
    .some(({ text }) => COMMIT.test(text));
  if (program === 'cargo')
    return line
      .values('--git')
      .map((one) => fetchOf(event, 'git', one, '', byCommit(range, pinned)));
  if (program === 'gh' || program === 'glab')
    return verb?.text === 'repo' && address?.text === 'clone' && second !== undefined
      ? [
          fetchOf(
            event,
            'git',
            { ...second, constant: false },
            third?.text ?? addressName(`/${second.text}`),
          ),
        ]
      : [];
  if (program !== 'git' && program !== 'hg') return [];
  switch (verb?.text ?? '') {
    case 'clone': {
      if (address === undefined || !(REPOSITORY.test(address.text) || /\$/.test(address.text)))
        return [];
      const folder = second?.text ?? addressName(address.text).replace(/\.git$/, '');
      return [fetchOf(event, 'git', address, folder, byCommit(range, pinned))];
    }
    case 'submodule':
      // The commit of the repository around names theirs, unless their newest is asked for.
      if (address?.text === 'add' && second !== undefined) return [fetchOf(event, 'git', second)];
      if (address?.text !== 'update') return [];
      return [namedFetch(event, 'git', 'submodules', byCommit(range, !line.has('--remote')))];
    case 'lfs':
      return /^(?:pull|fetch)$/.test(address?.text ?? '')
        ? [namedFetch(event, 'git', 'lfs', byCommit(range, true))]
        : [];
    case 'remote':
      return address?.text === 'add' && third !== undefined && REPOSITORY.test(third.text)
        ? [fetchOf(event, 'git', third, '.')]
        : [];
    case 'fetch':
    case 'pull': {
      const isHeld = line.operands
        .slice(2)
        .some(({ text }) => COMMIT.test(text.replace(/^\+/, '').replace(/:[\w./-]*$/, '')));
      return address !== undefined && REPOSITORY.test(address.text)
        ? [fetchOf(event, 'git', address, '.', byCommit(range, isHeld))]
        : [];
    }
    case 'archive':
      return line.values('--remote').map((one) => fetchOf(event, 'git', one));
    default:
      return [];
  }
}

/** Programs that run one of a package: `npx playwright install`. */
const RUNNERS = /^(?:npx|bunx|pnpx|npm|pnpm|yarn|bun)$/;

/** What the programs of the tables take from services, registries and other machines. */
function serviceFetches(event: CommandEvent): readonly Fetch[] {
  const { program, argv, range } = event;
  const { operands, values, has } = readCommandLine(program, argv.slice(1));
  const spoken = operands.map(({ text }) => text).join(' ');
  const line = wordsOf(event).join(' ');
  const run = RUNNERS.test(program)
    ? argv.findLastIndex(
        ({ text }, at) => at > 0 && text !== program && NAMED_FETCHES[text] !== undefined,
      )
    : -1;
  if (run > 0)
    return serviceFetches({ ...event, program: argv[run]?.text ?? '', argv: argv.slice(run) });
  const named = NAMED_FETCHES[program];
  if (named !== undefined && named.unless?.test(line) !== true) {
    const { verbs = [''], checks, reason, pinned } = named;
    const isHeld = checks !== 'nothing' || pinned?.[1].test(` ${line}`) === true;
    const weak = checks === 'sums of the origin' ? { weak: reason } : {};
    const ownCheck = { method: `${program} itself`, range, ...weak };
    if (
      verbs.some((verb) =>
        verb === '' ? operands.length > 0 || line !== '' : `${spoken} `.startsWith(`${verb} `),
      )
    )
      return [namedFetch(event, 'other', spoken, isHeld ? { ownCheck } : {})];
  }
  const objects = OBJECT_FETCHERS[program];
  if (objects !== undefined && verbOf(operands, objects.verbs) !== undefined && line !== '')
    return [namedFetch(event, 'other', spoken)];
  const puller = PULLERS[program];
  const pulled = puller && verbOf(operands, puller.verbs);
  if (
    puller !== undefined &&
    pulled !== undefined &&
    (puller.prefix === undefined || puller.prefix.test(pulled.rest[0]?.text ?? ''))
  ) {
    const reference = /(?:^|\s)(?:[a-z]+:\/\/)?[^\s@]+@sha256:[0-9a-f]{64}(?:\s|$)/.test(
      `${line} `,
    );
    const method = reference
      ? 'digest'
      : puller.verify !== undefined && has(puller.verify)
        ? puller.verify
        : '';
    return [
      namedFetch(event, 'other', spoken, method === '' ? {} : { ownCheck: { method, range } }),
    ];
  }
  const copier = COPIERS[program];
  if (copier === undefined) return [];
  if (
    copier.verbs !== undefined &&
    !copier.verbs.some((verb) => operands.some(({ text }) => text === verb))
  )
    return [];
  const at = operands.findIndex(({ text }) => copier.from.test(text));
  const address = operands[at];
  if (
    address === undefined ||
    (copier.both === true && at === operands.length - 1) ||
    !isRemote(address.text)
  )
    return [];
  const [file] = values('-o', '-O', '--output');
  return [fetchOf(event, 'other', address, file?.text ?? operands[at + 1]?.text ?? '')];
}

/** Options whose value is an address of an index, a mirror or a proxy. */
const NO_PACKAGE =
  /^(?:-[ifX]|-o|--(?:(?:extra-)?index-url|default-index|index|find-links|(?:https?-)?proxy|noproxy|registry|source|server|repository|repo|repofrompath|trusted-host|keyserver|mirror|setopt|allow-insecure-host|cache|option|homepage))$/;

/** Packages that managers fetch from an address. */
function packageAddresses(event: CommandEvent): readonly Fetch[] {
  const { program, argv, range } = event;
  const words = wordsOf(event);
  const isRun =
    /^(?:npx|bunx|pnpx|uvx)$/.test(program) || (program === 'pipx' && words[0] === 'run');
  const isPlugin = program.endsWith('-plugin');
  const kind = isPlugin ? 'other' : program === 'rpm' ? 'package-url' : managerOf(program)?.fetches;
  if (kind === undefined && !isRun) return [];
  const isInstall =
    isRun ||
    /^(?:cpanm|easy_install)/.test(program) ||
    words.some((word) =>
      /^(?:install|i|add|wheel|download|in|-(?=\w*[iU])\w+|--install|--upgrade)$/.test(word),
    );
  if (!isInstall) return [];
  return argv.slice(1).flatMap((field, at) => {
    const before = words[at - 1] ?? '';
    if (
      NO_PACKAGE.test(before) ||
      (/conda|mamba/.test(program) &&
        (before === '-c' || !/\.(?:conda|tar\.bz2)\b/.test(field.text)))
    )
      return [];
    const found = /(?:(?:git|hg|svn|bzr)\+)?(?:https?|ssh|git|ftp):\/\/\S+|^git@\S+/i.exec(
      field.text,
    )?.[0];
    const isHub =
      (kind === 'npm-url' || isRun) &&
      (/^(?:github|gitlab|bitbucket):/.test(field.text) ||
        (!isRun && /^[\w.-]+\/[\w.-]+(?:#\S*)?$/.test(field.text)));
    const address = found ?? (isHub ? field.text : undefined);
    const isOption =
      field.text.startsWith('-') &&
      !/^-e|^--editable|^--(?:spec|from|package|git)=/.test(field.text);
    if (address === undefined || isOption || !isRemote(address)) return [];
    if (isRun && at > 0 && !/^(?:-p|--package|--from|--spec|run|-y|--yes|-\S+)$/.test(before))
      return [];
    const isHashed = /^[^#]*#(?:.*&)?sha(?:256|384|512)[=-][0-9a-z+/=]{32,}/i.test(address);
    const isCommit =
      /(?:@|#(?:commit=)?|\/)[0-9a-f]{40}(?:[#&?]|$)/i.test(address) &&
      (/git/.test(address) || isHub);
    const own: Own = isHashed
      ? { ownCheck: { method: 'hash in the address', range } }
      : byCommit(range, isCommit);
    return [
      { ...fetchOf(event, kind ?? 'other', { ...field, text: address }, '', own), toOutput: false },
    ];
  });
}

/** Calls by which scripts of other languages fetch; what they check counts for nothing. */
const SCRIPT =
  /urlopen|urlretrieve|requests\.(?:get|post)|httpx\.|\bfetch\(|https?\.get\(|file_get_contents|\bcopy\(|fopen\(|curl_exec|Net::HTTP|URI\.open|open-uri|LWP|download\.file|download_file|install_(?:github|url)|axios|from_pretrained|SentenceTransformer|snapshot_download|hf_hub_download|load_dataset|nltk\.download|torch\.hub|gdown\.|getstore|File::Fetch|HTTP::Tiny/;
const INTERPRETER = /^(?:python|pypy|node|nodejs|deno|bun|php|perl|ruby|R|Rscript|r|lua)[\d.]*$/;
const WINDOWS =
  /(?:Invoke-WebRequest|Invoke-RestMethod|\biwr\b|\birm\b|DownloadFile|DownloadString|Start-BitsTransfer|\bcurl(?:\.exe)?\b|\bwget\b|bitsadmin|certutil)[^]*?(https?:\/\/[^\s'"`)]+)/i;
/** Programs by which bytes come over a connection. */
const SOCKETS = /^(?:nc|ncat|netcat|socat|telnet|ssh)$/;

/** Downloads that are found by what they say alone: a miss costs a hint. */
function foundFetches(event: CommandEvent): readonly Fetch[] {
  const { program, argv, input, text, writesTo, command } = event;
  const words = wordsOf(event);
  const line = words.join(' ');
  if (INTERPRETER.test(program)) {
    const script = `${line}\n${input?.text ?? ''}`;
    const address = /https?:\/\/[^\s'"\\)]+/.exec(script)?.[0];
    const isName =
      /(?:from_pretrained|SentenceTransformer|snapshot_download|hf_hub_download|install_github|load_dataset|nltk\.download)\(\s*\\?["'](?![./])/.test(
        script,
      );
    if (!SCRIPT.test(script) || (address === undefined && !isName) || LOCAL.test(address ?? ''))
      return [];
    const isChecked =
      /hashlib|sha(?:256|384|512)|createHash|Digest|hash_file|\b[0-9a-f]{40}\b/i.test(script);
    const open = 'whether its script checks what it fetches is not read';
    return [namedFetch(event, 'other', address ?? 'a name', isChecked ? { open } : {})];
  }
  if (/^(?:powershell|pwsh|cmd)$/i.test(program)) {
    const address = WINDOWS.exec(line)?.[1];
    return address === undefined || LOCAL.test(address)
      ? []
      : [namedFetch(event, 'other', address)];
  }
  const isWritten = writesTo.some((file) => file !== '/dev/null');
  const isTaken = isWritten || command.operator === '|' || command.nested;
  const own: Own = isWritten ? {} : { open: 'what comes over a connection is not known' };
  if (/\/dev\/(?:tcp|udp)\//.test(text) && program !== ':')
    return [namedFetch(event, 'other', '/dev/tcp', own)];
  if (SOCKETS.test(program) || (program === 'openssl' && words[0] === 's_client')) {
    const { operands, has } = readCommandLine(program, argv.slice(1));
    const host = program === 'openssl' ? words[words.indexOf('-connect') + 1] : operands[0]?.text;
    const isOpen = program === 'ssh' ? operands.length > 1 : !has('-z', '-l', '--listen');
    return isTaken && isOpen && host !== undefined && isRemote(host) && operands.length > 0
      ? [namedFetch(event, 'other', host, own)]
      : [];
  }
  // Keys and repositories are what packages are trusted by.
  const isKey =
    (program === 'rpm' && words.includes('--import')) ||
    (/^gpg2?$/.test(program) && words.some((word) => /^--(?:fetch-keys?|fetch)$/.test(word))) ||
    (program === 'apt-key' && words.includes('--fetch-keys')) ||
    (/^(?:yum-config-manager|dnf5?)$/.test(program) &&
      /(?:--add-repo|addrepo).*\.repo(?: |$)/.test(line)) ||
    (program === 'zypper' && /(?:^| )(?:ar|addrepo) .*\.repo(?: |$)/.test(line));
  if (!isKey) return [];
  return argv.slice(1).flatMap((field) => {
    const address = /https?:\/\/\S+/.exec(field.text)?.[0];
    return address === undefined || !isRemote(address)
      ? []
      : [{ ...fetchOf(event, 'package-url', { ...field, text: address }), toOutput: false }];
  });
}

/** What a command fetches. */
export function fetchesOf(event: CommandEvent): readonly Fetch[] {
  const [only, ...more] = wordsOf(event);
  const asks = more.length === 0 && /^(?:-{1,2}v(?:ersion)?|-V|--help|-h)$/.test(only ?? '');
  if (event.isOffline || event.isFollowed || asks) return [];
  return [fileFetches, repositories, serviceFetches, packageAddresses, foundFetches].flatMap((of) =>
    of(event),
  );
}

const GIT_SOURCE = /^(?:git@|git:\/\/|ssh:\/\/)|^https?:\/\/[^?#]+\.git(?:[?#]|$)/;

/** True for a source of an ADD that is fetched. */
export function isFetched(source: string): boolean {
  return GIT_SOURCE.test(source) || /^https?:\/\//i.test(source);
}

/** Remote ADD sources: files by checksum, repositories by commit (Dockerfile reference, "ADD"). */
export function addFetches({ instruction, folder, id, stage }: CopyEvent): readonly Fetch[] {
  const { keyword, arguments: words, flags, range, rawArguments } = instruction;
  if (keyword !== 'ADD') return [];
  const to = words.at(-1) ?? '';
  const checksum = flags.find(({ name }) => name === 'checksum')?.value;
  return words.slice(0, -1).flatMap((text) => {
    const isOpen = text.startsWith('$');
    if (!isOpen && !isFetched(text)) return [];
    const ref = /#([^:]*)/.exec(text)?.[1] ?? /[?&]commit=([0-9a-f]+)/.exec(text)?.[1] ?? '';
    const check = { method: 'ADD --checksum', range };
    const own: Own =
      checksum !== undefined && checksum !== ''
        ? /^(?:sha(?:256|384|512)):[0-9a-f]{64,128}$/i.test(checksum) || COMMIT.test(checksum)
          ? { ownCheck: check }
          : {
              ineffectiveCheck: { ...check, reason: 'the checksum has no value in the Dockerfile' },
            }
        : isOpen
          ? { open: `whether ${text.slice(0, 80)} is an address is not known` }
          : byCommit(range, GIT_SOURCE.test(text) && COMMIT.test(ref));
    const target = pathIn(folder, to.endsWith('/') ? `${to}${addressName(text)}` : to);
    return [
      {
        id,
        stage,
        range,
        text: `ADD ${rawArguments}`.replace(/\s+/g, ' ').slice(0, 400),
        kind: 'add' as const,
        address: text,
        constant: !text.includes('$'),
        target,
        toOutput: false,
        within: [],
        ...own,
      },
    ];
  });
}
