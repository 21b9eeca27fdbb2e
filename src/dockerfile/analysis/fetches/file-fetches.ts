import type { Field } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { type CommandLine, readCommandLine } from '../command-line.ts';
import { addressName, type Fetch, fetchOf, isRemote } from './fetch.ts';
import { FETCHER_OPTIONS } from './fetcher-options.ts';

/** Says by its method that no file comes of it; the answer of one that sends is a download where something takes it. */
function methodOf(line: CommandLine): 'HEAD' | 'sends' | undefined {
  const method = line.values('-X', '--request', '--method').at(-1)?.text.toUpperCase() ?? '';
  if (method === 'HEAD') return 'HEAD';
  return /^(?:PUT|DELETE|PATCH)$/.test(method) ? 'sends' : undefined;
}

/** The addresses that stand in a file: what they are is not known. */
function listed(
  event: CommandEvent,
  line: CommandLine,
  ...names: readonly string[]
): readonly Fetch[] {
  return line.values(...names).flatMap((list) => {
    const text = `$(<${list.text})`;
    return kept(event, { ...list, text, constant: false }, '');
  });
}

function kept(event: CommandEvent, address: Field, target: string | undefined): readonly Fetch[] {
  const kind = event.program === 'wget' ? 'wget' : event.program === 'curl' ? 'curl' : 'other';
  if (!isRemote(address.text)) return [];
  if (target === undefined || target === '-' || target === '/dev/stdout') {
    const file = event.writesTo[0];
    if (file === '/dev/null') return [];
    return [fetchOf(event, kind, address, file ?? '', { toOutput: file === undefined })];
  }
  return target === '/dev/null' ? [] : [fetchOf(event, kind, address, target)];
}

function curl(event: CommandEvent): readonly Fetch[] {
  const line = readOptions(event);
  const method = methodOf(line);
  if (method === 'HEAD' || line.has('-I', '--head')) return [];
  const addresses = [...line.values('--url', '--expand-url'), ...line.operands];
  const outputs = line.values('-o', '--output', '--expand-output');
  // The first -T belongs to the first address, and so on.
  const sent = method === undefined ? line.values('-T', '--upload-file').length : addresses.length;
  const folder = line.values('--output-dir')[0]?.text;
  const remote = line.has('-O', '--remote-name', '--remote-name-all', '-J');
  const named = addresses.flatMap((address, index) => {
    const output = outputs[index]?.text ?? (remote ? addressName(address.text) : undefined);
    const inFolder = output !== undefined && folder !== undefined && !output.startsWith('/');
    const fetches = kept(event, address, inFolder ? `${folder}/${output}` : output);
    return index < sent ? fetches.map((f) => ({ ...f, onlyIfRead: f.toOutput })) : fetches;
  });
  return [...named, ...listed(event, line, '-K', '--config')];
}

function wget(event: CommandEvent): readonly Fetch[] {
  const line = readOptions(event);
  if (line.has('--spider') || methodOf(line) !== undefined) return [];
  const output = line.values('-O', '--output-document')[0]?.text;
  const folder = line.values('-P', '--directory-prefix')[0]?.text;
  const named = line.operands.flatMap((address) => {
    const name = addressName(address.text);
    return kept(event, address, output ?? (folder === undefined ? name : `${folder}/${name}`));
  });
  return [...named, ...listed(event, line, '-i', '--input-file')];
}

function aria(event: CommandEvent): readonly Fetch[] {
  const line = readOptions(event);
  const output = line.values('-o', '--out', '--output')[0]?.text;
  const folder = line.values('-d', '--dir')[0]?.text;
  const checksum = line.values('--checksum')[0]?.text;
  const weak = /^(?:md5|sha-?1)=/i.test(checksum ?? '')
    ? { weak: 'MD5 and SHA-1 can be forged' }
    : {};
  const named = line.operands.flatMap((address) => {
    const name = output ?? addressName(address.text);
    return kept(event, address, folder === undefined ? name : `${folder}/${name}`).map((fetch) =>
      checksum === undefined
        ? fetch
        : { ...fetch, ownCheck: { method: '--checksum', range: event.range, ...weak } },
    );
  });
  const lists = ['-i', '--input-file', '-T', '--torrent-file', '-M', '--metalink-file'] as const;
  return event.program === 'aria2c' ? [...named, ...listed(event, line, ...lists)] : named;
}

/** A fetcher's command line: what its options take is no address. */
function readOptions({ program, argv }: CommandEvent): CommandLine {
  return readCommandLine(argv.slice(1), FETCHER_OPTIONS[program] ?? new Set());
}

/** Files that curl, wget and their kind fetch; nothing for other commands. */
export function fileFetches(event: CommandEvent): readonly Fetch[] {
  switch (event.program) {
    case 'curl':
      return curl(event);
    case 'wget':
    case 'wget2':
      return wget(event);
    case 'aria2c':
    case 'axel':
      return aria(event);
    default:
      return [];
  }
}
