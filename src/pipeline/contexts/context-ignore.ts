import { join } from 'node:path';

/** The ignore files that may stand for a context: the Dockerfile's own, which BuildKit prefers, and the context's. */
export function ignoreFiles(directory: string, dockerfile: string | undefined): readonly string[] {
  const own = dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`];
  return [...own, join(directory, '.dockerignore')];
}

/** A line of an ignore file as a pattern over whole paths; `keeps` where it begins with `!`. */
interface IgnorePattern {
  readonly keeps: boolean;
  readonly pattern: RegExp;
}

/** Go's filepath.Match with `**`, as moby/patternmatcher has it. */
function compiled(glob: string): RegExp | undefined {
  let text = '';
  for (let at = 0; at < glob.length; at += 1) {
    const c = glob.charAt(at);
    if (glob.startsWith('**', at)) {
      at += glob.startsWith('**/', at) ? 2 : 1;
      text += glob.charAt(at) === '/' ? '(?:.*/)?' : '.*';
    } else if (c === '*') text += '[^/]*';
    else if (c === '?') text += '[^/]';
    else if (c === '\\') text += escaped(glob.charAt((at += 1)));
    else if (c === '[' && glob.includes(']', at)) {
      const end = glob.indexOf(']', at);
      text += `[${glob.slice(at + 1, end).replace(/\\/g, '\\\\')}]`;
      at = end;
    } else text += escaped(c);
  }
  try {
    return new RegExp(`^${text}$`, 's');
  } catch {
    return undefined;
  }
}

function escaped(c: string): string {
  return c.replace(/[.+^${}()|[\]\\*?/]/g, '\\$&');
}

function cleaned(line: string): string {
  const parts = line.split('/').filter((part) => part !== '' && part !== '.');
  return parts.join('/');
}

/**
 * Which paths of a context its ignore file leaves out (Dockerfile reference, ".dockerignore files"): the last pattern that holds a path, or a folder
 * above it, decides. Patterns over 1,000 are not read: what is left out then counts as there.
 */
export function contextIgnore(text: string): (path: string) => boolean {
  const patterns = text
    .replace(/^\uFEFF/, '')
    .split('\n', 1000)
    .flatMap((line): IgnorePattern[] => {
      const bare = line.startsWith('#') ? '' : line.trim();
      const keeps = bare.startsWith('!');
      const glob = cleaned(keeps ? bare.slice(1).trim() : bare);
      const pattern = glob === '' ? undefined : compiled(glob);
      return pattern === undefined ? [] : [{ keeps, pattern }];
    });
  return (path) => {
    const parts = path.split('/');
    const above = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
    let isLeftOut = false;
    for (const { keeps, pattern } of patterns)
      if (keeps === isLeftOut && above.some((one) => pattern.test(one))) isLeftOut = !keeps;
    return isLeftOut;
  };
}
