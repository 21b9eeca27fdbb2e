import { FILE_FETCHERS } from '../../../programs/file-fetchers.ts';
import type { Field } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { type CommandLine, readCommandLine } from '../command-line.ts';
import { addressName, type Fetch, fetchOf, isRemote } from './fetch.ts';

/** `HEAD` brings no file; the answer to `sends` is a download only where something takes it. */
function methodOf(line: CommandLine): 'HEAD' | 'sends' | undefined {
  const method = line.values('-X', '--request', '--method').at(-1)?.text.toUpperCase() ?? '';
  if (method === 'HEAD') return 'HEAD';
  return /^(?:PUT|DELETE|PATCH)$/.test(method) ? 'sends' : undefined;
}

const PROXIES = ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

/** True where a variable sends requests to a proxy, those to this machine too. */
function goesByProxy({ variable }: CommandEvent): boolean {
  const isOwn = /\*|localhost|127\.0\.0\.1/;
  return (
    PROXIES.some((name) => (variable(name) ?? '') !== '') &&
    !['no_proxy', 'NO_PROXY'].some((name) => isOwn.test(variable(name) ?? ''))
  );
}

function kept(
  event: CommandEvent,
  address: Field,
  target: string | undefined,
  isElsewhere = false,
): readonly Fetch[] {
  const kind = event.program === 'wget' ? 'wget' : event.program === 'curl' ? 'curl' : 'other';
  const isOut = isElsewhere && !/^(?:file:|\.{0,2}\/)/i.test(address.text);
  if (!isOut && !isRemote(address.text)) return [];
  if (target === undefined || target === '-' || target === '/dev/stdout') {
    const file = event.writesTo[0];
    if (file === '/dev/null') return [];
    return [fetchOf(event, kind, address, file ?? '', { toOutput: file === undefined })];
  }
  return target === '/dev/null' ? [] : [fetchOf(event, kind, address, target)];
}

/** What the command itself checks of what comes. */
function sumOf(event: CommandEvent, sum: string | undefined): Pick<Fetch, 'ownCheck'> {
  if (sum === undefined) return {};
  const isWeak = /^(?:md5|sha-?1)=/i.test(sum);
  const weak = isWeak ? { weak: 'MD5 and SHA-1 can be forged' } : {};
  return { ownCheck: { method: '--checksum', range: event.range, ...weak } };
}

/** Files that curl, wget and their kind fetch; nothing for other commands. */
export function fileFetches(event: CommandEvent): readonly Fetch[] {
  const known = FILE_FETCHERS[event.program];
  if (known === undefined) return [];
  const line = readCommandLine(event.program, event.argv.slice(1));
  const values = (names = ''): readonly Field[] => line.values(...names.split(' '));
  const has = (names = ''): boolean => line.has(...names.split(' '));
  const method = methodOf(line);
  if (method === 'HEAD' || has(known.nothing)) return [];
  if (method === 'sends' && known.upload === undefined) return [];
  const addresses = [...values(known.address), ...line.operands];
  const files = values(known.file);
  const folder = values(known.folder)[0]?.text;
  const isNamed = known.ownName === undefined || has(known.ownName);
  const sent = method === 'sends' ? addresses.length : values(known.upload).length;
  const checked = sumOf(event, values(known.checksum)[0]?.text);
  const isElsewhere = has(known.elsewhere) || goesByProxy(event);
  const isTree = has(known.tree) && files.length === 0;
  const named = addresses.flatMap((address, index) => {
    const file = files[known.each === true ? index : 0]?.text;
    const name = file ?? (isNamed ? addressName(address.text) : undefined);
    const isIn = folder !== undefined && !(known.folderOfOwnNames === true && file !== undefined);
    const target = isIn && name !== undefined && name !== '-' ? `${folder}/${name}` : name;
    return kept(event, address, isTree ? '' : target, isElsewhere).map((fetch) => ({
      ...fetch,
      ...checked,
      ...(index < sent ? { onlyIfRead: fetch.toOutput } : {}),
    }));
  });
  // What the addresses in a file are is not known.
  const listed = values(known.list).flatMap((list) =>
    kept(event, { ...list, text: `$(<${list.text})`, constant: false }, ''),
  );
  return [...named, ...listed];
}
