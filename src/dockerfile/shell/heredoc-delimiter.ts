/** What ends a here-document whose opening word is `word`, quotes and escapes taken off as a shell does; unquoted ones are expanded. */
export function heredocDelimiter(word: string): {
  readonly delimiter: string;
  readonly expand: boolean;
} {
  let delimiter = '';
  let quote = '';
  for (let at = 0; at < word.length; at += 1) {
    const c = word.charAt(at);
    const next = word.charAt(at + 1);
    if (c === '\\' && (quote === '' || (quote === '"' && /["\\$`]/.test(next)))) {
      delimiter += next;
      at += 1;
    } else if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
    else delimiter += c;
  }
  return { delimiter, expand: !/["'\\]/.test(word) };
}
