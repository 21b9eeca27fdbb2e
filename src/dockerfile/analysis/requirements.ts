import type { InstalledName } from '../../model/build-analysis.ts';
import { requirement } from '../../programs/installs/python.ts';
import type { Field } from '../shell/fields.ts';
import type { CommandLine } from './command-line.ts';
import type { FoundInstall, InstallContext } from './found-install.ts';

interface Requirements {
  readonly packages: readonly InstalledName[];
  /** Every line carries a hash, which makes pip check all of them. */
  readonly hashed: boolean;
  /** Other files that it includes (`-r base.txt`). */
  readonly includes: readonly string[];
}

/** A requirements file as pip reads it: comments, continued lines, options, one item per line. */
function parseRequirements(text: string): Requirements {
  const lines = text
    .slice(0, 1024 * 1024)
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) =>
      line
        .replace(/(?:^|\s)#.*/s, '')
        .trim()
        .replace(/^(?:-e|--editable)[ =]+/, ''),
    )
    .filter((line) => line !== '');
  const includes = lines.flatMap((line) => /^(?:-r|--requirement)[ =]*(\S+)/.exec(line)?.[1] ?? []);
  const wanted = lines.filter((line) => !line.startsWith('-'));
  const packages = wanted.map((line) => {
    const [bare = ''] = line.split(/\s--/);
    const commit = /^[^@]*@\s*\S+[@#=]([0-9a-f]{40,64})\b/.exec(bare)?.[1];
    const name = bare.split(/[\s@]/)[0] ?? bare;
    return requirement(bare) ?? (commit === undefined ? { name } : { name, pin: commit });
  });
  return {
    packages,
    hashed: wanted.length > 0 && wanted.every((line) => line.includes('--hash=')),
    includes,
  };
}

/** The files and those that they include, as far as they can be seen. */
function requirementsOf(
  files: readonly Field[],
  context: InstallContext,
): { packages: readonly InstalledName[]; unread: string | undefined; hashed: boolean } {
  const packages: InstalledName[] = [];
  let unread: string | undefined;
  let hashed = files.length > 0;
  const open = files.map((file) => file.text);
  for (let count = 0; open.length > 0 && count < 16; count += 1) {
    const path = open.shift() ?? '';
    const text = context.fileText(path);
    if (text === undefined) {
      unread ??= path;
      hashed = false;
      continue;
    }
    const read = parseRequirements(text);
    packages.push(...read.packages);
    hashed &&= read.hashed;
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    open.push(...read.includes.map((include) => folder + include));
  }
  return { packages, unread, hashed };
}

const plain = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

/** Names with the versions from `-c` files; what a file that is not seen may pin is left out. */
function constrained(
  packages: readonly InstalledName[],
  line: CommandLine,
  context: InstallContext,
): { packages: readonly InstalledName[]; unread: string | undefined } {
  const files = requirementsOf(line.values('-c', '--constraint'), context);
  const pins = new Map(files.packages.map(({ name, pin }) => [plain(name), pin]));
  const held = packages.map((one): InstalledName => {
    const pin = one.pin ?? pins.get(plain(one.name));
    return pin === undefined ? one : { name: one.name, pin };
  });
  const isOpen = files.unread !== undefined && held.some(({ pin }) => pin === undefined);
  return isOpen
    ? { packages: held.filter(({ pin }) => pin !== undefined), unread: files.unread }
    : { packages: held, unread: undefined };
}

/**
 * What pip and uv install by names and by files of requirements (the values of `options`, or all
 * words); undefined where that is nothing.
 */
export function readRequirements(
  options: string,
  named: readonly InstalledName[],
  words: readonly Field[],
  line: CommandLine,
  context: InstallContext,
): { packages: readonly InstalledName[]; details: Partial<FoundInstall> } | undefined {
  const isList = options === 'words';
  const read = requirementsOf(isList ? words : line.values(...options.split(' ')), context);
  const alone = line.has('--no-deps');
  // A local project without its dependencies fetches nothing.
  const own = isList ? [] : named.filter(({ name }) => !(alone && name.startsWith('.')));
  const packages = [...own, ...read.packages];
  // Files of comments alone install nothing.
  if (packages.length === 0 && read.unread === undefined) return undefined;
  const held = constrained(packages, line, context);
  const file = read.unread ?? held.unread;
  const lockFile = line.has('--require-hashes') || (read.hashed && own.length === 0);
  return {
    packages: held.packages,
    details: { lockFile, ...(file === undefined ? {} : { requirementsFile: file }) },
  };
}
