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
  /** It fetches more than the address names, each file under a name of its own. */
  readonly tree?: string;
  /** Options that send it to another machine than the address names. */
  readonly elsewhere?: string;
  /** It sends something: what its answer is used for is not known. */
  readonly sends: string;
  readonly nothing?: string;
  /** They write what it gets to other files, too. */
  readonly writes: string;
}

const WGET: FileFetcher = {
  file: '-O --output-document',
  folder: '-P --directory-prefix',
  list: '-i --input-file',
  tree: '-r --recursive -m --mirror -p --page-requisites',
  elsewhere: '-e --execute',
  sends: '--post-data --post-file --body-data --body-file',
  nothing: '--spider',
  writes: '--save-cookies',
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
    writes:
      '-D --dump-header -c --cookie-jar --trace --trace-ascii --stderr --etag-save --hsts --alt-svc',
    sends:
      '-d --data --data-ascii --data-binary --data-raw --data-urlencode -F --form --form-string --json -T --upload-file',
  },
  wget: WGET,
  wget2: WGET,
});

/** Keys and repositories by address, which decide what packages are trusted. */
export const KEY_FETCHES =
  /^(?:rpm(?:keys)? .*--import|gpg2? .*--fetch-keys?|apt-key .*--fetch-keys|(?:yum-config-manager|dnf5?) .*(?:--add-repo|addrepo).*\.repo(?: |$)|zypper (?:.* )?(?:ar|addrepo) .*\.repo(?: |$))/;

/** Fetches by a name that nothing checks. */
export const UNCHECKED_FETCHES =
  /^(?:cargo binstall(?!.* --locked\b)|(?:hf|huggingface-cli) download(?!.* --revision[= ][0-9a-f]{40}\b)) /;
