import { lookup } from '../lib/json.ts';

/** What options mean of a program that fetches the addresses among its words into files. */
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
  /** The sum of what comes, which it checks. */
  readonly checksum?: string;
  /** More comes than the address names, each file under a name of its own. */
  readonly tree?: string;
  /** Lead to another machine than the address names. */
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

/** What a program does by itself about what it fetches by a name. */
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

/** Command lines by which programs take files from services, registries and other machines. */
export const SERVICE_FETCHES: readonly RegExp[] = [
  /^(?:gh|glab) (?:release|run) download\b/,
  /^aws (?:\S+ )*(?:s3 \w+ (?:-\S+ )*s3:\S+ \S|s3api get-object\b)/,
  /^(?:gsutil|gcloud) (?:\S+ )*?(?:-\S+ )*gs:\S+ \S/,
  /^(?:gcloud artifacts|az|oci|kaggle) (?:\S+ )*(?:download|download-batch|get)\b/,
  /^gdown \S/,
  /^azcopy (?:copy|cp|sync) ["']?https?:\S+ \S/,
  /^s[35]cmd (?:\S+ )*(?:get|sync|cp) (?:-\S+ )*s3:\S+ \S/,
  /^rclone (?:copy|copyto|sync|copyurl) (?:-\S+ )*[\w.-]+:\S+ \S/,
  /^svn (?:checkout|co|export) (?:-\S+ )*(?:https?|svn)/,
  /^(?:rsync|scp) (?:\S+ )*(?:\w+:\/\/\S|[\w.@-]+::?[^\s/]|[\w.@-]+:\/(?!\/))\S* \S/,
  /^sftp (?:-\S+ )*[\w.@-]+:\S/,
  /^(?:ftp|fetch|ncftpget|wcurl|lwp-download|lwp-request|GET|lynx|links|elinks|w3m) (?:\S+ )*(?:https?|ftp):\/\//,
  /^(?:https?|xhs?) (?:\S+ )*(?![A-Z]+$|[:-])\S*\.\S/,
  /^(?:oras|crane|regctl|imgpkg) (?:pull|export|blob|manifest fetch|copy|cp|image export|artifact get)\b/,
  /^skopeo (?:\S+ )*copy (?:-\S+ )*docker:/,
  /^(?:docker|podman|nerdctl|ctr) (?:images? |i )?pull\b/,
  /^helm (?:pull|fetch)\b/,
  /^flux pull artifact\b/,
];

/** Calls by which scripts of other languages fetch; what they check counts for nothing. */
export const SCRIPT_FETCHES =
  /urlopen|urlretrieve|requests\.(?:get|post)|httpx\.|\bfetch\(|https?\.get\(|file_get_contents|\bcopy\(|fopen\(|curl_exec|Net::HTTP|URI\.open|open-uri|LWP|download\.file|install_(?:github|url)|axios|from_pretrained|SentenceTransformer|snapshot_download|hf_hub_download|load_dataset|nltk\.download|torch\.hub|getstore|HTTP::Tiny/;
/** Those that take a name, in place of an address. */
export const NAMED_SCRIPT_FETCHES =
  /(?:from_pretrained|SentenceTransformer|snapshot_download|hf_hub_download|install_github|load_dataset|nltk\.download)\(\s*\\?["'](?![./])/;
export const WINDOWS_FETCHES =
  /(?:Invoke-WebRequest|Invoke-RestMethod|\biwr\b|\birm\b|DownloadFile|DownloadString|Start-BitsTransfer|\bcurl(?:\.exe)?\b|\bwget\b|bitsadmin|certutil)[^]*?(https?:\/\/[^\s'"`)]+)/i;
/** Keys and repositories by address: what packages are trusted by. */
export const KEY_FETCHES =
  /^(?:rpm .*--import|gpg2? .*--fetch-keys?|apt-key .*--fetch-keys|(?:yum-config-manager|dnf5?) .*(?:--add-repo|addrepo).*\.repo(?: |$)|zypper (?:.* )?(?:ar|addrepo) .*\.repo(?: |$))/;
