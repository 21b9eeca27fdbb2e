import { type Vector, VECTORS } from '../../model/criterion.ts';
import type { Grade, Score, Scorecard } from '../../model/scorecard.ts';
import { VECTOR_NAMES } from '../vector-names.ts';
import { html, type Markup } from './markup.ts';
import { GRADE_TONES } from './palette.ts';

export function gradeChip(grade: Grade): Markup {
  return html`<b class="grade ${GRADE_TONES[grade]}">${grade}</b>`;
}

/** One cell per criterion, met ones in the grade's heat; over 40, cells show the share instead. */
export function heatBar({ points, total, grade }: Score): Markup {
  const cells = Math.max(1, Math.min(total, 40));
  const filled = total === 0 ? 0 : Math.floor((points / total) * cells);
  const cell = (index: number): Markup => html`<i class="${index < filled ? 'on' : 'off'}"></i>`;
  return html`<span class="heat ${GRADE_TONES[grade]}" role="img" aria-label="${points} of ${total}"
    >${Array.from({ length: cells }, (_, index) => cell(index))}</span
  >`;
}

function scoreRow(name: string, score: Score, strong: boolean): Markup {
  return html`<tr${strong ? html` class="overall"` : undefined}><th scope="row">${name}</th><td class="wide">${heatBar(score)}</td><td class="num">${score.points}<span class="of">/${score.total}</span></td><td>${gradeChip(score.grade)}</td></tr>`;
}

/** What was not checked is not drawn as a bad score. */
function uncheckedRow(name: string): Markup {
  return html`<tr>
    <th scope="row">${name}</th>
    <td class="wide muted" colspan="3">not checked</td>
  </tr>`;
}

/** Overall and the four vectors as bars; `unchecked`: those of which nothing was checked. */
export function scoreTable(
  { overall, vectors }: Pick<Scorecard, 'overall' | 'vectors'>,
  unchecked: readonly Vector[] = [],
): Markup {
  const rows = VECTORS.map((vector) => {
    const name = VECTOR_NAMES[vector];
    return unchecked.includes(vector) ? uncheckedRow(name) : scoreRow(name, vectors[vector], false);
  });
  return html`<table class="scores">
    <caption class="unseen">
      Scores
    </caption>
    <thead class="unseen">
      <tr>
        <th scope="col">Vector</th>
        <th scope="col">Heat</th>
        <th scope="col">Points</th>
        <th scope="col">Grade</th>
      </tr>
    </thead>
    <tbody>
      ${scoreRow('Overall', overall, true)}${rows}
    </tbody>
  </table>`;
}
