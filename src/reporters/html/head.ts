import { type CriterionResult, LEVEL_NAMES } from '../../model/criterion.ts';
import { digestHex } from '../../model/digest.ts';
import type { ReportInput } from '../../model/report.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { layersSize } from '../layers.ts';
import { readerNotes, withoutClaimsText } from '../reader-notes.ts';
import { plural, sizeText } from '../size-text.ts';
import { chillis } from './icons.ts';
import { html, type Markup } from './markup.ts';
import { scoreTable } from './score.ts';

const TOP_LEVEL = LEVEL_NAMES.length - 1;

function isMet({ outcome }: CriterionResult): boolean {
  return outcome === 'pass' || outcome === 'not-applicable';
}

/** What stands between the image and its next level. */
function nextLevel({ level, criteria }: Scorecard): Markup {
  if (level >= TOP_LEVEL) return html`Every criterion of every level is met.`;
  const short = criteria.filter((one) => one.level === level + 1 && !isMet(one));
  const name = LEVEL_NAMES[level + 1] ?? '';
  const links = short.map(
    (one, index) => html`${index === 0 ? '' : ', '}<a href="#c-${one.id}">${one.title}</a>`,
  );
  return short.length === 0
    ? html`Next: level ${level + 1}, ${name}.`
    : html`${plural(short.length, 'criterion', 'criteria')} short of level ${level + 1}, ${name}:
      ${links}.`;
}

/** Minutes are enough; the exact time stays in the machine-readable attribute. */
export function timeElement(time: string): Markup {
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
export function head(input: ReportInput): Markup {
  const { scorecard } = input;
  const { image, digest, level, levelName, gradedAt } = scorecard;
  return html`<header class="top">
      <p class="brand">Scoville <span>container hardening report</span></p>
      <h1>${image}</h1>
      <p class="digest"><span class="unseen">Digest </span>sha256:<wbr />${digestHex(digest)}</p>
      <p class="figures">${figures(input)} · graded ${timeElement(gradedAt)}</p>
    </header>
    <section class="verdict" aria-label="Verdict">
      <div class="level">
        ${chillis(level, TOP_LEVEL)}
        <p class="name">
          <small>Level ${level}</small> ${level === 0 ? 'Not yet on the scale' : levelName}
        </p>
        <p class="next">${nextLevel(scorecard)}</p>
      </div>
      ${scoreTable(scorecard)}
    </section>
    ${claims(scorecard)}${notes(scorecard)}`;
}
