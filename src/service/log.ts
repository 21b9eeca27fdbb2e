import { messageOf } from '../lib/errors.ts';
import { withoutPasswords } from '../lib/text.ts';
import { jsonLine } from '../report/text.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

export type Logger = Readonly<
  Record<Level, (message: string, fields?: Readonly<Record<string, unknown>>) => void>
>;

/** Fields that may contain a secret. */
const SECRET = /authorization|cookie|secret|passw|credential|^tokens?$/i;
const LONGEST = 4000;

function cleaned(value: unknown, name = ''): unknown {
  if (SECRET.test(name)) return '…';
  if (typeof value === 'string') return withoutSecrets(value);
  if (value instanceof Error) return cleaned({ message: messageOf(value), stack: value.stack });
  if (value instanceof Date || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.slice(0, 100).map((one) => cleaned(one));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cleaned(one, key)]));
}

function withoutSecrets(text: string): string {
  const short = withoutPasswords(text.slice(0, LONGEST), '…');
  return short.replace(/\b(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 …');
}

/**
 * Structured logs: a JSON object a line, which `write` gets. Values of fields that are named like
 * secrets are left out, and so is what looks like one in texts.
 */
export function openLog(
  write: (line: string) => void,
  now: () => number,
  least: Level = 'info',
): Logger {
  const at =
    (level: Level): Logger[Level] =>
    (message, fields) => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
      const time = new Date(now()).toISOString();
      const more = cleaned({ ...fields }) as object;
      write(`${jsonLine({ time, level, message: withoutSecrets(message), ...more })}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
