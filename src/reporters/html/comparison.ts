import { LEVEL_NAMES, type Outcome, VECTORS } from '../../model/criterion.ts';
import { countText, sizeText } from '../../model/quantity.ts';
import type { ComparedImage, Comparison, ReportInput } from '../../model/report.ts';
import type { Score } from '../../model/scorecard.ts';
import { compareScorecards } from '../compare.ts';
import { shortDigest } from '../evidence-text.ts';
import { VECTOR_NAMES } from '../vector-names.ts';
import { documentOf } from './document.ts';
import { chillis, outcomeIcon } from './icons.ts';
import { html, type Markup } from './markup.ts';
import { gradeChip, heatBar } from './score.ts';

function scoreCell(score: Score): Markup {
  return html`<td>
    ${gradeChip(score.grade)}
    <span class="of">${score.points}/${score.total}</span>${heatBar(score)}
  </td>`;
}

function head(image: ComparedImage): Markup {
  return html`<th scope="col">
    <span class="name">${image.image}</span>
    <code>${shortDigest(image.digest)}</code>${chillis(image.level, LEVEL_NAMES.length - 1)}<small
      >${image.level === 0 ? 'level 0' : `level ${image.level}, ${image.levelName}`}</small
    >
  </th>`;
}

function measure(
  name: string,
  images: readonly ComparedImage[],
  text: (image: ComparedImage) => string | undefined,
): Markup {
  const cells = images.map(
    (image) => html`<td>${text(image) ?? html`<span class="muted">not known</span>`}</td>`,
  );
  return html`<tr>
    <th scope="row">${name}</th>
    ${cells}
  </tr>`;
}

function outcomeCell(outcome: Outcome | undefined): Markup {
  return html`<td class="o">
    ${outcome === undefined ? undefined : html`${outcomeIcon(outcome)} <span>${outcome}</span>`}
  </td>`;
}

function criteriaRows({ criteria, images }: Comparison): readonly Markup[] {
  return VECTORS.flatMap((vector) => {
    const there = criteria.filter((one) => one.vector === vector);
    if (there.length === 0) return [];
    return [
      html`<tr class="group">
        <th scope="rowgroup" colspan="${images.length + 1}">${VECTOR_NAMES[vector]}</th>
      </tr>`,
      ...there.map(
        ({ title, level, outcomes }) =>
          html`<tr>
            <th scope="row">${title} <small>level ${level}</small></th>
            ${outcomes.map(outcomeCell)}
          </tr>`,
      ),
    ];
  });
}

/** Several images side by side as one self-contained page. */
export function htmlComparison(inputs: readonly ReportInput[]): string {
  const comparison = compareScorecards(inputs);
  const { images } = comparison;
  const vectors = VECTORS.map(
    (vector) =>
      html`<tr>
        <th scope="row">${VECTOR_NAMES[vector]}</th>
        ${images.map((one) => scoreCell(one.vectors[vector]))}
      </tr>`,
  );
  const body = html`<header class="top">
      <p class="brand">Scoville <span>comparison</span></p>
      <h1>${images.length} images side by side</h1>
    </header>
    <section aria-label="Comparison">
      <div class="scroll">
        <table class="compare">
          <thead>
            <tr>
              <td></td>
              ${images.map(head)}
            </tr>
          </thead>
          <tbody>
            <tr class="overall">
              <th scope="row">Overall</th>
              ${images.map(({ overall }) => scoreCell(overall))}
            </tr>
            ${vectors}
            ${measure('Size', images, ({ size }) => (size === undefined ? undefined : sizeText(size)))}
            ${measure('Packages', images, ({ packages }) => (packages === undefined ? undefined : countText(packages)))}
            ${criteriaRows(comparison)}
          </tbody>
        </table>
      </div>
    </section>`;
  return documentOf(`${images.length} images compared`, body);
}
