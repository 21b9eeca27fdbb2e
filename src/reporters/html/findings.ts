import { type CriterionResult, isMet, SPEC_URL, VECTORS } from '../../model/criterion.ts';
import type { EvidenceSource } from '../../model/facts.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { OUTCOME_WORDS } from '../card-words.ts';
import { VECTOR_NAMES } from '../vector-names.ts';
import { evidenceList } from './evidence.ts';
import { outcomeIcon } from './icons.ts';
import { codeBlock, html, type Markup } from './markup.ts';

const SOURCES: Readonly<Record<EvidenceSource, string>> = {
  build: 'what this build did itself',
  'verified-attestation': 'a verified attestation',
  'unverified-attestation': 'what the publisher says about itself (not verified)',
  image: 'the bytes of the image',
  dockerfile: 'the Dockerfile that was pointed at',
  scanner: 'the vulnerability scanner',
};

function remedies({ outcome, remedies: all, settle }: CriterionResult): Markup {
  if (isMet(outcome)) return html``;
  const how =
    outcome === 'unknown' && settle !== undefined
      ? html`<li><b>How to check.</b>${codeBlock(settle)}</li>`
      : undefined;
  const items = all.map(
    ({ title, detail, example }) =>
      html`<li>
        <b>${title}.</b> ${detail}${example === undefined ? undefined : codeBlock(example)}
      </li>`,
  );
  return html`<h4>How to fix</h4>
    <ul class="remedies">
      ${how}${items}
    </ul>`;
}

function finding(result: CriterionResult, scorecard: Scorecard, prefix: string): Markup {
  const waiver = scorecard.waivers.find(({ criterion }) => criterion === result.id);
  const declared =
    result.source === 'unverified-attestation' ? html` <em>self-declared</em>` : undefined;
  const spec = result.spec?.startsWith('#') === true ? SPEC_URL + result.spec : SPEC_URL;
  return html`<details class="finding ${result.outcome}" id="${prefix}${result.id}">
    <summary>
      ${outcomeIcon(result.outcome)}<span class="title">${result.title}</span>
      <span class="lvl">level ${result.level}</span>
      <span class="sum"
        >${result.summary}${declared}${waiver === undefined ? undefined : html` <em>waived</em>`}</span
      >
    </summary>
    <div class="body">
      ${waiver === undefined ? undefined : html`<p class="waiver"><b>Waived</b>${waiver.expires === undefined ? undefined : html` until ${waiver.expires}`}: ${waiver.reason}. The gate lets it through; the score does not know.</p>`}
      <h4>Evidence</h4>
      ${evidenceList(result)}${remedies(result)}
      <p class="rests">
        Source: ${SOURCES[result.source]} · <code>scoville explain ${result.id}</code> ·
        <a href="${spec}" rel="noreferrer">in the specification</a>
      </p>
    </div>
  </details>`;
}

function tally(results: readonly CriterionResult[]): string {
  return Object.entries(OUTCOME_WORDS)
    .map(([outcome, word]) => ({
      word,
      count: results.filter((one) => one.outcome === outcome).length,
    }))
    .filter(({ count }) => count > 0)
    .map(({ count, word }) => `${count} ${word}`)
    .join(', ');
}

/** What is met stays folded: a reader looks for what is not. */
function metFold(met: readonly CriterionResult[], scorecard: Scorecard, prefix: string): Markup {
  if (met.length === 0) return html``;
  return html`<details class="more">
    <summary>${tally(met)}</summary>
    ${met.map((one) => finding(one, scorecard, prefix))}
  </details>`;
}

/** All listed criteria with evidence, by vector; `prefix` keeps the ids of several lists apart. */
export function findingGroups(
  criteria: readonly CriterionResult[],
  scorecard: Scorecard,
  prefix: string,
): readonly Markup[] {
  return VECTORS.flatMap((vector) => {
    const there = criteria.filter((one) => one.vector === vector);
    return there.length === 0
      ? []
      : [
          html`<h3>${VECTOR_NAMES[vector]} <small>${tally(there)}</small></h3>
            ${there.filter(({ outcome }) => !isMet(outcome)).map((one) => finding(one, scorecard, prefix))}
            ${metFold(
              there.filter(({ outcome }) => isMet(outcome)),
              scorecard,
              prefix,
            )}`,
        ];
  });
}

export function findings(scorecard: Scorecard): Markup {
  return html`<section aria-labelledby="findings">
    <h2 id="findings">Findings and evidence</h2>
    ${findingGroups(scorecard.criteria, scorecard, 'c-')}
  </section>`;
}
