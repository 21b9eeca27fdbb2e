import type { Instruction } from '../../model/dockerfile.ts';
import { mountRefusal } from './mount.ts';

const PORT = /^(?:\d+|\d+-\d+)?$/;

/** A port as docker/go-connections reads it: `[address:][port:]port[-port][/protocol]`. */
function portRefusal(word: string): string | undefined {
  if (word.includes('$')) return undefined;
  const [ports = '', protocol = ''] = word.split('/', 2);
  if (!/^(?:tcp|udp|sctp|)$/i.test(protocol)) return `EXPOSE: unknown protocol ${protocol}`;
  const range = ports.slice(ports.lastIndexOf(':') + 1);
  const [first = 0, last = first] = range.split('-').map(Number);
  return PORT.test(range) && range !== '' && first <= last && last <= 65535
    ? undefined
    : `EXPOSE: ${word} is not a port or a range of ports`;
}

const SIGNALS =
  /^(?:ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP|TSTP|TTIN|TTOU|UNUSED|URG|USR[12]|VTALRM|WINCH|XCPU|XFSZ|EMT|INFO|LWP|THR|RTM(?:IN|AX)(?:[-+]\d+)?)$/i;

function signalRefusal(text: string): string | undefined {
  if (text.includes('$') || text.startsWith('--')) return undefined;
  const known = /^[-+]?\d+$/.test(text)
    ? Number(text) !== 0
    : SIGNALS.test(text.replace(/^SIG/i, ''));
  return known ? undefined : `STOPSIGNAL: unknown signal ${text}`;
}

/** Why BuildKit refuses an instruction of a stage that the build reaches, its variables put in. */
export function reachedRefusal({
  keyword,
  arguments: words,
  rawArguments,
  flags,
}: Instruction): string | undefined {
  const first = <T>(
    values: readonly T[],
    of: (value: T) => string | undefined,
  ): string | undefined => values.map(of).find((refusal) => refusal !== undefined);
  if (keyword === 'EXPOSE') return first(words, portRefusal);
  if (keyword === 'STOPSIGNAL')
    return signalRefusal(words.length === 1 ? (words[0] ?? '') : rawArguments);
  if (keyword !== 'RUN') return undefined;
  return first(
    flags.filter(({ name }) => name === 'mount'),
    ({ value }) => mountRefusal(value),
  );
}
