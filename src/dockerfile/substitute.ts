/** Value of a variable where it is known; `''` is a known empty one. */
export type Lookup = (name: string) => string | undefined;

/** A word with its variables put in; names that have no known value are listed and stay as written. */
interface Substituted {
  readonly value: string;
  readonly unresolved: readonly string[];
}

const MAX_DEPTH = 16;
const MAX_LENGTH = 16_384;

interface Reading {
  readonly text: string;
  readonly escape: string;
  readonly lookup: Lookup;
  readonly unresolved: string[];
  position: number;
}

/** End of `${...}` opened before `from`, braces inside counted; -1 where it is not closed. */
function braceEnd(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length; at += 1) {
    const c = text.charAt(at);
    if (c === '\\') at += 1;
    else if (c === '{') open += 1;
    else if (c === '}' && (open -= 1) === 0) return at;
  }
  return -1;
}

/** Shell pattern of `#`, `%` and `/` as a regular expression source; bounded, `*` and `?` only. */
function globSource(pattern: string, greedy: boolean): string {
  return pattern
    .slice(0, 256)
    .replace(/\*+/g, '*')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\?/g, '[^]')
    .replace(/\*/g, greedy ? '[^]*' : '[^]*?');
}

/** Applies `${NAME<operator>argument}` to a known value; undefined where the form is not known. */
export function applyOperator(
  operator: string,
  value: string | undefined,
  argument: string,
): string | undefined {
  const set = value !== undefined && value !== '';
  switch (operator) {
    case '':
    case ':?':
    case '?':
      return value;
    case ':-':
    case ':=':
      return set ? value : argument;
    case '-':
    case '=':
      return value ?? argument;
    case ':+':
      return set ? argument : '';
    case '+':
      return value === undefined ? '' : argument;
    default:
      return value === undefined ? undefined : applyPattern(operator, value, argument);
  }
}

function applyPattern(operator: string, value: string, argument: string): string | undefined {
  // More than a few stars in a row of patterns would let a hostile file take its time.
  if ((argument.match(/\*/g)?.length ?? 0) > 4 || value.length > 4096) return undefined;
  if (operator === '/' || operator === '//') {
    const slash = argument.indexOf('/');
    const pattern = slash < 0 ? argument : argument.slice(0, slash);
    const replacement = slash < 0 ? '' : argument.slice(slash + 1);
    // An escaped slash in front leaves no pattern: the form is not worked out.
    if (pattern === '') return undefined;
    const expression = new RegExp(globSource(pattern, true), operator === '//' ? 'g' : '');
    return value.replace(expression, () => replacement);
  }
  if (operator === '#' || operator === '##')
    return value.replace(new RegExp(`^${globSource(argument, operator === '##')}`), '');
  if (operator !== '%' && operator !== '%%') return undefined;
  // The shortest suffix begins at the last place that matches, the longest at the first.
  const whole = new RegExp(`^${globSource(argument, true)}$`);
  const starts = Array.from({ length: value.length + 1 }, (_, at) => at);
  const at = (operator === '%' ? starts.reverse() : starts).find((s) => whole.test(value.slice(s)));
  return at === undefined ? value : value.slice(0, at);
}

function dollar(reading: Reading, depth: number): string {
  const { text } = reading;
  const start = reading.position;
  const plain = /\$([A-Za-z_][A-Za-z0-9_]*)/y;
  plain.lastIndex = start;
  const name = plain.exec(text)?.[1];
  if (name !== undefined) {
    reading.position = plain.lastIndex;
    const value = reading.lookup(name);
    if (value === undefined) reading.unresolved.push(name);
    return value ?? text.slice(start, reading.position);
  }
  const end = text.charAt(start + 1) === '{' ? braceEnd(text, start + 2) : -1;
  const inside = end < 0 ? '' : text.slice(start + 2, end);
  const form = /^([A-Za-z_][A-Za-z0-9_]*)(:[-+?]|##|%%|\/\/|[-+?#%/])?([^]*)/.exec(inside);
  reading.position = end < 0 ? start + 1 : end + 1;
  if (form === null || (form[2] === undefined && form[3] !== '')) {
    if (end >= 0) reading.unresolved.push(inside);
    return text.slice(start, reading.position);
  }
  const variable = form[1] ?? '';
  const argument = run({ ...reading, text: form[3] ?? '', position: 0, unresolved: [] }, depth + 1);
  const value = applyOperator(form[2] ?? '', reading.lookup(variable), argument);
  if (value === undefined) reading.unresolved.push(variable);
  return value ?? text.slice(start, reading.position);
}

function run(reading: Reading, depth: number): string {
  const { text, escape } = reading;
  if (depth > MAX_DEPTH) return text;
  let out = '';
  let quote = '';
  while (reading.position < text.length && out.length < MAX_LENGTH) {
    const c = text.charAt(reading.position);
    if (c === '$' && quote !== "'") {
      out += dollar(reading, depth);
      continue;
    }
    reading.position += 1;
    if (c === escape && quote !== "'") {
      const next = text.charAt(reading.position);
      reading.position += 1;
      // Inside double quotes an escape hides only what is special there.
      out += quote === '"' && next !== '"' && next !== '$' && next !== escape ? c + next : next;
    } else if (quote === c) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
    else out += c;
  }
  return out;
}

/**
 * Replaces `$NAME`, `${NAME}` and the modifiers of the Dockerfile reference (`:-` `:+` `-` `+` `?` `#` `%` `/`)
 * and takes quotes and escapes away, as BuildKit does for instructions that support variables.
 */
export function substitute(text: string, lookup: Lookup, escape = '\\'): Substituted {
  const unresolved: string[] = [];
  const value = run({ text, escape, lookup, unresolved, position: 0 }, 0);
  return { value, unresolved };
}
