/** Tells whether a path, relative to the image's root, is meant. */
export type PathTest = (path: string) => boolean;

/**
 * A test for glob patterns over whole paths: `*` and `?` stay inside a name; `**`, as a whole name,
 * stands for any number of names, and at the end for at least one. A leading slash is allowed and
 * means nothing. Takes time in proportion to pattern times path, whatever either is.
 */
export function pathPattern(...patterns: readonly string[]): PathTest {
  const globs = patterns.map(toGlob);
  return (path) => {
    let names: string[] | undefined;
    return globs.some((glob) => {
      if (!path.startsWith(glob.literal)) return false;
      names ??= path.split('/');
      return matches(glob.names, names, '**', isName);
    });
  };
}

/** The same for those of the patterns that mean all that is below a folder (`FOLDER/**`). */
export function treePattern(...patterns: readonly string[]): PathTest {
  return pathPattern(...patterns.filter((pattern) => pattern.endsWith('/**')));
}

interface Glob {
  readonly names: readonly string[];
  /** What stands in front of the first special character: most paths are ruled out by it. */
  readonly literal: string;
}

function toGlob(pattern: string): Glob {
  const names = pattern.replace(/^\/+/, '').split('/');
  if (names.at(-1) === '**') names.push('*');
  return { names, literal: /^[^*?]*/.exec(names.join('/'))?.[0] ?? '' };
}

function isName(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  return matches(
    Array.from(pattern),
    Array.from(name),
    '*',
    (one, letter) => one === '?' || one === letter,
  );
}

/** Glob matching that goes back to the last star only: an earlier one never needs to take more. */
function matches(
  pattern: readonly string[],
  items: readonly string[],
  star: string,
  isSame: (pattern: string, item: string) => boolean,
): boolean {
  let at = 0;
  let item = 0;
  let afterStar = -1;
  let taken = 0;
  while (item < items.length) {
    const wanted = pattern[at];
    if (wanted === star) {
      afterStar = ++at;
      taken = item;
    } else if (wanted !== undefined && isSame(wanted, items[item] ?? '')) {
      at++;
      item++;
    } else if (afterStar >= 0) {
      at = afterStar;
      item = ++taken;
    } else return false;
  }
  while (pattern[at] === star) at++;
  return at === pattern.length;
}
