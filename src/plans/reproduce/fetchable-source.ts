import { err, ok, type Result } from '../../model/result.ts';
import { publicSourceUrl } from '../source-url.ts';

const LONGEST = 2000;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * The address that a stranger's source may be fetched from: https, or file for a repository on this
 * machine; what names an SSH server is asked for over https. An error says why not. Never a word
 * that git could take for a flag, a helper (`ext::`) or a path.
 */
export function fetchableUrl(text: string): Result<string> {
  const shown = JSON.stringify(text.slice(0, 200));
  if (/^[a-z0-9+.-]*::/i.test(text))
    return err(`${shown} asks git for a helper program, which is not run`);

  if (text === '' || text.length > LONGEST || /[\x00-\x20\x7f]/.test(text))
    return err(`${shown} is not the address of a repository`);
  if (/^(?:ssh:|git\+ssh:|[\w.-]+@[\w.-]+:)/i.test(text)) {
    const web = publicSourceUrl(text);
    return web === undefined ? err(`${shown} has no address over https`) : ok(web);
  }
  if (!URL.canParse(text)) return err(`${shown} is not the address of a repository`);
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'file:')
    return err(`a repository is fetched over https or file, not ${shown}`);
  if (url.protocol === 'file:' && url.hostname !== '')
    return err(`${shown} names another machine’s file`);
  if (url.username !== '' || url.password !== '') return err(`${shown} contains credentials`);
  url.search = '';
  url.hash = '';
  return ok(url.href);
}

/** A full commit id, the only stable name of content: branches move, short ids can be ambiguous. */
export function wholeCommit(text: string): Result<string> {
  return COMMIT.test(text)
    ? ok(text)
    : err(`${JSON.stringify(text.slice(0, 100))} is not a full commit id`);
}

/** A path in a repository, parts joined by `/`; an error if it leads outside or into `.git`. */
export function pathInside(text: string): Result<string> {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  const isHostile =
    text.length > LONGEST ||
    text.startsWith('/') ||
    /[\x00-\x1f\x7f\\]/.test(text) ||
    parts.some((part) => part === '..' || /^\.git$/i.test(part));
  return isHostile
    ? err(`${JSON.stringify(text.slice(0, 200))} is not a path within the repository`)
    : ok(parts.join('/'));
}
