import { lookup } from '../model/lookup.ts';
import { calledPath, returnedPath, textArguments } from './traced-path.ts';

/** What a program did with files and sockets. Paths are absolute, as the container has them. */
export interface FileTrace {
  /** AppArmor letters by path: `r`, `w`, `m`, `k`, and `c` for files made, removed or renamed. */
  readonly files: ReadonlyMap<string, ReadonlySet<string>>;
  /** Paths that were passed by name, so that links in them are still to be resolved; likewise. */
  readonly named: ReadonlyMap<string, ReadonlySet<string>>;
  /** Programs that a container was started with. */
  readonly entries: ReadonlySet<string>;
  /** Programs that those started. */
  readonly executed: ReadonlySet<string>;
  /** Sockets, `2 1` for family and type. */
  readonly sockets: ReadonlySet<string>;
  /** Paths without a known folder, or too many. */
  readonly unplaced: number;
}

const OPENS = ['open', 'openat', 'openat2', 'creat'];
/** The letters of each path that a call names, in the order of its arguments. */
const CHANGES = lookup<readonly string[]>({
  unlink: ['wc'],
  unlinkat: ['wc'],
  rename: ['rwc', 'wc'],
  renameat: ['rwc', 'wc'],
  renameat2: ['rwc', 'wc'],
  mkdir: ['wc'],
  mkdirat: ['wc'],
  rmdir: ['wc'],
  mknod: ['wc'],
  mknodat: ['wc'],
  link: ['r', 'wc'],
  linkat: ['r', 'wc'],
  symlink: ['', 'wc'],
  symlinkat: ['', 'wc'],
  chmod: ['w'],
  fchmodat: ['w'],
  fchmodat2: ['w'],
  chown: ['w'],
  lchown: ['w'],
  fchownat: ['w'],
  truncate: ['w'],
  utimensat: ['w'],
});
const OTHERS = [
  'execve',
  'execveat',
  'mmap',
  'mmap2',
  'connect',
  'bind',
  'flock',
  'fcntl',
  'chdir',
];
/** Calls whose arguments strace has to read; all others stay raw. */
export const FILE_CALLS: readonly string[] = [...OPENS, ...Object.keys(CHANGES), ...OTHERS];

const MOST_PATHS = 20_000;
const LINE = /^(\d{1,10}) +(?:<\.\.\. )?([a-z_][a-z0-9_]{0,39})(?:\(| resumed>)/;
const SOCKET = /\((0x[0-9a-f]{1,4}|\d{1,3}), (0x[0-9a-f]{1,8}|\d{1,9}),/;
const CURRENT = /AT_FDCWD<([^>]*)>/;
const SUN_PATH = /sun_path="((?:[^"\\]|\\.)*)"/;
const LOCKS = /\b(?:LOCK_(?:SH|EX)|F_(?:OFD_)?SETLKW?)\b/;
const CUT = ' <unfinished ...>';

/** Reads lines of `strace -f -y -s 0 -e raw=!CALLS` (FILE_CALLS). Ignores lines of other forms. */
export class FileTraceReader {
  readonly #files = new Map<string, Set<string>>();
  readonly #named = new Map<string, Set<string>>();
  readonly #entries = new Set<string>();
  readonly #executed = new Set<string>();
  readonly #sockets = new Set<string>();
  /** Beginnings of calls that another process interrupted in the trace, by process. */
  readonly #cut = new Map<string, string>();
  /** Folders that processes are in. */
  readonly #folders = new Map<string, string>();
  #folder: string | undefined;
  #unplaced = 0;

