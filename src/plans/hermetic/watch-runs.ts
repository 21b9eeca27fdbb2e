import { type DockerfileModel, type Instruction, jsonArray } from '../../model/dockerfile.ts';

/**
 * Files mounted into each RUN, and what a RUN starts with: the shell reads the first one, by which
 * it reads the other one on exit.
 */
export const BEGIN_FILE = 'begin';
export const WATCH_FILE = 'seen';
/** Where they are. */
export const FOLDER = '/.scoville-hermetic';
export const WATCH_WORDS = `{ . ${FOLDER}/${BEGIN_FILE}; } 2>/dev/null; `;
const WATCH_TRAP = `trap '{ set +ex; . ${FOLDER}/${WATCH_FILE}; } 2>/dev/null' 0\n`;
/** What the line in a RUN's log begins with. */
export const WATCH_MARK = 'scoville-hermetic-seen';

/** In any POSIX shell, with no other program: the RUN's address and kernel counters (proc(5)). */
export const WATCH_SCRIPT = `unset IFS
s_ip= s_own= s_all=
while read -r s_a s_b; do
  case $s_a in
    '|--') s_ip=$s_b ;;
    /32) case "$s_b $s_ip" in 'host LOCAL 127.'*) ;; 'host LOCAL '*) s_own=$s_ip ;; esac ;;
  esac
done </proc/net/fib_trie
while read -r s_a s_b; do
  case $s_a in Ip: | Tcp: | Udp: | Icmp:) s_all="$s_all; $s_a $s_b" ;; esac
done </proc/net/snmp
while read -r s_a s_b; do
  case $s_a in Udp6OutDatagrams | Udp6NoPorts) s_all="$s_all; $s_a $s_b" ;; esac
done </proc/net/snmp6
echo "${WATCH_MARK} $s_own$s_all"
`;

/** What a RUN does first: from then on its programs name it to the proxy. */
export function beginScript(names: readonly string[], proxyUrl: string): string {
  return `export ${names.map((name) => `${name}=${proxyUrl}`).join(' ')}\n${WATCH_TRAP}`;
}

/** The shell's own word, not `find -exec`, `mvn exec:java` or `bundle exec`. */
const EXEC =
  /(?<![-\w])(?<!\b(?:bundle|npm|pnpm|yarn|composer|pipenv|dotnet|docker|mise|asdf) )exec\b(?!:)/;
const FIRST_FLAGS = /^\s*RUN(?=\s|\\|$)\s*(?:--\S+(?:\s+|$))*/i;
const FLAGS = /^\s*(?:--\S+(?:\s+|$))*/;

/** Where the words go into a RUN: a line from 1, and a column from 0. */
interface WatchPlace {
  readonly line: number;
  readonly column: number;
}

/**
 * Where a RUN's command begins; undefined where the words would not be read by a shell of POSIX, or
 * not at the command's end: an exec form, a script with an interpreter of its own, `exec`.
 */
