import type { Scorecard, Suggestion } from '../../model/scorecard.ts';
import { plural } from '../size-text.ts';
import { codeBlock, html, type Markup } from './markup.ts';
import { gradeChip } from './score.ts';

const SHOWN = 3;

function suggestion({ criterion, title, detail, example, fix, gains }: Suggestion): Markup {
  const code = example === undefined ? undefined : codeBlock(example);
  return html`<li>
    <div class="what">
      <h3>${title}</h3>
      <p>${detail}</p>
      ${code}${fix === undefined ? undefined : codeBlock(fix)}
      <p class="for"><a href="#c-${criterion}">${criterion}</a></p>
    </div>
    <dl class="gain">
      <div>
        <dt>Points</dt>
        <dd>+${gains.points}</dd>
      </div>
      <div>
        <dt>Then grade</dt>
        <dd>${gradeChip(gains.grade)}</dd>
      </div>
      <div>
        <dt>Then level</dt>
        <dd>${gains.level}</dd>
      </div>
    </dl>
  </li>`;
}

/** What to change, best first; the first three are open, the others behind a fold. */
export function nextSteps({ suggestions }: Scorecard): Markup {
  if (suggestions.length === 0) return html``;
  const rest = suggestions.slice(SHOWN);
  return html`<section aria-labelledby="next">
    <h2 id="next">What to do next</h2>
    <ol class="steps">
      ${suggestions.slice(0, SHOWN).map(suggestion)}
    </ol>
    ${
      rest.length === 0
        ? undefined
        : html`<details class="more">
            <summary>${plural(rest.length, 'more step')}</summary>
            <ol class="steps" start="${SHOWN + 1}">
              ${rest.map(suggestion)}
            </ol>
          </details>`
    }
  </section>`;
}
