import type { Field } from '../shell/fields.ts';
import type { CommandEvent } from './build-event.ts';
import { optionNames, readCommandLine } from './command-line.ts';
import { addressName, type Fetch, fetchOf, isRemote } from './fetch.ts';

/** Programs that copy from another machine, by the verbs under which they do; the place they copy to follows the address. */
interface Copier {
  readonly verbs?: readonly string[];
  readonly from: RegExp;
  readonly valued?: ReadonlySet<string>;
  /** Without a place behind the address it is one that is copied to. */
  readonly both?: true;
}

const HTTP = /^(?:https?|ftp):\/\//i;
const COPIERS: Readonly<Record<string, Copier>> = {
  aws: {
    both: true,
    verbs: ['s3'],
    from: /^s3:\/\//,
    valued: optionNames('--region --profile --endpoint-url'),
  },
  gsutil: { both: true, verbs: ['cp', 'rsync'], from: /^gs:\/\// },
  gcloud: { both: true, verbs: ['storage'], from: /^gs:\/\// },
  svn: { verbs: ['checkout', 'co', 'export'], from: /^(?:https?|svn(?:\+ssh)?):\/\// },
  hg: { verbs: ['clone'], from: /^(?:https?|ssh):\/\// },
  bzr: { verbs: ['branch', 'checkout'], from: /^(?:https?|lp|bzr):/ },
  rsync: {
    both: true,
    from: /^rsync:\/\/|^[\w.@-]+::?\S/,
    valued: optionNames('-e --rsh --exclude --include'),
  },
  scp: { both: true, from: /^scp:\/\/|^[\w.@-]+:\S/, valued: optionNames('-i -P -o -F -J -l -c') },
  ftp: { from: HTTP, valued: optionNames('-o') },
  lftp: { from: HTTP },
  lynx: { from: HTTP },
  http: { from: HTTP, valued: optionNames('-o --output') },
  https: { from: HTTP, valued: optionNames('-o --output') },
  xh: { from: HTTP, valued: optionNames('-o --output') },
};
const OUTPUT = ['-o', '--output'] as const;

function copier(
  event: CommandEvent,
  { verbs, from, valued = new Set(), both }: Copier,
): readonly Fetch[] {
  const line = readCommandLine(event.argv.slice(1), valued);
  const [verb] = line.operands;
  if (verbs !== undefined && !verbs.includes(verb?.text ?? '')) return [];
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

/** `gh release download -R OWNER/REPO TAG`: what it writes is told by a pattern, if at all. */
function gh(event: CommandEvent): readonly Fetch[] {
  const valued = optionNames('-R -p -D -O --repo --pattern --dir --output -A --archive');
  const line = readCommandLine(event.argv.slice(1), valued);
  const [noun, verb] = line.operands.map((f) => f.text);
  if (noun !== 'release' || verb !== 'download') return [];
  const [address] = [...line.values('-R', '--repo'), ...line.operands.slice(0, 1)];
  const name = line.values('-O', '--output', '-p', '--pattern')[0]?.text ?? '';
  const folder = line.values('-D', '--dir')[0]?.text;
  const target = name === '' || folder === undefined ? name : `${folder}/${name}`;
  return address === undefined
    ? []
    : [fetchOf(event, 'other', { ...address, constant: false }, target)];
}

const SCRIPTED = /^(?:python[\d.]*|perl|ruby|node|php|pwsh|powershell)$/;
/** An address, and a word of the language's that fetches it. */
const FETCHES =
  /urlopen|urlretrieve|requests\.get|httpx\.|LWP|HTTP::Tiny|getstore|open-uri|Net::HTTP|fetch\(|file_get_contents|copy\(|Invoke-WebRequest|\biwr\b|Invoke-RestMethod|DownloadFile|DownloadString/i;

/** A script on the command line that fetches: `python -c "urlretrieve('https://...')"`. */
function scripted(event: CommandEvent): readonly Fetch[] {
  return event.argv.slice(1).flatMap((field) => {
    const address = /(?:https?|ftp):\/\/[^\s'"`)]+/i.exec(field.text)?.[0];
    if (address === undefined || !FETCHES.test(field.text) || !isRemote(address)) return [];
    return [fetchOf(event, 'other', { ...field, text: address }, addressName(address))];
  });
}

/** Files that come from another machine by other means than curl, wget and git; nothing for other commands. */
export function remoteCopies(event: CommandEvent): readonly Fetch[] {
  const { program } = event;
  if (program === 'gh') return gh(event);
  if (SCRIPTED.test(program)) return scripted(event);
  return Object.hasOwn(COPIERS, program) ? copier(event, COPIERS[program] as Copier) : [];
}
