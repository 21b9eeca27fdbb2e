import type { ReadFlags } from './flags.ts';

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

/** Why BuildKit refuses the arguments of a HEALTHCHECK (at least one word) and the values of its flags. */
export function healthcheckRefusal(rest: string, flags: ReadFlags): string | undefined {
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
