/** The end of year 9999 in seconds since 1970, the last that RFC 3339 has for an image's date. */
export const LATEST_EPOCH = 253_402_300_799;

export const DAY_MS = 86_400_000;
export const HOUR_MS = DAY_MS / 24;
const NOTE = /\bvalid until (\d{4}-\d{2}-\d{2})\b/gi;

/** The end of a UTC day (YYYY-MM-DD), in milliseconds since 1970; undefined for an invalid day. */
export function endOfDay(day: string): number | undefined {
  const start = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  // Some engines parse a day that does not exist (30 February) as another.
  const isReal = !Number.isNaN(start) && new Date(start).toISOString().startsWith(day);
  return isReal ? start + DAY_MS : undefined;
}

/**
 * A VEX last day as text for `status_notes`: OpenVEX has no field for it (OPENVEX-SPEC,
 * "Statement").
 */
export function lastDayNote(day: string): string {
  return `Valid until ${day}.`;
}

/** The earliest last day in the notes; it may not be a real day. */
export function lastDayOf(notes: string): string | undefined {
  const days = [...notes.matchAll(NOTE)].map(([, day = '']) => day);
  return days.sort()[0];
}

/** An invalid day is never over. */
export function isOver(lastDay: string, now: number): boolean {
  const end = endOfDay(lastDay);
  return end === undefined || now >= end;
}
