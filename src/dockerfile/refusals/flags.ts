import type { LeadingFlag } from '../instruction-words.ts';

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
/** BuildKit takes flags off these two and never looks at them. */
const UNREAD = new Set(['ARG', 'STOPSIGNAL']);

export type ReadFlags = readonly LeadingFlag[];

/** Why BuildKit refuses the flags of an instruction, in its words. */
export function flagRefusal(keyword: string, flags: ReadFlags): string | undefined {
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
