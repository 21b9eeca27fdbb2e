import { type CriterionResult, VECTORS } from '../../model/criterion.ts';
import type { PlatformScore, Scorecard } from '../../model/scorecard.ts';
import { shortDigest } from '../evidence-text.ts';
import { VECTOR_NAMES } from '../vector-names.ts';
import { dataTable } from './data-table.ts';
import { findingGroups } from './findings.ts';
import { html, type Markup, slug } from './markup.ts';
import { gradeChip } from './score.ts';

function row({ platform, digest, level, overall, vectors }: PlatformScore): Markup {
  return html`<tr>
    <th scope="row">${platform} <small>${shortDigest(digest)}</small></th>
    <td class="num">${level}</td>
    <td>${gradeChip(overall.grade)} <span class="of">${overall.points}/${overall.total}</span></td>
    ${VECTORS.map((vector) => html`<td>${gradeChip(vectors[vector].grade)}</td>`)}
  </tr>`;
}

/** The criteria that came out otherwise than on the platform that counts. */
function differing(platform: PlatformScore, scorecard: Scorecard): readonly CriterionResult[] {
  const counted = new Map(scorecard.criteria.map((one) => [one.id, one]));
  return platform.criteria.filter((one) => {
    const other = counted.get(one.id);
    return other?.outcome !== one.outcome || other.summary !== one.summary;
  });
}

function otherFindings(platform: PlatformScore, scorecard: Scorecard, index: number): Markup {
  const other = differing(platform, scorecard);
  if (other.length === 0) return html``;
  return html`<details class="more">
    <summary>Other on ${platform.platform}</summary>
    ${findingGroups(other, scorecard, slug('p', String(index), '')).map((group) => group)}
  </details>`;
}

/** Scores by platform, and how each differs from the worst; nothing if there is one platform. */
export function platformSection(scorecard: Scorecard): Markup {
  const { platforms } = scorecard;
  if (platforms.length < 2) return html``;
  const heads = ['Platform', 'Level', 'Overall', ...VECTORS.map((vector) => VECTOR_NAMES[vector])];
  return html`<section aria-labelledby="platforms">
    <h2 id="platforms">${platforms.length} platforms, the worst counts</h2>
    ${dataTable({ heads, rows: platforms.map(row) })}
    ${platforms.map((platform, index) => otherFindings(platform, scorecard, index))}
  </section>`;
}
