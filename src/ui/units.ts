const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes as Docker prints them: decimal units, three significant digits. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? String(value) : value.toPrecision(3)} ${UNITS[unit] ?? 'B'}`;
}

/** Seconds with one decimal, as BuildKit prints them. */
export function secondsText(seconds: number): string {
  return `${seconds.toFixed(1)}s`;
}
