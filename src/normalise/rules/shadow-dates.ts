import type { RewriteRule } from '../rule.ts';

const FILES = new Set(['etc/shadow', 'etc/shadow-']);
const SECONDS_A_DAY = 86_400;
/** shadow(5): a password with a lower maximum ages, and an earlier date would end it earlier. */
const NEVER_AGES = 10_000;

export const shadowDates: RewriteRule = {
  id: 'shadow-dates',
  touches:
    'Field 3 of etc/shadow and etc/shadow-, the day of the last password change, where it is later than the day of the epoch and the password does not age.',
  safeBecause: 'The day matters to passwords that age, and those are left alone. Hashes stay.',
  answers: 'Last change in etc/shadow',
  mode: 'safe',
  kind: 'rewrite',
  applies: ({ path }) => FILES.has(path),
  rewrite: (bytes, { epoch }) => {
    // latin-1 keeps every byte.
    const before = Buffer.from(bytes).toString('latin1');
    const lines = before
      .split('\n')
      .map((line) => clamped(line, Math.floor(epoch / SECONDS_A_DAY)));
    const after = lines.join('\n');
    return after === before ? undefined : Buffer.from(after, 'latin1');
  },
};

function clamped(line: string, day: number): string {
  const fields = line.split(':');
  const [, , changed = '', , age = ''] = fields;
  if (!/^\d{1,9}$/.test(changed) || Number(changed) <= day) return line;
  if (age !== '' && Number(age) < NEVER_AGES) return line;
  fields[2] = String(day);
  return fields.join(':');
}
