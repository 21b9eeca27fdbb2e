import type { FleetTotals } from '../model/fleet.ts';
import { GRADES } from '../model/scorecard.ts';

const MOST_CRITERIA = 5;

/** What a fleet comes to, in a few lines. */
export function fleetSummary(totals: FleetTotals): string {
  const { graded, short, failed, levels, grades, unmet } = totals;
  const rows: [string, string][] = [
    [
      'images',
      `${graded + failed}: ${graded} graded, ${short} short of the gate, ${failed} failed`,
    ],
  ];
  if (graded > 0)
    rows.push(
      [
        'levels',
        [...levels]
          .sort(([a], [b]) => a - b)
          .map(([level, images]) => `${level}: ${images}`)
          .join(', '),
      ],
      [
        'grades',
        GRADES.filter((grade) => grades.has(grade))
          .map((grade) => `${grade}: ${grades.get(grade) ?? 0}`)
          .join(', '),
      ],
      [
        'unmet most',
        unmet
          .slice(0, MOST_CRITERIA)
          .map(({ criterion, images }) => `${criterion} ${images}`)
          .join(', ') || 'none',
      ],
    );
  return rows.map(([name, text]) => `${name.padEnd(12)}${text}\n`).join('');
}
