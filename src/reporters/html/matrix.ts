import { type CriterionResult, isMet, LEVEL_NAMES, VECTORS } from '../../model/criterion.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { VECTOR_NAMES } from '../vector-names.ts';
import { outcomeIcon } from './icons.ts';
import { html, type Markup } from './markup.ts';

function chip(result: CriterionResult, waived: boolean): Markup {
  return html`<li>
    <a class="chip ${result.outcome}" href="#c-${result.id}"
      >${outcomeIcon(result.outcome)}<span
        >${result.title}${waived ? html` <em>waived</em>` : undefined}</span
      ></a
    >
  </li>`;
}

function levelRow(scorecard: Scorecard, level: number, waived: ReadonlySet<string>): Markup {
  const row = scorecard.criteria.filter((one) => one.level === level);
  const met = row.filter(({ outcome }) => isMet(outcome)).length;
  const cells = VECTORS.map((vector) => {
    const there = row.filter((one) => one.vector === vector);
    return there.length === 0
      ? html`<td class="none"></td>`
      : html`<td data-vector="${VECTOR_NAMES[vector]}">
          <ul>
            ${there.map((one) => chip(one, waived.has(one.id)))}
          </ul>
        </td>`;
  });
  const state = level <= scorecard.level ? 'reached' : 'open';
  return html`<tr class="${state}">
    <th scope="row">
      <div class="lv">
        <b>${level}</b> <span>${LEVEL_NAMES[level] ?? ''}</span> <small>${met}/${row.length}</small>
      </div>
    </th>
    ${cells}
  </tr>`;
}

/** The specification's table: levels by vectors, each criterion in its place with its outcome. */
export function matrix(scorecard: Scorecard): Markup {
  const levels = [...new Set(scorecard.criteria.map(({ level }) => level))].sort((a, b) => a - b);
  const waived = new Set(scorecard.waivers.map(({ criterion }) => criterion));
  const heads = VECTORS.map((vector) => html`<th scope="col">${VECTOR_NAMES[vector]}</th>`);
  return html`<section aria-labelledby="matrix">
    <h2 id="matrix">${scorecard.criteria.length} criteria, by level</h2>
    <table class="matrix">
      <thead>
        <tr>
          <th scope="col">Level</th>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${levels.map((level) => levelRow(scorecard, level, waived))}
      </tbody>
    </table>
  </section>`;
}
