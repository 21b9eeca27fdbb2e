/**
 * True where a word is one of the options, as programs take them: `--name`, `--name=value` and each beginning of a long
 * name, which getopt_long(3) takes for the whole; `-x` alone, with a value, or among others (`-zxvf`); `-name` of
 * programs whose long options have one dash. `valued`: options with a value, behind whose letter
 * the rest of a word is the value.
 */
export function hasOption(
  words: readonly string[],
  options: readonly string[],
  valued: ReadonlySet<string>,
): boolean {
  const end = words.indexOf('--');
  return (end < 0 ? words : words.slice(0, end)).some((word) =>
    options.some((option) => isOption(word, option, valued)),
  );
}

function isOption(word: string, option: string, valued: ReadonlySet<string>): boolean {
  if (!word.startsWith('-')) return false;
  if (word.startsWith('--')) {
    const name = word.replace(/=.*/s, '');
    // A whole name is no beginning of another.
    if (name !== option && valued.has(name)) return false;
    return option.startsWith('--') && name.length > 3 && option.startsWith(name);
  }
  if (option.startsWith('--')) return false;
  if (option.length > 2) return word.startsWith(option);
  for (const letter of word.slice(1)) {
    if (letter === option[1]) return true;
    if (!/[A-Za-z0-9]/.test(letter) || valued.has(`-${letter}`)) return false;
  }
  return false;
}