export function watchPlace(
  lines: readonly string[],
  { range, rawArguments, heredocs, ...run }: Instruction,
  { escape, stages }: DockerfileModel,
): WatchPlace | undefined {
  const isOther = stages.some(({ instructions }) =>
    instructions.some(
      ({ keyword, rawArguments: text }) =>
        keyword === 'SHELL' && !/^\[\s*"(?:[^"]*\/)?(?:ba|da|a|k)?sh"/.test(text),
    ),
  );
  const [script] = heredocs;
  const shown = [rawArguments, ...heredocs.map(({ content }) => content)];
  const isPrivileged = run.flags.some(
    ({ name, value }) => name === 'security' && value === 'insecure',
  );
  if (
    isOther ||
    isPrivileged ||
    isOnHost(run) ||
    escape !== '\\' ||
    shown.some((text) => EXEC.test(text))
  )
    return undefined;
  if (jsonArray(rawArguments) !== undefined) return undefined;
  for (let line = range.startLine; line <= range.endLine; line++) {
    const text = lines[line - 1] ?? '';
    const isFirst = line === range.startLine;
    if (!isFirst && /^\s*(?:#|$)/.test(text)) continue;
    const [flags = ''] = (isFirst ? FIRST_FLAGS : FLAGS).exec(text) ?? [];
    const rest = text.slice(flags.length).trimEnd().replace(/\\$/, '').trimEnd();
    if (rest === '') continue;
    // A quoted flag with a space in it.
    if (!rawArguments.startsWith(rest)) return undefined;
    if (!rest.startsWith('<<')) return { line, column: flags.length };
    const isScript = /^<<-?["']?[\w.-]+["']?$/.test(rest) && heredocs.length === 1;
    return isScript && script !== undefined && /^(?!#!)[^]/.test(script.content)
      ? { line: line + 1, column: 0 }
      : undefined;
  }
  return undefined;
}

/** True for a Dockerfile with a RUN that sends from this machine's own addresses. */
export function usesHostNetwork({ stages }: Pick<DockerfileModel, 'stages'>): boolean {
  return stages.some(({ instructions }) => instructions.some(isOnHost));
}

function isOnHost({ flags }: Pick<Instruction, 'flags'>): boolean {
  return flags.some(({ name, value }) => name === 'network' && value === 'host');
}

/** What a RUN's kernel has counted. */
export interface RunCounts {
  /** Its address; empty where it has no network. */
  readonly client: string;
  /** TCP connections that it opened to another machine. */
  readonly opened: number;
  /** Datagrams that no port of its own refused, and echo requests. */
  readonly datagrams: number;
  /** Packets of IPv4 that neither TCP, UDP nor ICMP has counted, at least: of raw sockets. */
  readonly raw: number;
}

/** Reads the line of a log; undefined where it lacks a count. */
export function runCounts(line: string): RunCounts | undefined {
  const [client = '', ...parts] = line.split(';').map((part) => part.trim());
  const counts = new Map<string, number>();
  const names = new Map<string, readonly string[]>();
  for (const part of parts) {
    const [kind = '', ...words] = part.split(/\s+/);
    const known = names.get(kind);
    if (!kind.endsWith(':')) counts.set(kind, Number(words[0]));
    else if (known === undefined) names.set(kind, words);
    else known.forEach((name, i) => counts.set(`${kind}${name}`, Number(words[i])));
  }
  const count = (name: string, otherwise = Number.NaN): number => counts.get(name) ?? otherwise;
  // What is opened to itself is opened from its side too.
  const opened = count('Tcp:ActiveOpens') - count('Tcp:AttemptFails') - count('Tcp:PassiveOpens');
  const datagrams =
    count('Udp:OutDatagrams') -
    count('Udp:NoPorts') +
    count('Udp6OutDatagrams', 0) -
    count('Udp6NoPorts', 0) +
    count('Icmp:OutEchos');
  // What TCP has counted may have gone out in fewer packets.
  const counted = ['Tcp:OutSegs', 'Tcp:RetransSegs', 'Udp:OutDatagrams', 'Icmp:OutMsgs'];
  const sum = counted.reduce((all, name) => all + count(name), 0);
  // Older kernels count under OutRequests what newer ones have as OutTransmits.
  const raw = Math.max(0, count('Ip:OutTransmits', count('Ip:OutRequests')) - sum);
  return Number.isNaN(opened + datagrams + raw) ? undefined : { client, opened, datagrams, raw };
}

/** What bypassed the proxy, in words; undefined if nothing. `proxied`: connections that it saw. */
export function pastProxy(
  { opened, datagrams, raw }: RunCounts,
  proxied: number,
): string | undefined {
  const connections = opened - proxied;
  const found = [
    ...(connections > 0 ? [`${connections} TCP ${plural('connection', connections)}`] : []),
    ...(datagrams > 0 ? [`${datagrams} UDP or ICMP ${plural('packet', datagrams)}`] : []),
    ...(raw > 0 ? [`${raw} raw ${plural('packet', raw)}`] : []),
  ];
  return found.length === 0 ? undefined : `sent ${found.join(' and ')} past the proxy`;
}

function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}
