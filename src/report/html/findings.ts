import { plural } from '../../lib/text.ts';
import {
  type CriterionResult,
  type Evidence,
  isMet,
  SPEC_URL,
  VECTORS,
} from '../../model/criterion.ts';
import type { EvidenceSource } from '../../model/facts.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { OUTCOME_WORDS, VECTOR_NAMES } from '../card.ts';
import { evidenceParts } from '../evidence.ts';
import { type Content, h } from './document.ts';
import { codeBlock, fold, list, more, outcomeIcon } from './parts.ts';

/**
 * All listed criteria with evidence, by vector; met ones are folded. `prefix` separates the ids of
 * several lists.
 */
export function findings(
  all: readonly CriterionResult[],
  scorecard: Scorecard,
  prefix: string,
): Content {
  const each = (some: readonly CriterionResult[]): Content =>
    some.map((one) => finding(one, scorecard, prefix));
  return VECTORS.map((vector) => {
    const there = all.filter((one) => one.vector === vector);
    const met = there.filter(({ outcome }) => isMet(outcome));
    if (there.length === 0) return null;
    return [
      h('h3', VECTOR_NAMES[vector], ' ', h('small', tally(there))),
      each(there.filter(({ outcome }) => !isMet(outcome))),
      met.length > 0 && fold('details.more', tally(met), each(met)),
    ];
  });
}

function tally(results: readonly CriterionResult[]): string {
  const counts = Object.entries(OUTCOME_WORDS).flatMap(([outcome, word]) => {
    const count = results.filter((one) => one.outcome === outcome).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  return counts.join(', ');
}

const SOURCES: Readonly<Record<EvidenceSource, string>> = {
  build: 'what this build did itself',
  'verified-attestation': 'a verified attestation',
  'unverified-attestation': 'what the publisher says about itself (not verified)',
  image: 'the bytes of the image',
  dockerfile: 'the Dockerfile that was pointed at',
  scanner: 'the vulnerability scanner',
};

function finding(result: CriterionResult, scorecard: Scorecard, prefix: string): Content {
  const { id, title, level, outcome, summary, source, remedies, settle, spec } = result;
  const waiver = scorecard.waivers.find(({ criterion }) => criterion === id);
  const isDeclared = source === 'unverified-attestation';
  const head = [
    outcomeIcon(outcome),
    [h('span.title', title), ' ', h('span.lvl', 'level ', level), ' '],
    h(
      'span.sum',
      ...[summary, ' ', isDeclared && h('em', 'self-declared'), ' '],
      waiver !== undefined && h('em', 'waived'),
    ),
  ];
  const fixes = [
    outcome === 'unknown' &&
      settle !== undefined &&
      h('li', h('b', 'How to check.'), codeBlock(settle)),
    remedies.map((remedy) =>
      h(
        'li',
        ...[h('b', remedy.title, '.'), ' ', remedy.detail],
        remedy.example !== undefined && codeBlock(remedy.example),
      ),
    ),
  ];
  const href = spec?.startsWith('#') === true ? SPEC_URL + spec : SPEC_URL;
  return h(
    `details.finding.${outcome}`,
    { id: prefix + id },
    h('summary', head),
    h(
      'div.body',
      waiver !== undefined &&
        h(
          'p.waiver',
          ...[h('b', 'Waived'), waiver.expires !== undefined && ` until ${waiver.expires}`],
          `: ${waiver.reason}. The gate lets it through; the score does not change.`,
        ),
      ...[h('h4', 'Evidence'), evidenceList(result.evidence)],
      !isMet(outcome) && [h('h4', 'How to fix'), h('ul.remedies', fixes)],
      h(
        'p.rests',
        ...['Source: ', SOURCES[source], ' · ', h('code', 'scoville explain ', id), ' · '],
        h('a', { href, rel: 'noreferrer' }, 'in the specification'),
      ),
    ),
  );
}

/** Shown open; more are folded, and beyond the bound counted. */
const OPEN = 5;
const SHOWN = 100;

/** The evidence of an outcome, each piece with its place. */
function evidenceList(all: readonly Evidence[]): Content {
  const part = (from: number, to: number): Content => {
    const lines = all.slice(from, to).map((one, index) => {
      const { kind, what, about, lines: [line] = [] } = evidenceParts(one);
      const isFirst = index === 0 || all[from + index - 1]?.kind !== one.kind;
      const said = [...about, ...(line === undefined ? [] : [`line ${line}`])].join(' · ');
      return [
        h('span.kind', isFirst && kind),
        h('span', one.kind === 'note' ? what : h('code', what), ' ', h('span.about', said)),
      ];
    });
    return list(lines, 'ul.evidence');
  };
  if (all.length <= OPEN) return part(0, OPEN);
  const rest = plural(all.length - OPEN, 'more piece', 'more pieces');
  return [
    part(0, OPEN),
    fold(
      'details.more',
      `${rest} of evidence`,
      part(OPEN, SHOWN),
      more(all.length - SHOWN, undefined, ': the JSON report has them all'),
    ),
  ];
}
