import { type Instruction, jsonArray } from '../model/dockerfile.ts';
import {
  BLANKS,
  type LeadingFlag,
  leadingFlags,
  splitWords,
  trimmed,
} from './instruction-words.ts';

type FlagKind = 'switch' | 'once' | 'often';

/**
 * Flags of each instruction, those of every BuildKit so far: `device`, `exclude`, `parents`,
 * `unpack` and `start-interval` came later than the others, and nothing is refused that some
 * BuildKit builds.
 */
const FLAGS: Readonly<Record<string, Readonly<Record<string, FlagKind>>>> = {
  ADD: {
    chown: 'once',
    chmod: 'once',
    link: 'switch',
    'keep-git-dir': 'switch',
    checksum: 'once',
    unpack: 'switch',
    exclude: 'often',
  },
  COPY: {
    chown: 'once',
    from: 'once',
    chmod: 'once',
    link: 'switch',
    exclude: 'often',
    parents: 'switch',
  },
  FROM: { platform: 'once' },
  HEALTHCHECK: {
    interval: 'once',
    timeout: 'once',
    'start-period': 'once',
    'start-interval': 'once',
    retries: 'once',
  },
  RUN: { mount: 'often', network: 'once', security: 'once', device: 'often' },
};
/** BuildKit takes flags off these two and never checks them. */
const UNREAD = new Set(['ARG', 'STOPSIGNAL']);

type ReadFlags = readonly LeadingFlag[];

/** Why BuildKit refuses the flags of an instruction, in its words. */
function flagRefusal(keyword: string, flags: ReadFlags): string | undefined {
  if (UNREAD.has(keyword)) return undefined;
  const known = new Map(Object.entries(FLAGS[keyword] ?? {}));
  const used = new Set<string>();
  for (const { name, value, valued } of flags) {
    const kind = known.get(name);
    if (kind === undefined) return `${keyword}: unknown flag: --${name}`;
    if (used.has(name) && kind !== 'often') return `${keyword}: duplicate flag: --${name}`;
    used.add(name);
    if (valued ? kind === 'switch' && value === '' : kind !== 'switch')
      return `${keyword}: missing a value on flag: --${name}`;
    if (kind === 'switch' && !/^(?:true|false|)$/i.test(value))
      return `${keyword}: --${name} takes true or false, not ${value}`;
  }
  return undefined;
}

/** Instructions that take a JSON array or, where the text is not one, the text. */
const MAYBE_JSON = new Set('ADD CMD COPY ENTRYPOINT RUN SHELL VOLUME'.split(' '));
const AT_LEAST_ONE = new Set('ARG ENV EXPOSE HEALTHCHECK LABEL ONBUILD SHELL VOLUME'.split(' '));
const EXACTLY_ONE = new Set('MAINTAINER STOPSIGNAL USER WORKDIR'.split(' '));
const HEREDOC = /^\d*<<-?[^<\s]+$/;

function isMixed(array: readonly unknown[] | undefined): boolean {
  return array?.some((item) => typeof item !== 'string') === true;
}

/** What BuildKit refuses as it splits a line, of ONBUILD's inner instruction too. */
function splitRefusal(keyword: string, rest: string, escape: string): string | undefined {
  const command = keyword === 'HEALTHCHECK' ? rest.replace(/^\S+\s*/, '') : rest;
  if (MAYBE_JSON.has(keyword) || keyword === 'HEALTHCHECK')
    return isMixed(jsonArray(command)?.items)
      ? `${keyword}: a JSON array may contain only strings`
      : undefined;
  if (keyword !== 'ENV' && keyword !== 'LABEL') return undefined;
  const words = splitWords(rest, escape).map(({ text }) => text);
  const [first] = words;
  if (first === undefined) return undefined;
  if (!first.includes('='))
    return BLANKS.test(rest) ? undefined : `${keyword} must have two arguments`;
  const bare = words.find((word) => !word.includes('='));
  return bare === undefined ? undefined : `${keyword}: no = in ${bare}: write name=value`;
}

