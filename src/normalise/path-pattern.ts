/** Tells whether a path, relative to the image's root, is meant. */
export type PathTest = (path: string) => boolean;

/**
 * A test for glob patterns over whole paths: `*` and `?` stay inside a name, `**` crosses names (`**` and a slash may
 * stand for nothing). A leading slash is allowed and means nothing.
 */
export function pathPattern(...patterns: readonly string[]): PathTest {
  if (patterns.length === 0) return () => false;
  const expression = new RegExp(`^(?:${patterns.map(toSource).join('|')})$`, 's');
  return (path) => expression.test(path);
}

/** The same for those of the patterns that mean all that is below a folder (`FOLDER/**`). */
export function treePattern(...patterns: readonly string[]): PathTest {
  return pathPattern(...patterns.filter((pattern) => pattern.endsWith('/**')));
}

function toSource(pattern: string): string {
  return pattern.replace(/^\/+/, '').replace(/\*\*\/|\*\*|\*|\?|[^*?]+/g, (part) => {
    if (part === '**/') return '(?:[^/]+/)*?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : part.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  });
}
