import { lookup } from '../model/lookup.ts';

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
  /** The folder holds only files that are named like their address. */
  readonly folderOfOwnNames?: true;
  /** Name a file of addresses. */
  readonly list?: string;
  /** The sum of what comes, which it checks. */
  readonly checksum?: string;
  /** More comes than the address names, each file under a name of its own. */
  readonly tree?: string;
  /** Lead to another machine than the address names. */
  readonly elsewhere?: string;
  /** It fetches nothing. */
  readonly nothing?: string;
  /** What is sent: each is for one address, whose answer may go unread. */
  readonly upload?: string;
}

const WGET: FileFetcher = {
  file: '-O --output-document',
  folder: '-P --directory-prefix',
  folderOfOwnNames: true,
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
    upload: '-T --upload-file',
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
