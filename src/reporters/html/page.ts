import type { ReportInput } from '../../model/report.ts';
import type { Scorecard, NextStep } from '../../model/scorecard.ts';
import { gainText, stepsHeading } from '../card-words.ts';
import { type Card, cardOf } from '../card.ts';
import { layerRows } from '../layers.ts';
import { PROFILE_HEADING, profileLines } from '../profile-lines.ts';
import { attestationSection } from './attestations.ts';
import { documentOf } from './document.ts';
import { findings } from './findings.ts';
import { head } from './head.ts';
import { layerSection } from './layers.ts';
import { html, Markup, codeBlock } from './markup.ts';
import { matrix } from './matrix.ts';
import { packageSection } from './packages.ts';
import { platformSection } from './platforms.ts';
import { problems } from './problems.ts';
import { vulnerabilitySection } from './vulnerabilities.ts';

function waiverSection({ waivers }: Scorecard): Markup {
  if (waivers.length === 0) return html``;
  return html`<section aria-labelledby="waivers">
    <h2 id="waivers">Waived</h2>
    <ul class="waivers">
      ${waivers.map(
        ({ criterion, reason, expires }) =>
          html`<li>
            <a href="#c-${criterion}">${criterion}</a>
            ${reason}${expires === undefined ? undefined : html` <small>until ${expires}</small>`}
          </li>`,
      )}
    </ul>
    <p class="muted">
      A waiver lets a criterion through the gate; grade and level stay what they are.
    </p>
  </section>`;
}

function contentSections({ contents = [] }: ReportInput): Markup {
  if (contents.length === 0) return html``;
  const one = contents.map((platform, index) => {
    const id = (name: string): string => `${name}-${index}`;
    const sections = html`${vulnerabilitySection(platform, id('vulnerabilities'))}
    ${attestationSection(platform, id('attestations'))} ${layerSection(platform, id('layers'))}
    ${packageSection(platform, id('packages'))}`;
    return contents.length === 1
      ? sections
      : html`<details class="platform" ${index === 0 ? new Markup(' open') : undefined}>
          <summary>${platform.platform}</summary>
          ${sections}
        </details>`;
  });
  return html`<section aria-labelledby="contents">
    <h2 id="contents">Contents</h2>
    ${one}
  </section>`;
}

function foot({ digest, tool, gradedAt }: Scorecard): Markup {
  return html`<footer>
    <p>
      Judged by ${tool.name} ${tool.version} at ${gradedAt}, for <code>${digest}</code> and nothing
      else. Criteria, levels and grades are those of the
      <a href="https://github.com/chps-dev/chps/blob/main/CHPs.md" rel="noreferrer"
        >Container Hardening Priorities</a
      >. A verdict on vulnerabilities applies to the day of the scanner’s database.
    </p>
  </footer>`;
}

/** The scorecard as one self-contained page; ends with a newline. */
export function htmlReport(input: ReportInput): string {
  const { scorecard } = input;
  const title = `${scorecard.image}: level ${scorecard.level}, ${scorecard.overall.grade}`;
  const card = cardOf(scorecard, input.steps);
  return documentOf(
    title,
    html`${navigation(input, card)} ${head(input, card)} ${problems(card)}
    ${nextSteps(card, scorecard)} ${profileSection(input)} ${platformSection(scorecard)}
    ${matrix(scorecard)} ${findings(scorecard)} ${waiverSection(scorecard)}
    ${contentSections(input)} ${foot(scorecard)}`,
  );
}

/** Links to the parts of the page that are there. */
function navigation({ contents = [] }: ReportInput, { steps }: Card): Markup {
  const [first] = contents;
  const parts = [
    ['problems', 'To fix'],
    ...(steps.length === 0 ? [] : [['next', 'Next steps']]),
    ['matrix', 'Levels'],
    ['findings', 'Findings'],
    ...(first === undefined
      ? []
      : [
          ['vulnerabilities-0', 'Vulnerabilities'],
          ['attestations-0', 'Signatures'],
          ...(layerRows(first).length === 0 ? [] : [['layers-0', 'Layers']]),
          ['packages-0', 'Packages'],
        ]),
  ];
  return html`<nav aria-label="On this page">
    ${parts.map(([id = '', name = '']) => html`<a href="#${id}">${name}</a> `)}
  </nav>`;
}

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
function profileSection(input: ReportInput): Markup {
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
