import type { Field } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { readCommandLine } from '../command-line.ts';
import { addressName, type Fetch, fetchOf, isRemote } from './fetch.ts';
import { FETCHER_OPTIONS } from './fetcher-options.ts';

/** Programs that copy from another machine, by the verbs under which they do; the place they copy to follows the address. */
interface Copier {
  /** Beginnings of its command lines. */
  readonly verbs?: readonly string[];
  readonly from: RegExp;
  /** Without a place behind the address it is one that is copied to. */
  readonly both?: true;
}

const HTTP = /^(?:https?|ftp):\/\//i;
/** HTTPie and its kind add the scheme; a method may stand before the address, `:` is this machine. */
const SHORT = /^(?![A-Z]+$|:)\S/;
const COPIERS: Readonly<Record<string, Copier>> = {
  aws: { both: true, verbs: ['s3'], from: /^s3:\/\// },
  gsutil: { both: true, verbs: ['cp', 'rsync'], from: /^gs:\/\// },
  gcloud: { both: true, verbs: ['storage'], from: /^gs:\/\// },
  azcopy: { both: true, verbs: ['copy', 'cp', 'sync'], from: /^https?:\/\// },
  s3cmd: { both: true, verbs: ['get', 'sync'], from: /^s3:\/\// },
  s5cmd: { both: true, verbs: ['cp', 'sync'], from: /^s3:\/\// },
  rclone: { both: true, verbs: ['copy', 'copyto', 'sync', 'copyurl'], from: /^[\w.-]+:\S/ },
  svn: { verbs: ['checkout', 'co', 'export'], from: /^(?:https?|svn(?:\+ssh)?):\/\// },
  bzr: { verbs: ['branch', 'checkout'], from: /^(?:https?|lp|bzr):/ },
  rsync: { both: true, from: /^rsync:\/\/|^[\w.@-]+::?\S/ },
  scp: { both: true, from: /^scp:\/\/|^[\w.@-]+:\S/ },
  sftp: { from: /^sftp:\/\/|^[\w.@-]+:\S/ },
  ftp: { from: HTTP },
  fetch: { from: HTTP },
  ncftpget: { from: HTTP },
  wcurl: { from: HTTP },
  'lwp-download': { from: HTTP },
  'lwp-request': { from: HTTP },
  GET: { from: HTTP },
  lynx: { from: HTTP },
  links: { from: HTTP },
  elinks: { from: HTTP },
  w3m: { from: HTTP },
  http: { from: SHORT },
  https: { from: SHORT },
  xh: { from: SHORT },
  xhs: { from: SHORT },
};
const OUTPUT = ['-o', '--output'] as const;

function copier(event: CommandEvent, { verbs, from, both }: Copier): readonly Fetch[] {
  const line = readCommandLine(event.argv.slice(1), FETCHER_OPTIONS[event.program] ?? new Set());
  const spoken = line.operands.map((f) => f.text).join(' ');
  if (verbs !== undefined && !verbs.some((verb) => spoken.startsWith(`${verb} `))) return [];
  const at = line.operands.findIndex((f) => from.test(f.text));
  const address = line.operands[at];
  if (address === undefined || !isRemote(address.text)) return [];
  if (both === true && line.operands[at + 1] === undefined) return [];
  const to = line.values(...OUTPUT)[0]?.text ?? line.operands[at + 1]?.text ?? '.';
  return [fetchOf(event, 'other', address, targetOf(to, address))];
}

function targetOf(to: string, address: Field): string {
  return to === '.' || to.endsWith('/')
    ? `${to === '.' ? '' : to}${addressName(address.text)}`
    : to;
}

/** lftp's own commands, on its command line or as an argument: `lftp -c 'open HOST; mget *'`. */
function lftp(event: CommandEvent): readonly Fetch[] {
  const words = event.argv.slice(1);
  const text = words.map((f) => f.text).join(' ');
  const script = `${text}\n${event.input?.text ?? ''}`;
  const gets = /\b(?:get1?|mget|pget)\b|\bmirror\b(?! +(?:-\w*R|--reverse))/.test(script);
  const address = /(?:https?|ftps?|sftp|fish):\/\/[^\s;'"]+/i.exec(script)?.[0];
  const opened = /\bopen +(?:-\S+ +(?:[^\s-]\S* +)?)*([\w.-]+)/.exec(script)?.[1];
  const host = address ?? opened ?? words.map((f) => f.text).findLast((w) => /^[\w.-]+$/.test(w));
  if (!(gets || (address !== undefined && !script.includes('put')))) return [];
  if (host === undefined || !isRemote(host)) return [];
  const file = /\B-o +([^\s;'"]+)/.exec(script)?.[1] ?? addressName(address ?? '');
  const constant = words.every((f) => f.constant) && address !== undefined;
  return [fetchOf(event, 'other', { text: host, constant, sources: [] }, file)];
}

/** Files that come from another machine by other means than curl, wget and git; nothing for other commands. */
export function remoteCopies(event: CommandEvent): readonly Fetch[] {
  const { program } = event;
  if (program === 'lftp') return lftp(event);
  return Object.hasOwn(COPIERS, program) ? copier(event, COPIERS[program] as Copier) : [];
}
