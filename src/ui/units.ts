const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Bytes as Docker prints them: decimal units, three significant digits. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // From 999.5 on three digits would round up to 1000.
  while (value >= (unit === 0 ? 1000 : 999.5) && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 1000 ? String(Math.round(value)) : value.toPrecision(3);
  return `${digits} ${UNITS[unit] ?? 'B'}`;
}

/** Seconds with one decimal, as BuildKit prints them. */
export function secondsText(seconds: number): string {
  return `${seconds.toFixed(1)}s`;
}
