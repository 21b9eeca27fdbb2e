import { jsonWithoutCiCommands } from '../model/ci-commands.ts';
import { UNSAFE } from './clean-text.ts';

/** Indented JSON with a final line end; characters unsafe for a terminal are written as escapes. */
export function jsonText(value: object): string {
  return `${spelledOut(JSON.stringify(value, undefined, 2))}\n`;
}

/** The same on one line, and with no line end. */
export function jsonLine(value: object): string {
  return spelledOut(JSON.stringify(value));
}

function spelledOut(text: string): string {
  return jsonWithoutCiCommands(text).replace(UNSAFE, (found) => {
    // It is JSON's own.
    if (found === '\n') return found;
    // A character beyond the first plane is two units, each spelled out.
    const units = Array.from({ length: found.length }, (_, at) => found.charCodeAt(at));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

/** The value with null for undefined: in our schemas what is not known is never left out. */
export function withNulls(value: unknown): unknown {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(withNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, withNulls(one)] as const);
  return Object.fromEntries(entries);
}
