import type { BakeRow, BakeState } from '../model/bake.ts';
import { cleanText } from './clean-text.ts';
import { shortDigest } from './evidence-text.ts';
import { jsonText } from './json-text.ts';
import { padded, textWidth } from './terminal/text-width.ts';

const STATES: Readonly<Record<BakeState, string>> = {
  published: 'published',
  built: 'built',
  linked: 'built for others',
  held: 'not published',
  short: 'short of the gate',
  failed: 'failed',
  skipped: 'not built',
  planned: 'planned',
};

const HEAD = ['target', 'level', 'grade', 'result', 'digest', 'names'];

/** The table at the end of a bake, and below it why each target that was not published was not. */
export function bakeTable(rows: readonly BakeRow[]): string {
  const table = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, i) => Math.max(...table.map((row) => textWidth(row[i] ?? ''))));
  const lines = table.map((row) =>
    row
      .map((cell, i) => padded(cell, widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const reasons = rows.flatMap(({ target, reason }) =>
    reason === undefined ? [] : [`  ${cleanText(target)}: ${cleanText(firstLine(reason))}`],
  );
  return `${[...lines, ...reasons].join('\n')}\n`;
}

function cells({ target, state, digest, names, scorecard }: BakeRow): readonly string[] {
  const overall = scorecard?.overall;
  return [
    target,
    scorecard === undefined ? '-' : String(scorecard.level),
    overall === undefined ? '-' : `${overall.grade} (${overall.points}/${overall.total})`,
    STATES[state],
    digest === undefined ? '-' : shortDigest(digest),
    names.join(', ') || '-',
  ].map((text) => cleanText(text));
}

function firstLine(text: string): string {
  return text.split('\n').find((line) => line.trim() !== '') ?? '';
}

/** A bake as JSON: how each target ended, and its scorecard. */
export function bakeJson(rows: readonly BakeRow[]): string {
  return jsonText({ schemaVersion: '1', targets: rows });
}
