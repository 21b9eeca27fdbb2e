const DAYS = 'Sun Mon Tue Wed Thu Fri Sat'.split(' ');
/** As English names them, short, from January on. */
export const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** A time in UTC as its words have it: `Nov`, `25`, `15:05:43`, `2026`. */
interface DateWords {
  readonly month: string;
  readonly day: string;
  readonly time: string;
  readonly year: string;
}

/** Milliseconds since 1970; not a number where the words are no date. */
export function timeOfWords({ month, day, time, year }: DateWords): number {
  const [hour, minute, second] = time.split(':').map(Number);
  const index = MONTHS.indexOf(month);
  if (index < 0) return NaN;
  return Date.UTC(Number(year), index, Number(day), hour, minute, second);
}

/** The words for a time in seconds, and its weekday; `pad` goes before days under ten. */
export function wordsOfTime(
  seconds: number,
  pad: '0' | ' ',
): DateWords & { readonly weekday: string } {
  const at = new Date(seconds * 1000);
  const [, time = ''] = /T(.{8})/.exec(at.toISOString()) ?? [];
  return {
    weekday: DAYS[at.getUTCDay()] ?? '',
    month: MONTHS[at.getUTCMonth()] ?? '',
    day: String(at.getUTCDate()).padStart(2, pad),
    time,
    year: String(at.getUTCFullYear()),
  };
}