  line(text: string): void {
    const [, process, name] = LINE.exec(text) ?? [];
    if (process === undefined || name === undefined) return;
    if (text.endsWith(CUT)) {
      if (this.#cut.size < MOST_PATHS) this.#cut.set(process, text.slice(0, -CUT.length));
      return;
    }
    const rest = / resumed>(.*)$/.exec(text)?.[1];
    const whole = rest === undefined ? text : `${this.#cut.get(process) ?? ''}${rest}`;
    if (rest !== undefined) this.#cut.delete(process);
    this.#call(process, name, whole);
  }

  trace(): FileTrace {
    return {
      files: this.#files,
      named: this.#named,
      entries: this.#entries,
      executed: this.#executed,
      sockets: this.#sockets,
      unplaced: this.#unplaced,
    };
  }

  #call(process: string, name: string, line: string): void {
    const folder = CURRENT.exec(line)?.[1];
    if (folder !== undefined) this.#enter(process, folder);
    if (name === 'socket' || name === 'socketpair') {
      const [, family, type] = SOCKET.exec(line) ?? [];
      if (family !== undefined && this.#sockets.size < MOST_PATHS)
        this.#sockets.add(`${Number(family)} ${Number(type) & 0xf}`);
      return;
    }
    // A connection may still be under way. What failed needs no right.
    if (!/\) += (?!-1 )/.test(line) && !/\) += -1 EINPROGRESS /.test(line)) return;
    if (OPENS.includes(name)) this.#open(line, name);
    else if (name === 'mmap' || name === 'mmap2') {
      if (/\bPROT_EXEC\b/.test(line)) this.#note(this.#files, calledPath(line), 'mr');
    } else if (name === 'flock' || name === 'fcntl') {
      if (LOCKS.test(line)) this.#note(this.#files, calledPath(line), 'k');
    } else if (name === 'connect' || name === 'bind') {
      const path = SUN_PATH.exec(line)?.[1];
      if (path !== undefined) this.#name(process, path, name === 'bind' ? 'rwc' : 'rw');
    } else this.#path(process, name, line);
  }

  #path(process: string, name: string, line: string): void {
    const paths = textArguments(line);
    if (name === 'execve' || name === 'execveat') {
      const path = this.#place(process, paths[0]?.path, paths[0]?.folder);
      if (path === undefined) this.#unplaced++;
      else if (this.#entries.size === 0) this.#entries.add(path);
      else if (this.#executed.size < MOST_PATHS) this.#executed.add(path);
    } else if (name === 'chdir') {
      const path = this.#place(process, paths[0]?.path, undefined);
      if (path !== undefined) this.#enter(process, path);
    } else
      for (const [at, letters] of (CHANGES[name] ?? []).entries())
        if (letters !== '') this.#name(process, paths[at]?.path, letters, paths[at]?.folder);
  }

  #open(line: string, name: string): void {
    if (/\bO_PATH\b/.test(line)) return;
    const isWritten = name === 'creat' || /\bO_(?:WRONLY|RDWR)\b/.test(line);
    const isRead = !isWritten || /\bO_RDWR\b/.test(line);
    const isMade = name === 'creat' || /\bO_(?:CREAT|TMPFILE)\b/.test(line);
    const path = returnedPath(line);
    const isFolder = /\bO_DIRECTORY\b/.test(line) && !/\bO_TMPFILE\b/.test(line);
    this.#note(
      this.#files,
      isFolder && path !== undefined && path !== '/' ? `${path}/` : path,
      `${isRead ? 'r' : ''}${isWritten ? 'w' : ''}${isWritten && isMade ? 'c' : ''}`,
    );
  }

  #name(process: string, path: string | undefined, letters: string, folder?: string): void {
    const placed = this.#place(process, path, folder);
    if (placed === undefined) this.#unplaced++;
    else this.#note(this.#named, placed, letters);
  }

  #place(
    process: string,
    path: string | undefined,
    folder: string | undefined,
  ): string | undefined {
    if (path === undefined || path.startsWith('/')) return path;
    const inside = folder ?? this.#folders.get(process) ?? this.#folder;
    return inside === undefined ? undefined : `${inside === '/' ? '' : inside}/${path}`;
  }

  #enter(process: string, folder: string): void {
    this.#folder ??= folder;
    if (this.#folders.size < MOST_PATHS) this.#folders.set(process, folder);
  }

  #note(into: Map<string, Set<string>>, path: string | undefined, letters: string): void {
    // Pipes, sockets and the like are not files.
    if (path?.startsWith('/') !== true) return;
    const known = into.get(path);
    if (known === undefined && into.size >= MOST_PATHS) {
      this.#unplaced++;
      return;
    }
    const found = known ?? new Set<string>();
    for (const letter of letters) found.add(letter);
    into.set(path, found);
  }
}

/** One trace of what several tracers wrote. */
export function mergedFiles(traces: readonly FileTrace[]): FileTrace {
  const sets = (of: (one: FileTrace) => ReadonlySet<string>): ReadonlySet<string> =>
    new Set(traces.flatMap((one) => [...of(one)]));
  return {
    files: mergedPaths(traces.map(({ files }) => files)),
    named: mergedPaths(traces.map(({ named }) => named)),
    entries: sets(({ entries }) => entries),
    executed: sets(({ executed }) => executed),
    sockets: sets(({ sockets }) => sockets),
    unplaced: traces.reduce((sum, { unplaced }) => sum + unplaced, 0),
  };
}

/** Letters of all by path. */
export function mergedPaths(maps: readonly FileTrace['files'][]): FileTrace['files'] {
  const found = new Map<string, Set<string>>();
  for (const [path, letters] of maps.flatMap((one) => [...one])) {
    const known = found.get(path) ?? new Set<string>();
    for (const letter of letters) known.add(letter);
    found.set(path, known);
  }
  return found;
}
