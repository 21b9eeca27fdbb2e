/** RFC 3339, section 5.6: date, time and offset, all of them. */
const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970 of an RFC 3339 timestamp; undefined if it or its date is invalid. */
export function parseTimestamp(text: string): number | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const day = Number(match[3]);
  const lastDay = new Date(Date.UTC(Number(match[1]), Number(match[2]), 0)).getUTCDate();
  if (day < 1 || day > lastDay) return undefined;
  const time = Date.parse(text.replace(' ', 'T').toUpperCase());
  return Number.isNaN(time) ? undefined : time;
}
