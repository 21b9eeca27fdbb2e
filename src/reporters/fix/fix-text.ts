import picocolors from 'picocolors';
import type { Gain, PlannedEdit, Refusal } from '../../model/planned-edit.ts';
import { quantity } from '../../model/quantity.ts';
import { cleanText } from '../clean-text.ts';

interface FixTextOptions {
  readonly color: boolean;
}

/** `3 points, grade B, level 2: no-shell, nonroot-user, minimal-base`, and the edits it needs. */
export function gainText({ criteria, points, grade, level, together }: Gain): string {
  const counted = [
    quantity(points, 'point'),
    ...(grade === undefined ? [] : [`grade ${grade}`]),
    ...(level === undefined ? [] : [`level ${level}`]),
  ].join(', ');
  const worth = criteria.length > 1 ? `${counted}: ${criteria.join(', ')}` : counted;
  if (together.length === 0) return worth;
  const others = together.length === 1 ? (together[0] ?? '') : `${together.length} other edits`;
  return `${worth}, together with ${others}`;
}

/** An edit as it is asked about: what it does, why, what it may change, what it is worth. */
export function editText(edit: PlannedEdit, { color }: FixTextOptions): string {
  const colors = picocolors.createColors(color);
  const { id, title, why, risk, riskReason, gain, criterion } = edit;
  const rows = [
    ['why', why],
    ['risk', `${risk}: ${riskReason}`],
    ...(gain === undefined ? [] : [['gain', gainText(gain)]]),
    ['id', criterion === undefined ? id : `${id} (${criterion})`],
  ];
  const lines = rows.map(
    ([name = '', text = '']) => `  ${colors.dim(name.padEnd(4))}  ${cleanText(text)}`,
  );
  return `${colors.bold(cleanText(title))}\n${lines.join('\n')}\n`;
}

/** What is left alone, a line each, with what would decide it. */
export function refusalsText(refusals: readonly Refusal[], name: string): string {
  return refusals
    .map(({ rule, reason, line, settle }) => {
      const next = settle === undefined ? '' : `\n  next: ${settle}`;
      return `${cleanText(`${name}:${line} ${rule}: left alone: ${reason}`)}${next}\n`;
    })
    .join('');
}
