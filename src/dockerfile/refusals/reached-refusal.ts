import type { Instruction } from '../../model/dockerfile.ts';

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

const NAMES = new Set(
  (
    'type from source src target dst destination readonly ro readwrite rw required size id sharing ' +
    'mode uid gid env'
  ).split(' '),
);
const ALONE = /^(?:readonly|ro|readwrite|rw|required)$/;
const BOOLEAN = /^(?:1|0|t|f|true|false|T|F|TRUE|FALSE|True|False)$/;
const SIZE = /^\d+(?:\.\d+)? ?(?:[kmgtp]i?b?|b)?$/i;

/** What a value has to be like, where BuildKit asks for more than text. */
const VALUES: Readonly<Record<string, RegExp>> = {
  type: /^(?:bind|cache|tmpfs|secret|ssh)$/i,
  sharing: /^(?:shared|private|locked)$/i,
  readonly: BOOLEAN,
  ro: BOOLEAN,
  readwrite: BOOLEAN,
  rw: BOOLEAN,
  required: BOOLEAN,
  size: SIZE,
  mode: /^[0-7]+$/,
  uid: /^\d+$/,
  gid: /^\d+$/,
};
/** Options that only some types take. */
const ONLY: Readonly<Record<string, RegExp>> = {
  required: /^(?:secret|ssh)$/,
  size: /^tmpfs$/,
  mode: /^(?:secret|ssh|cache)$/,
  uid: /^(?:secret|ssh|cache)$/,
  gid: /^(?:secret|ssh|cache)$/,
  sharing: /^cache$/,
};

/** Why BuildKit refuses a `RUN --mount`; undefined if not, or if a variable or quote decides. */
function mountRefusal(text: string): string | undefined {
  if (/[$"]/.test(text)) return undefined;
  const options = new Map<string, string>();
  for (const field of text.split(',')) {
    const [key = '', value] = field.split(/=([^]*)/, 2);
    const name = key.toLowerCase();
    if (value === undefined && !ALONE.test(name)) return `--mount: ${field} is not key=value`;
    if (!NAMES.has(name)) return `--mount: unknown key ${key}`;
    if (value !== undefined && VALUES[name]?.test(value) === false)
      return `--mount: ${value} is not a value of ${name}`;
    options.set(name, value ?? 'true');
  }
  const type = (options.get('type') ?? 'bind').toLowerCase();
  const stray = [...options.keys()].find((name) => ONLY[name]?.test(type) === false);
  if (stray !== undefined) return `--mount: ${stray} is not for a mount of type ${type}`;
  return placeRefusal(type, options);
}

/** A target may be absent: it is the working directory then, which the base image may set. */
function placeRefusal(type: string, options: ReadonlyMap<string, string>): string | undefined {
  if (type !== 'secret') return undefined;
  const given = (...names: readonly string[]): boolean =>
    names.some((name) => (options.get(name) ?? '') !== '');
  if (given('from')) return '--mount: a secret has no from';
  if (given('source', 'src') && given('id'))
    return '--mount: a secret has a source or an id, not both';
  return given('id', 'source', 'src', 'target', 'dst', 'destination')
    ? undefined
    : '--mount: a secret needs an id';
}
