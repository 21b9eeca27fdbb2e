/** `npm run test:all`: every row of every table, and files that `npm test` leaves out. */
export const isWhole = process.env['SCOVILLE_TESTS'] === 'all';

/** The rows of a table: all of them, or in `npm test` the few that show what the table is about. */
export function rows<Row>(table: readonly Row[], isKept: (row: Row, at: number) => boolean): Row[] {
  const kept = isWhole ? [...table] : table.filter(isKept);
  if (kept.length === 0) throw new Error('no row is left');
  return kept;
}
