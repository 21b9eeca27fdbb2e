import { LEVEL_NAMES } from '../../model/criterion.ts';
import { digestHex } from '../../model/digest.ts';
import { plural, sizeText } from '../../model/quantity.ts';
import type { ReportInput } from '../../model/report.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { gradeText } from '../card-words.ts';
import type { Card } from '../card.ts';
import { layersSize } from '../layers.ts';
import { readerNotes, withoutClaimsText } from '../reader-notes.ts';
import { chillis } from './icons.ts';
import { html, type Markup } from './markup.ts';
import { gateNote } from './problems.ts';
import { scoreTable } from './score.ts';

const TOP_LEVEL = LEVEL_NAMES.length - 1;

/** Minutes are enough; the exact time stays in the machine-readable attribute. */
function timeElement(time: string): Markup {
  const shown = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?Z$/.exec(time);
  if (shown === null) return html`${time}`;
  return html`<time datetime="${time}">${shown[1]} ${shown[2]} UTC</time>`;
}

function figures({ scorecard, contents = [] }: ReportInput): Markup {
  const first = contents[0];
  const size = first === undefined ? undefined : layersSize(first);
  const packages = first?.facts.packages;
  const parts = [
    scorecard.platforms.map(({ platform }) => platform).join(', '),
    ...(size === undefined ? [] : [`${sizeText(size)} compressed`]),
    ...(packages?.known === true ? [plural(packages.value.length, 'package')] : []),
  ];
  return html`${parts.join(' · ')}`;
}

function notes(scorecard: Scorecard): Markup {
  const sections = readerNotes(scorecard).map(
    ({ id, heading, lines }) =>
      html`<section aria-labelledby="${id}">
        <h2 id="${id}">${heading}</h2>
        <ul>
          ${lines.map((line) => html`<li>${line}</li>`)}
        </ul>
      </section>`,
  );
  return html`${sections}`;
}

function claims(scorecard: Scorecard): Markup {
  const text = withoutClaimsText(scorecard);
  return text === undefined ? html`` : html`<p class="figures">${text}</p>`;
}

/** Who was judged, and the verdict at a glance. */
export function head(input: ReportInput, { vectors }: Card): Markup {
  const { scorecard } = input;
  const { image, digest, level, levelName, gradedAt } = scorecard;
  const unchecked = vectors.flatMap(({ vector, checked }) => (checked === 0 ? [vector] : []));
  return html`<header class="top">
      <p class="brand">Scoville <span>container hardening report</span></p>
      <h1>${image}</h1>
      <p class="digest"><span class="unseen">Digest </span>sha256:<wbr />${digestHex(digest)}</p>
      <p class="figures">${figures(input)} · graded ${timeElement(gradedAt)}</p>
    </header>
    ${gateNote(input)}
    <section class="verdict" aria-label="Verdict">
      <div class="level">
        ${chillis(level, TOP_LEVEL)}
        <p class="name">
          <small>Level ${level} of ${TOP_LEVEL}</small>
          ${level === 0 ? 'Not on the scale yet' : levelName}
        </p>
        <p class="next">${gradeText(scorecard)}</p>
      </div>
      ${scoreTable(scorecard, unchecked)}
    </section>
    ${claims(scorecard)}${notes(scorecard)}`;
}
