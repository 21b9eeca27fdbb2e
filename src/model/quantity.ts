const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `1 layer`, `2 layers`, as lines of progress count. */
export function quantity(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A whole number in groups of three, the same on every machine: `12,345`. */
export function countText(count: number): string {
  // eslint-disable-next-line regexp/no-super-linear-move -- a number has few digits
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 package`, `1,002 packages`, as reports count. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** Bytes as a report shows them: `160.2 MB`. */
export function sizeText(bytes: number): string {
  return inUnits(bytes, (value) => value.toFixed(1));
}

/** Bytes as Docker prints them: three significant digits. */
export function bytesText(bytes: number): string {
  return inUnits(bytes, (value) =>
    value < 999.5 ? value.toPrecision(3) : String(Math.round(value)),
  );
}

/** Steps of 1000, as Docker counts. What would be shown as 1000 of a unit is one of the next. */
function inUnits(bytes: number, written: (value: number) => string): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  const digits = (): string => (unit === 0 ? String(Math.round(value)) : written(value));
  while (Number(digits()) >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${digits()} ${UNITS[unit] ?? ''}`;
}

/** Seconds with one decimal, as BuildKit prints them. */
export function secondsText(seconds: number): string {
  return `${seconds.toFixed(1)}s`;
}
