import { shellWord } from './dockerfile.ts';

/** A command line of ours to paste, each word as a shell takes it. */
export function printedCommand(name: string, words: readonly string[]): string {
  return ['scoville', name, ...words.map(shellWord)].join(' ');
}

/**
 * The words of a build without some of its flags, in any of their forms. `valued`: flags that take
 * the next word as their value.
 */
export function withoutFlags(
  words: readonly string[],
  names: readonly string[],
  valued: readonly string[] = [],
): readonly string[] {
  const isOf = (word: string, of: readonly string[]): boolean =>
    of.some((name) => word === `--${name}` || word.startsWith(`--${name}=`));
  return words.filter(
    (word, at) =>
      !isOf(word, [...names, ...valued]) && !valued.includes(words[at - 1]?.slice(2) ?? ''),
  );
}

/**
 * The words of a build, with a `--secret` for each id that is mounted and not given: its value
 * comes from a variable of that name. The context stays the last word.
 */
export function withSecrets(words: readonly string[], ids: readonly string[]): readonly string[] {
  const given = new Set(words.flatMap((word) => /(?:^|,|=)id=([^,]+)/.exec(word)?.[1] ?? []));
  const missing = [...new Set(ids)].filter((id) => !given.has(id));
  const added = missing.flatMap((id) => [
    '--secret',
    `id=${id},env=${id.toUpperCase().replace(/\W/g, '_')}`,
  ]);
  return [...words.slice(0, -1), ...added, ...words.slice(-1)];
}
