import { lookup } from '../lib/json.ts';

/** Options of a program that fetches the addresses among its words into files. */
interface FileFetcher {
  /** Name an address, as words do. */
  readonly address?: string;
  /** Names the file. */
  readonly file: string;
  /** Each address has a file of its own, in their order. */
  readonly each?: true;
  /** Options that write to a file named like the address; without them it writes to its output. */
  readonly ownName?: string;
  readonly folder?: string;
  /** Name a file of addresses. */
  readonly list?: string;
  /** The expected sum, which it checks. */
  readonly checksum?: string;
  /** It fetches more than the address names, each file under a name of its own. */
  readonly tree?: string;
  /** Options that send it to another machine than the address names. */
  readonly elsewhere?: string;
  readonly nothing?: string;
}

const WGET: FileFetcher = {
  file: '-O --output-document',
  folder: '-P --directory-prefix',
  list: '-i --input-file',
  tree: '-r --recursive -m --mirror -p --page-requisites',
  elsewhere: '-e --execute',
  nothing: '--spider',
};

export const FILE_FETCHERS = lookup<FileFetcher>({
  curl: {
    address: '--url --expand-url',
    file: '-o --output --expand-output',
    each: true,
    ownName: '-O --remote-name --remote-name-all -J',
    folder: '--output-dir',
    list: '-K --config',
    elsewhere:
      '-x --proxy --preproxy --proxy1.0 --socks4 --socks4a --socks5 --socks5-hostname --resolve --connect-to --doh-url',
    nothing: '-I --head',
  },
  wget: WGET,
  wget2: WGET,
  aria2c: {
    elsewhere: '--all-proxy --http-proxy --https-proxy',
    file: '-o --out',
    folder: '-d --dir',
    list: '-i --input-file -T --torrent-file -M --metalink-file',
    checksum: '--checksum',
  },
  axel: { file: '-o --output' },
});

/** How a program checks what it fetches by a name, without being asked to. */
type Checking =
  /** Sums that came with the program, or with its definitions. */
  | 'own sums'
  /** Sums that come from where the files come from. */
  | 'sums of the origin'
  | 'nothing';

/** A program that makes an address out of a name and a version. */
export interface NamedFetch {
  readonly program: string;
  /** The words without options of command lines that fetch. */
  readonly verbs: RegExp;
  readonly checks: Checking;
  /** Command lines that fetch nothing all the same. */
  readonly unless?: RegExp;
  /** The part of a command that says what is fetched, to the byte. */
  readonly pinned?: RegExp;
}

const row = (
  program: string,
  verbs: RegExp,
  checks: Checking,
  rest: Pick<NamedFetch, 'unless' | 'pinned'> = {},
): NamedFetch => ({ program, verbs, checks, ...rest });
const COMMIT = { pinned: /--revision[= ][0-9a-f]{40}\b/ } as const;

/** By what they fetch; the criterion's page shows it. */
export const NAMED_FETCHES: readonly NamedFetch[] = [
  row(
    'rustup',
    /^(?:toolchain (?:install|add)|install|update|default|target add|component add|show)\b/,
    'sums of the origin',
    {
      unless: /^(?:default(?: none)?|show (?:home|profile))$/,
    },
  ),
  row('rustup-init', /^/, 'sums of the origin', {
    unless: /--default-toolchain[= ]none\b|^(?:-V|--version|-h|--help)$/,
  }),
  row('nvm', /^install\b/, 'sums of the origin'),
  row('mix', /^local\.(?:hex|rebar)\b/, 'own sums'),
  row('pyenv', /^install\b/, 'own sums'),
  row('rbenv', /^install\b/, 'own sums'),
  row('uv', /^python install\b/, 'own sums'),
  row('cargo', /^binstall\b/, 'nothing'),
  row('fnm', /^(?:install|use)\b/, 'nothing'),
  row('volta', /^(?:install|pin|fetch)\b/, 'nothing'),
  row('pnpm', /^env (?:use|add)\b/, 'nothing'),
  row('n', /^(?!ls|list|rm|prune|which|bin|run|exec|uninstall|doctor)\S/, 'nothing'),
  row('asdf', /^(?:install|plugin[ -](?:add|update))\b/, 'nothing'),
  row('mise', /^(?:install|i|use|u)\b/, 'nothing', { pinned: / --locked\b/ }),
  row('sdk', /^(?:install|i|update|selfupdate)\b/, 'nothing'),
  row('playwright', /^install(?!-deps)\b/, 'nothing'),
  row('puppeteer', /^browsers install\b/, 'nothing'),
  row('@puppeteer/browsers', /^install\b/, 'nothing'),
  row('spacy', /^download\b/, 'nothing'),
  row('hf', /^download\b/, 'nothing', COMMIT),
  row('huggingface-cli', /^download\b/, 'nothing', COMMIT),
  row('dotnet-install.sh', /^/, 'nothing', { unless: /--dry-run\b|--help\b/ }),
];

/** Keys and repositories by address, which decide what packages are trusted. */
export const KEY_FETCHES =
  /^(?:rpm .*--import|gpg2? .*--fetch-keys?|apt-key .*--fetch-keys|(?:yum-config-manager|dnf5?) .*(?:--add-repo|addrepo).*\.repo(?: |$)|zypper (?:.* )?(?:ar|addrepo) .*\.repo(?: |$))/;
