import type { DownloadCheck, DownloadKind } from '../../model/build-analysis.ts';
import type { SourceRange } from '../../model/dockerfile.ts';
import { constantField, type Field } from '../shell/fields.ts';
import { pathIn } from '../shell/shell-state.ts';
import type { CommandEvent, CopyEvent } from './build-event.ts';
import { optionNames, readCommandLine } from './command-line.ts';
import { addressName, COMMIT, type Fetch, fetchOf, isCommit, isRemote } from './fetch.ts';

const GIT_VALUED = optionNames(
  '-b -c -C -o -j --branch --depth --config --origin --reference --template --revision --jobs --filter --git-dir ' +
    '--work-tree --separate-git-dir --upload-pack --shallow-since',
);
const ADDRESS = /^(?:(?:https?|ssh|git|ftp|git\+https?|git\+ssh):\/\/|git@[\w.-]+:)/i;

function commit(range: SourceRange, found: boolean): { ownCheck?: DownloadCheck } {
  return found ? { ownCheck: { method: 'commit', range } } : {};
}

function git(event: CommandEvent): readonly Fetch[] {
  const line = readCommandLine(event.argv.slice(1), GIT_VALUED);
  const [verb, ...operands] = line.operands;
  const [address, second] = operands;
  if (address === undefined) return [];
  if (verb?.text === 'clone') {
    if (!ADDRESS.test(address.text) && !address.text.includes('$')) return [];
    const pinned = line.values('--revision').some((f) => COMMIT.test(f.text));
    const target = second?.text ?? addressName(address.text).replace(/\.git$/, '');
    return [fetchOf(event, 'git', address, target, commit(event.range, pinned))];
  }
  if (verb?.text === 'remote' && address.text === 'add') {
    // What a later `git fetch NAME` takes comes from here.
    const remote = operands[2];
    return remote !== undefined && ADDRESS.test(remote.text)
      ? [fetchOf(event, 'git', remote, event.folder)]
      : [];
  }
  if (verb?.text !== 'fetch' && verb?.text !== 'pull') return [];
  // From a remote by its name: `git clone` or `git remote add` stands for it, and the commit here holds that.
  const pinned = operands.slice(1).some((f) => isCommit(f.text));
  return ADDRESS.test(address.text)
    ? [fetchOf(event, 'git', address, event.folder, commit(event.range, pinned))]
    : [];
}

/** Options whose value is an address of an index, a mirror or a proxy. */
const INDEXES = optionNames(
  '-i -f -X --index-url --extra-index-url --default-index --index --find-links --proxy --https-proxy --noproxy --registry ' +
    '--repository --repo --repofrompath --trusted-host --keyserver --mirror --setopt --allow-insecure-host --cache --option -o',
);

