import type { ReportInput } from '../../model/report.ts';
import { gateHeading, groupTexts, restText } from '../card-words.ts';
import { type Card, type CardRow, stepOf } from '../card.ts';
import { outcomeIcon } from './icons.ts';
import { html, type Markup } from './markup.ts';

function problem(card: Card, { outcome, ids, problem, place, waived }: CardRow): Markup {
  const step = stepOf(card, ids[0]);
  const [first, ...others] = ids;
  return html`<li>
    ${outcomeIcon(outcome)}
    <p>
      <a href="#c-${first}">${first}</a>${others.map((id) => html`, <a href="#c-${id}">${id}</a>`)}
      ${waived ? html`<em>waived</em>` : undefined}
    </p>
    <p>${problem}${place === undefined ? undefined : html` <code>${place}</code>`}</p>
    ${step === undefined ? undefined : html`<p class="by"><a href="#step-${step}">step ${step}</a></p>`}
  </li>`;
}

/** What keeps the image from its next level and, if that is short, higher ones; then the rest. */
export function problems(card: Card): Markup {
  const groups = card.groups.map((group, index) => {
    const [heading, counts] = groupTexts(group, index === 0);
    return html`<h3>${heading} <small>${counts}</small></h3>
      <ul class="problems">
        ${group.rows.map((row) => problem(card, row))}
      </ul>`;
  });
  const title = card.groups.length === 0 ? 'Nothing left to fix' : 'What is in the way';
  return html`<section aria-labelledby="problems">
    <h2 id="problems">${title}</h2>
    ${groups}
    <p class="muted small">${restText(card)}</p>
  </section>`;
}

/** Whether the image met its gate, before everything else; nothing where none was asked for. */
export function gateNote({ gate }: ReportInput): Markup {
  const heading = gateHeading(gate);
  if (heading === undefined) return html``;
  const unmet = gate?.unmet ?? [];
  const kind = unmet.length === 0 ? 'pass' : 'fail';
  return html`<section class="gate ${kind}" aria-label="Gate">
    <p>${outcomeIcon(kind)} <b>${heading}</b></p>
    ${
      unmet.length === 0
        ? undefined
        : html`<ul>
            ${unmet.map((line) => html`<li>${line}</li>`)}
          </ul>`
    }
  </section>`;
}
