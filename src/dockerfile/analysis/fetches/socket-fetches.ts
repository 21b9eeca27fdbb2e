import { lookup } from '../../../model/lookup.ts';
import { constantField, type Field } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { readCommandLine } from '../command-line.ts';
import { type Fetch, fetchOf, isRemote } from './fetch.ts';

/** Bytes from a connection: no address says what they are, so only their use shows a download. */
function fromSocket(event: CommandEvent, place: string, file: string | undefined): Fetch {
  const target = file ?? event.writesTo[0] ?? '';
  const address = { ...constantField(place), constant: false };
  const fetch = fetchOf(event, 'other', address, target, { toOutput: target === '' });
  return target === '' ? { ...fetch, onlyIfRead: true } : fetch;
}

/** `nc HOST PORT`; one that listens, or only looks whether a port is open, fetches nothing. */
function netcat(event: CommandEvent): readonly Fetch[] {
  const line = readCommandLine(event.program, event.argv.slice(1));
  const [host, port] = line.operands.map((f) => f.text);
  if (line.has('-z', '-l', '--listen', '-h', '--help') || host === undefined || port === undefined)
    return [];
  return isRemote(host) ? [fromSocket(event, `${host}:${port}`, undefined)] : [];
}

const SOCAT_REMOTE =
  /^(?:tcp[46]?|tcp[46]?-connect|openssl|openssl-connect|ssl|socks4a?|proxy|udp[46]?|udp[46]?-connect|sctp|sctp-connect):([^,]+)/i;
const SOCAT_FILE = /^(?:open|create|creat|gopen|file):([^,]+)/i;

function socat(event: CommandEvent): readonly Fetch[] {
  const line = readCommandLine(event.program, event.argv.slice(1));
  const places = line.operands.map((f) => f.text);
  const host = places.map((place) => SOCAT_REMOTE.exec(place)?.[1]).find((h) => h !== undefined);
  if (host === undefined || !isRemote(host)) return [];
  const file = places.map((place) => SOCAT_FILE.exec(place)?.[1]).find((f) => f !== undefined);
  // With -U everything goes from the right to the left: what is opened on the right is sent.
  const isSent = file !== undefined && line.has('-U') && SOCAT_FILE.test(places[1] ?? '');
  return isSent ? [] : [fromSocket(event, host, file)];
}

/** `ssh HOST cat FILE > FILE`; `ssh -T git@...` and what only runs something there keep nothing. */
function ssh(event: CommandEvent): readonly Fetch[] {
  const [host, command] = readCommandLine(event.program, event.argv.slice(1)).operands;
  if (host === undefined || command === undefined || !isRemote(host.text)) return [];
  return [fromSocket(event, host.text, undefined)];
}

function tls(event: CommandEvent): readonly Fetch[] {
  const words = event.argv.map((f) => f.text);
  const at = words.indexOf('-connect');
  const host = at < 0 || words[1] !== 's_client' ? undefined : words[at + 1];
  return host === undefined || !isRemote(host) ? [] : [fromSocket(event, host, undefined)];
}

const DEVICE = /^\/dev\/(?:tcp|udp)\/([^/]+)\/(\w+)$/;

/** What these read stays in the shell. */
const KEEPS = /^(?:exec|read|mapfile|readarray)$/;

/** bash's `/dev/tcp/HOST/PORT`: read by a program, or kept open to be read. */
function device(event: CommandEvent): readonly Fetch[] {
  return event.readsFrom.flatMap((path) => {
    const [, host, port] = DEVICE.exec(path) ?? [];
    if (host === undefined || port === undefined || !isRemote(host)) return [];
    const fetch = fromSocket(event, `${host}:${port}`, undefined);
    return KEEPS.test(event.program) ? [{ ...fetch, onlyIfRead: false }] : [fetch];
  });
}

const READERS = lookup<(event: CommandEvent) => readonly Fetch[]>({
  nc: netcat,
  ncat: netcat,
  netcat,
  'nc.openbsd': netcat,
  'nc.traditional': netcat,
  telnet: netcat,
  socat,
  ssh,
  openssl: tls,
});

/** What only looks at an answer: a test of a service, which keeps nothing of it. */
const LOOKS = new Set(['grep', 'egrep', 'fgrep', 'head', 'wc', 'true', 'test', '[', '[[']);

/** True where something takes what a command prints: another program, a file, or a word. */
export function isRead({ id }: Fetch, events: readonly CommandEvent[]): boolean {
  const flows = (field: Field): boolean => field.sources.includes(id);
  return events.some(
    ({ program, pipedFrom, argv, writesTo }) =>
      (argv.some(flows) || pipedFrom.includes(id)) && (!LOOKS.has(program) || writesTo.length > 0),
  );
}

/** What is fetched over a bare connection; nothing for other commands. */
export function socketFetches(event: CommandEvent): readonly Fetch[] {
  if (event.writesTo.includes('/dev/null')) return [];
  const { program } = event;
  const own = READERS[program]?.(event) ?? [];
  return [...own, ...device(event)];
}
