import { oneLine } from '../../model/clean-text.ts';
import { textField } from '../../model/json-value.ts';

/** A report's name, version or path for ours: one line of limited length; undefined if not text. */
export function reportText(value: unknown, name: string): string | undefined {
  const text = textField(value, name);
  if (text === undefined || text === '') return undefined;
  return oneLine(text).slice(0, 512);
}

/** An address that a reader may be sent to: http or https, without credentials. */
export function reportUrl(value: unknown, name: string): string | undefined {
  const text = reportText(value, name);
  return text !== undefined && /^https?:\/\/[^\s@]+$/.test(text) ? text : undefined;
}

/** The object without the fields that are undefined. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
