import type { ReportInput } from '../../model/report.ts';
import type { NextStep, Scorecard } from '../../model/scorecard.ts';
import { gainText, stepsHeading } from '../card-words.ts';
import type { Card } from '../card.ts';
import { PROFILE_HEADING, profileLines } from '../profile-lines.ts';
import { codeBlock, html, type Markup } from './markup.ts';

function step(one: NextStep, index: number, scorecard: Scorecard): Markup {
  const links = one.criteria.map(
    (id, at) => html`${at === 0 ? '' : ', '}<a href="#c-${id}">${id}</a>`,
  );
  return html`<li id="step-${index + 1}">
    <h3>${one.text} <small>${gainText(one, scorecard)}</small></h3>
    ${codeBlock(one.command)}
    <p class="for">For ${links}</p>
  </li>`;
}

/** What to do first, each step a whole command. */
export function nextSteps({ steps }: Card, scorecard: Scorecard): Markup {
  if (steps.length === 0) return html``;
  return html`<section aria-labelledby="next">
    <h2 id="next">${stepsHeading(steps)}</h2>
    <ol class="steps">
      ${steps.map((one, index) => step(one, index, scorecard))}
    </ol>
  </section>`;
}

/** How a profile that is attached is applied, a line a place. */
export function profileSection(input: ReportInput): Markup {
  const lines = profileLines(input);
  if (lines.length === 0) return html``;
  return html`<section aria-labelledby="profile">
    <h2 id="profile">${PROFILE_HEADING}</h2>
    ${lines.map(
      ({ where, text }) =>
        html`<h3>${where}</h3>
          ${codeBlock(text)}`,
    )}
  </section>`;
}