/** What BuildKit refuses of the arguments once they are split. */
function argumentRefusal(
  keyword: string,
  rest: string,
  escape: string,
  flags: ReadFlags,
): string | undefined {
  const array = MAYBE_JSON.has(keyword) ? jsonArray(rest)?.items : undefined;
  const count = array === undefined ? (rest === '' ? 0 : 1) : array.length;
  if (AT_LEAST_ONE.has(keyword) && count === 0) return `${keyword} requires at least one argument`;
  if (EXACTLY_ONE.has(keyword) && count === 0) return `${keyword} requires exactly one argument`;
  switch (keyword) {
    case 'SHELL':
      return array === undefined ? 'SHELL requires a JSON array of strings' : undefined;
    case 'VOLUME':
      return array?.some((path) => String(path).trim() === '') === true
        ? 'VOLUME: a path may not be empty'
        : undefined;
    case 'ENV':
    case 'LABEL':
    case 'ARG':
      return hasBlankName(keyword, rest, escape) ? `${keyword} names can not be blank` : undefined;
    case 'ONBUILD':
      return triggerRefusal(rest, escape);
    case 'HEALTHCHECK':
      return healthcheckRefusal(rest, flags);
    case 'COPY':
    case 'ADD':
      return destinationRefusal(keyword, array?.map(String) ?? rest.split(BLANKS));
    default:
      return undefined;
  }
}

/** `ENV a = b` is the old form: the variable a. */
function hasBlankName(keyword: string, rest: string, escape: string): boolean {
  const words = splitWords(rest, escape).map(({ text }) => text);
  if (keyword !== 'ARG' && words[0]?.includes('=') === false) return false;
  return words.some((word) => word.startsWith('='));
}

function destinationRefusal(keyword: string, words: readonly string[]): string | undefined {
  if (words.length < 2)
    return `${keyword} requires at least two arguments: a source and a destination`;
  return HEREDOC.test(words.at(-1) ?? '')
    ? `${keyword} cannot have a here-document as its destination`
    : undefined;
}

function triggerRefusal(rest: string, escape: string): string | undefined {
  const [word = ''] = rest.split(BLANKS, 1);
  const trigger = word.toUpperCase();
  if (trigger === 'ONBUILD') return 'ONBUILD ONBUILD is not allowed';
  if (trigger === 'FROM' || trigger === 'MAINTAINER')
    return `${trigger} is not allowed as an ONBUILD trigger`;
  const raw = trimmed(rest.slice(word.length));
  return splitRefusal(trigger, trimmed(raw.slice(leadingFlags(raw).rest)), escape);
}

/**
 * Why BuildKit refuses an instruction other than FROM, in whichever stage it stands; undefined
 * where it accepts it. `raw` is the line behind the keyword.
 */
export function instructionRefusal(
  keyword: string,
  raw: string,
  escape: string,
): string | undefined {
  const { flags, rest } = leadingFlags(raw);
  const text = trimmed(raw.slice(rest));
  const isNone = keyword === 'HEALTHCHECK' && /^none$/i.test(text);
  return (
    foreignRefusal(keyword, flags, raw.slice(0, rest)) ??
    splitRefusal(keyword, text, escape) ??
    argumentRefusal(keyword, text, escape, flags) ??
    (isNone ? undefined : flagRefusal(keyword, flags)) ??
    (keyword === 'RUN' ? runRefusal(flags) : undefined)
  );
}

/** BuildKit reads flags by bytes: of `é` it makes two letters, and of `à` a letter and a blank. */
function foreignRefusal(keyword: string, flags: ReadFlags, written: string): string | undefined {
  return flags.length > 0 && /[^\0-\x7f]/.test(written)
    ? `${keyword}: a flag has a letter outside ASCII, which BuildKit misreads`
    : undefined;
}

