import { posix } from 'node:path';

/** Paths that a command's words name as written: the target of `cp` and similar, or after `-o`. */
export function outputs(words: readonly string[]): readonly string[] {
  const [first = '', ...rest] = words;
  const tool = posix.basename(first);
  const operands = rest.filter((word) => !word.startsWith('-'));
  if (['cp', 'mv', 'install', 'ln'].includes(tool)) return into(operands);
  if (tool === 'tee' || tool === 'touch') return operands;
  return rest.flatMap((word, i) => {
    if (word === '-o' || word === '--output') return [rest[i + 1] ?? ''];
    return /^(?:-o|--output)=?(.+)$/.exec(word)?.[1] ?? [];
  });
}

/** The last operand, or the files in it where it is a folder. */
export function into(operands: readonly string[]): readonly string[] {
  const target = operands.at(-1) ?? '';
  const inFolder = operands.slice(0, -1).map((from) => posix.join(target, posix.basename(from)));
  return target.endsWith('/') || operands.length > 2 ? inFolder : [target, ...inFolder];
}

/** Sources of a COPY to `to` that may be the file at `path`; empty if none can be. */
export function sourceOf(
  sources: readonly string[],
  target: string,
  to: string,
  path: string,
): readonly string[] {
  if (to !== path && !path.startsWith(to === '/' ? '/' : `${to}/`)) return [];
  const rest = posix.relative(to, path);
  return sources.flatMap((source) => {
    const bare = source.replace(/^(?:\.?\/)+/, '');
    if (rest === '') return target.endsWith('/') || sources.length > 1 ? [] : [bare];
    const inFolder = posix.join(bare, rest);
    const [head = '', ...more] = rest.split('/');
    // A file keeps its name below the target; what a folder holds goes there without it.
    const isFile =
      more.length === 0 &&
      (posix.basename(bare) === head || fitsPattern(posix.basename(bare), head));
    return isFile ? [posix.join(posix.dirname(bare), head), inFolder] : [inFolder];
  });
}

/** True where a name fits a pattern of COPY, `*` and `?` in it. */
export function fitsPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return false;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  return new RegExp(`^${source}$`).test(name);
}