/** Addresses among the packages of a language's installer, each with what pins it. */
function packageAddresses(event: CommandEvent, kind: DownloadKind): readonly Fetch[] {
  const installs = event.argv.some((f) => /^(?:install|i|add|wheel|download|in)$/.test(f.text));
  if (!installs) return [];
  return event.argv.slice(1).flatMap((field, index) => {
    const before = event.argv[index]?.text ?? '';
    // The value of an option, such as an index; `-e ADDRESS`, `-r ADDRESS` and what follows a switch are fetched all the same.
    if (INDEXES.has(before)) return [];
    const found = /(?:git\+)?(?:https?|ssh):\/\/\S+/i.exec(field.text)?.[0];
    const hub = kind === 'npm-url' && /^(?:github:)?[\w.-]+\/[\w.-]+(?:#\S*)?$/.test(field.text);
    const address = found ?? (hub ? field.text : undefined);
    if (address === undefined || field.text.startsWith('-') || !isRemote(address)) return [];
    const pinned = /(?:@|#(?:commit=)?|\/)([0-9a-f]{40})(?:[#&?]|$)/i.test(address);
    const hashed = /#(?:.*&)?sha(?:256|384|512)[=-][0-9a-z+/=]{32,}/i.test(address);
    const ownCheck = hashed
      ? { ownCheck: { method: 'hash in the address', range: event.range } }
      : commit(event.range, pinned && (/git/.test(address) || hub));
    return [fetchOf(event, kind, { ...field, text: address }, '', ownCheck)];
  });
}

function cargoGit(event: CommandEvent): readonly Fetch[] {
  const line = readCommandLine(event.argv.slice(1), optionNames('--git --rev --tag --branch'));
  const address = line.values('--git')[0];
  if (address === undefined) return [];
  const pinned = line.values('--rev').some((f) => COMMIT.test(f.text));
  return [fetchOf(event, 'git', address, '', commit(event.range, pinned))];
}

const ADDRESS_KINDS: Readonly<Record<string, DownloadKind>> = {
  pip: 'pip-url',
  pip3: 'pip-url',
  uv: 'pip-url',
  npm: 'npm-url',
  yarn: 'npm-url',
  pnpm: 'npm-url',
  apt: 'package-url',
  'apt-get': 'package-url',
  apk: 'package-url',
  dnf: 'package-url',
  yum: 'package-url',
  microdnf: 'package-url',
  zypper: 'package-url',
};

/** Repositories and packages that commands fetch from an address; nothing for other commands. */
export function otherFetches(event: CommandEvent): readonly Fetch[] {
  const { program } = event;
  if (program === 'git') return git(event);
  if (program === 'cargo') return cargoGit(event);
  if (program === 'rpm') {
    const addresses = event.argv.filter((f) => /^https?:/.test(f.text));
    return event.argv.some((f) => /^(?:-[a-zA-Z]*[iU][a-zA-Z]*|--install|--upgrade)$/.test(f.text))
      ? addresses.map((address) => fetchOf(event, 'package-url', address, ''))
      : [];
  }
  if (/^python[\d.]*$/.test(program) && event.argv.some((f) => f.text === 'pip'))
    return packageAddresses(event, 'pip-url');
  const kind = Object.hasOwn(ADDRESS_KINDS, program) ? ADDRESS_KINDS[program] : undefined;
  return kind === undefined ? [] : packageAddresses(event, kind);
}

const GIT_SOURCE = /^(?:git@|git:\/\/|ssh:\/\/)|^https?:\/\/[^?#]+\.git(?:[?#]|$)/;

/** Remote sources of an ADD (Dockerfile reference, "ADD"): files with `--checksum`, repositories by commit. */
export function addFetches(event: CopyEvent): readonly Fetch[] {
  const { instruction } = event;
  if (instruction.keyword !== 'ADD') return [];
  const sources = instruction.arguments.slice(0, -1);
  const to = instruction.arguments.at(-1) ?? '';
  const checksum = instruction.flags.find((flag) => flag.name === 'checksum')?.value;
  return sources.flatMap((text) => {
    const repository = GIT_SOURCE.test(text);
    if (!repository && !/^https?:\/\//i.test(text)) return [];
    const ref = /#([^:]*)/.exec(text)?.[1] ?? /[?&]commit=([0-9a-f]+)/.exec(text)?.[1] ?? '';
    const address: Field = { ...constantField(text), constant: !text.includes('$') };
    const range = instruction.range;
    const target = to.endsWith('/') ? `${to}${addressName(text)}` : to;
    const own =
      checksum !== undefined && checksum !== ''
        ? { ownCheck: { method: 'ADD --checksum', range } }
        : commit(range, repository && COMMIT.test(ref));
    return [
      {
        id: event.id,
        kind: 'add' as const,
        address: address.text,
        constant: address.constant,
        target: pathIn(event.folder, target),
        toOutput: false,
        stage: event.stage,
        within: [],
        range,
        text: `ADD ${instruction.rawArguments}`.replace(/\s+/g, ' ').slice(0, 400),
        ...own,
      },
    ];
  });
}