function runRefusal(flags: ReadFlags): string | undefined {
  if (flags.some(({ name, value }) => name === 'mount' && /(?:^|,)from=[^,]*\$[^,]/i.test(value)))
    return 'RUN: from of a mount cannot have a variable: name a stage instead';
  const value = (name: string): string | undefined =>
    flags.find((flag) => flag.name === name)?.value;
  const network = value('network');
  if (network !== undefined && !/^(?:default|none|host)$/.test(network))
    return `RUN: invalid network mode ${network}: default, none or host`;
  const security = value('security');
  return security !== undefined && !/^(?:insecure|sandbox)$/.test(security)
    ? `RUN: invalid security ${security}: sandbox or insecure`
    : undefined;
}

/** Why BuildKit refuses a FROM, even if not reached; `raw` is the line after the keyword. */
export function fromRefusal(keyword: string, raw: string): string | undefined {
  const { flags, rest } = leadingFlags(raw);
  const text = trimmed(raw.slice(rest));
  const words = text === '' ? [] : text.split(BLANKS);
  const [image, , name] = words;
  if (words.length !== 1 && words.length !== 3)
    return 'FROM requires either one or three arguments';
  const foreign = foreignRefusal(keyword, flags, raw.slice(0, rest));
  if (foreign !== undefined) return foreign;
  if (name !== undefined && !/^[a-z][a-z0-9._-]*$/i.test(name))
    return `invalid name for a build stage: ${name}: a letter, then letters, digits, - _ and .`;
  if (image === '""' || image === "''") return 'FROM: the name of the image is empty';
  const platform = flags.find((flag) => flag.name === 'platform')?.value ?? '';
  return platform === '' || /\$/.test(platform) || /^[\w.()-]+(?:\/[\w.-]+){0,2}$/.test(platform)
    ? flagRefusal(keyword, flags)
    : `FROM: ${platform} is not a platform such as linux/amd64`;
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 36e5,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/** Milliseconds of a duration as Go's time.ParseDuration reads it; undefined where it is none. */
function duration(text: string): number | undefined {
  const sign = /^[-+]/.exec(text)?.[0] ?? '';
  const rest = text.slice(sign.length);
  if (rest === '0') return 0;
  const parts = [...rest.matchAll(PART)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== rest) return undefined;
  const sum = parts.reduce((all, [, n, unit = '']) => all + Number(n) * (UNITS[unit] ?? 0), 0);
  return sign === '-' ? -sum : sum;
}

function valueRefusal(name: string, value: string): string | undefined {
  if (value === '') return undefined;
  if (name === 'retries')
    return /^\+?\d+$/.test(value) && Number(value) < 2 ** 31
      ? undefined
      : `HEALTHCHECK: --retries is a number, not ${value}`;
  const ms = duration(value);
  if (ms === undefined) return `HEALTHCHECK: --${name} is a duration such as 30s, not ${value}`;
  return ms !== 0 && ms < 1 ? `HEALTHCHECK: --${name} cannot be less than 1ms` : undefined;
}

/** Why BuildKit refuses a HEALTHCHECK's arguments (at least one word) or its flags' values. */
function healthcheckRefusal(rest: string, flags: ReadFlags): string | undefined {
  const [word = ''] = rest.split(/\s/, 1);
  const command = rest.slice(word.length).trim();
  const kind = word.toUpperCase();
  if (kind === 'NONE')
    return command === '' ? undefined : 'HEALTHCHECK NONE does not take arguments';
  if (kind !== 'CMD') return `HEALTHCHECK: unknown type ${word}: CMD or NONE`;
  if (command === '' || /^\[\s*\]$/.test(command)) return 'HEALTHCHECK CMD: no command';
  for (const { name, value } of flags) {
    const refusal = valueRefusal(name, value);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

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

/** The form of a value, where BuildKit asks for more than text. */
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
