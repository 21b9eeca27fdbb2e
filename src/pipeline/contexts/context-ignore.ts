import { join, posix } from 'node:path';

/** Ignore files for a context: the Dockerfile's own, which BuildKit prefers, and the context's. */
export function ignoreFiles(directory: string, dockerfile: string | undefined): readonly string[] {
  const own = dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`];
  return [...own, join(directory, '.dockerignore')];
}

/** A line of an ignore file; `keeps` where it begins with `!`. */
interface IgnorePattern {
  readonly keeps: boolean;
  readonly matches: (path: string) => boolean;
}

/** White space as Go trims it: other than JavaScript's. */
const ENDS =
  /^[\t-\r \u0085\p{Zs}\u2028\u2029]+|(?<![\t-\r \u0085\p{Zs}\u2028\u2029])[\t-\r \u0085\p{Zs}\u2028\u2029]+$/gu;
/**
 * A set of letters. Versions of the library and Go's two pattern readers differ about what else it
 * may contain.
 */
const SET = /^\[\^?(?:[\w.!](?:-[\w.])?)+\]/;
/** Beside sets, what they differ about. */
const UNSURE = /[\\|^\]]/;
const MOST_PATTERNS = 1000;
const MOST_STARS = 2;

/** A pattern as moby/patternmatcher makes it an expression; undefined where that is not sure. */
function matcher(glob: string): IgnorePattern['matches'] | undefined {
  let text = '';
  let hasOnlyStars = true;
  const tokens: string[] = [];
  for (let at = 0; at < glob.length;) {
    const rest = glob.slice(at);
    const [token = ''] = SET.exec(rest) ?? /^(?:\*\*\/?|[^])/u.exec(rest) ?? [];
    at += token.length;
    tokens.push(token);
    hasOnlyStars &&= token.startsWith('**') ? at === token.length : !/^[*?[]/.test(token);
    if (token.startsWith('**')) text += at === glob.length ? '[^\\n]*' : '(?:[^\\n]*/)?';
    else if (token === '*') text += '[^/]*';
    else if (token === '?') text += '[^/]';
    else if (SET.test(token)) text += token;
    else if (token === '[' || UNSURE.test(token)) return undefined;
    else text += token.replace(/[.+${}()/]/g, '\\$&');
  }
  const suffix = glob.slice(2);
  // With stars in front alone any ending will do: `**a` is the end of `ba`.
  if (hasOnlyStars && glob.startsWith('**'))
    return (path) => path.endsWith(suffix) || path === suffix.slice(1);
  try {
    const pattern = new RegExp(`^${text}$`, 'u');
    // With many stars an expression tries them all in each other.
    if (tokens.filter((token) => token.startsWith('*')).length > MOST_STARS)
      return (path) => holds(tokens, path);
    return (path) => pattern.test(path);
  } catch {
    // A set from z to a.
    return undefined;
  }
}

/** The same in steps of one letter: in which tokens of the pattern a beginning of the path ends. */
function holds(tokens: readonly string[], path: string): boolean {
  let places = new Set<number>();
  const add = (to: Set<number>, at: number): void => {
    if (to.has(at)) return;
    to.add(at);
    if (tokens[at]?.startsWith('*') === true) add(to, at + 1);
  };
  add(places, 0);
  for (const letter of path) {
    const next = new Set<number>();
    for (const place of places) {
      const at = place < 0 ? -1 - place : place;
      const token = tokens[at] ?? '';
      if (token.startsWith('**')) {
        if (letter === '\n') continue;
        // Within a folder, what follows `**` does not begin.
        next.add(-1 - at);
        if (letter === '/' || at === tokens.length - 1) add(next, at + 1);
      } else if (token === '*') {
        if (letter !== '/') add(next, at);
      } else if (matchesOne(token, letter)) add(next, at + 1);
    }
    places = next;
  }
  return places.has(tokens.length);
}

function matchesOne(token: string, letter: string): boolean {
  if (SET.test(token)) return new RegExp(`^${token}$`, 'u').test(letter);
  return token === '?' ? letter !== '/' : token === letter;
}

/** As Go's path.Clean. */
function cleaned(path: string): string {
  return posix.normalize(path).replace(/(?<=[^])\/$/, '');
}

/** A line's pattern; undefined where none, `unsure` where it is not certain what it excludes. */
function patternOf(line: string): IgnorePattern | 'unsure' | undefined {
  const bare = line.startsWith('#') ? '' : line.replace(ENDS, '');
  const mark = bare.startsWith('!') ? '!' : '';
  const given = bare.slice(mark.length).replace(ENDS, '');
  if (bare === '') return undefined;
  // The file is read first, and then the pattern: `/!a` begins with `!` by then.
  const read = mark + (given === '' ? '' : cleaned(given).replace(/^\/(?=[^])/, ''));
  const pattern = cleaned(read.replace(ENDS, ''));
  const keeps = pattern.startsWith('!');
  const matches = matcher(keeps ? pattern.slice(1) : pattern);
  return matches === undefined || pattern === '!' ? 'unsure' : { keeps, matches };
}

/**
 * Which paths of a context its ignore file leaves out (Dockerfile reference, ".dockerignore
 * files"): the last pattern that holds a path, or a folder above it, decides. Where a pattern is
 * not sure, or there are more than 1,000, no path is known to be there.
 */
export function contextIgnore(text: string): (path: string) => boolean {
  const lines = text.replace(/^\uFEFF/, '').split('\n', MOST_PATTERNS + 1);
  const patterns: IgnorePattern[] = [];
  for (const pattern of lines.map(patternOf)) {
    if (pattern === 'unsure' || lines.length > MOST_PATTERNS) return () => true;
    if (pattern !== undefined) patterns.push(pattern);
  }
  return (path) => {
    const parts = path.split('/');
    let isLeftOut = false;
    let above: readonly boolean[] = [];
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const one = parts.slice(0, depth).join('/');
      isLeftOut = false;
      const held: boolean[] = [];
      for (const [i, { keeps, matches }] of patterns.entries()) {
        // A pattern that would change nothing is not tried, and so does not hold for what is below.
        const isHeld = above[i] === true || (keeps === isLeftOut && matches(one));
        held.push(isHeld);
        if (isHeld) isLeftOut = !keeps;
      }
      above = held;
    }
    return isLeftOut;
  };
}
