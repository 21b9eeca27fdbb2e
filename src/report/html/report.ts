import { plural, sizeText } from '../../lib/text.ts';
import { type CriterionResult, isMet, LEVEL_NAMES, VECTORS } from '../../model/criterion.ts';
import { digestHex } from '../../model/reference.ts';
import type { ReportInput } from '../../model/report.ts';
import type { PlatformScore, Score, Scorecard } from '../../model/scorecard.ts';
import { type Card, cardOf, type CardRow, PROFILE_HEADING, VECTOR_NAMES } from '../card.ts';
import { layerRows, layersSize } from '../compare.ts';
import { shortDigest } from '../text.ts';
import { contentsOf } from './contents.ts';
import { type Content, documentOf, h } from './document.ts';
import { findings } from './findings.ts';
import {
  chillis,
  codeBlock,
  fold,
  gradeChip,
  gradeOf,
  heatBar,
  list,
  outcomeIcon,
  section,
  table,
  TOP_LEVEL,
} from './parts.ts';

/** The scorecard as one self-contained page; ends with a newline. */
export function htmlReport(input: ReportInput): string {
  const { image } = input.scorecard;
  const body = reportBody(input, { head: brand('container hardening report', image) });
  return documentOf(reportTitle(input), body);
}

export function reportTitle({ scorecard }: ReportInput): string {
  return `${scorecard.image}: level ${scorecard.level}, ${scorecard.overall.grade}`;
}

interface OwnParts {
  /** Brand and name. */
  readonly head: Content;
  /** Parts of the page that hosts the report, with their ids and names. */
  readonly links?: readonly (readonly [id: string, name: string])[];
  /** They follow what is to be done. */
  readonly parts?: Content;
}

/** What a page says of one image. */
export function reportBody(input: ReportInput, { head, links = [], parts }: OwnParts): Content {
  const { scorecard, contents = [] } = input;
  const card = cardOf(input);
  return [
    navigation(input, card, links),
    top(input, card, head),
    problems(card),
    nextSteps(card),
    profile(card),
    parts,
    platforms(scorecard),
    matrix(scorecard),
    section('findings', 'Findings and evidence', findings(scorecard.criteria, scorecard, 'c-')),
    waivers(scorecard),
    contentsOf(contents),
    foot(scorecard),
  ];
}

/** Links to the page's parts. */
function navigation(
  { contents = [] }: ReportInput,
  { steps }: Card,
  links: OwnParts['links'] & object,
): Content {
  const [first] = contents;
  const parts: readonly (readonly [id: string, name: string, isThere?: boolean])[] = [
    ['problems', 'To fix'],
    ['next', 'Next steps', steps.length > 0],
    ...links,
    ['matrix', 'Levels'],
    ['findings', 'Findings'],
    ['vulnerabilities-0', 'Vulnerabilities', first !== undefined],
    ['attestations-0', 'Signatures', first !== undefined],
    ['layers-0', 'Layers', first !== undefined && layerRows(first).length > 0],
    ['packages-0', 'Packages', first !== undefined],
  ];
  const all = parts
    .filter(([, , isThere = true]) => isThere)
    .map(([id, name]) => [h('a', { href: `#${id}` }, name), ' ']);
  return h('nav', { 'aria-label': 'On this page' }, all);
}

/** Image, gate and the verdict at a glance. */
function top(
  { scorecard, contents: [first] = [] }: ReportInput,
  card: Card,
  head: Content,
): Content {
  const { digest, level, levelName, gradedAt } = scorecard;
  const size = first === undefined ? undefined : layersSize(first);
  const packages = first?.facts.packages;
  const figures = [
    scorecard.platforms.map(({ platform }) => platform).join(', '),
    ...(size === undefined ? [] : [`${sizeText(size)} compressed`]),
    ...(packages?.known === true ? [plural(packages.value.length, 'package')] : []),
  ];
  const { gate, claims, notes } = card;
  const kind = gate?.unmet.length === 0 ? 'pass' : 'fail';
  return [
    h(
      'header.top',
      head,
      h('p.digest', h('span.unseen', 'Digest '), 'sha256:', h('wbr'), digestHex(digest)),
      h('p.figures', figures.join(' · '), ' · graded ', h('time', gradedAt)),
    ),
    gate !== undefined &&
      h(
        `section.gate.${kind}`,
        { 'aria-label': 'Gate' },
        h('p', outcomeIcon(kind), ' ', h('b', gate.heading)),
        gate.unmet.length > 0 && list(gate.unmet),
      ),
    h(
      'section.verdict',
      { 'aria-label': 'Verdict' },
      h(
        'div.level',
        chillis(level),
        h(
          'p.name',
          ...[h('small', `Level ${level} of ${TOP_LEVEL}`), ' '],
          level === 0 ? 'Not on the scale yet' : levelName,
        ),
        h('p.next', card.grade),
      ),
      scores(scorecard.overall, card),
    ),
    claims !== undefined && h('p.figures', claims),
    notes.map(({ id, heading, lines }) => section(id, heading, list(lines))),
  ];
}

export function brand(kind: string, title: string): Content {
  return [h('p.brand', 'Scoville ', h('span', kind)), h('h1', title)];
}

/** Overall and the four vectors as bars. Unchecked criteria are not drawn as a bad score. */
function scores(overall: Score, { vectors }: Card): Content {
  const row = (name: string, score: Score, isOverall: boolean): Content =>
    h(
      isOverall ? 'tr.overall' : 'tr',
      h('th', { scope: 'row' }, name),
      h('td.wide', heatBar(score)),
      h('td.num', score.points, h('span.of', `/${score.total}`)),
      h('td', gradeChip(score.grade)),
    );
  const each = vectors.map(({ name, score, isChecked }) => {
    if (isChecked) return row(name, score, false);
    const none = h('td.wide.muted', { colSpan: 3 }, 'not checked');
    return h('tr', h('th', { scope: 'row' }, name), none);
  });
  return h(
    'table.scores',
    h('caption.unseen', 'Scores'),
    h('thead.unseen', columnHeads(['Vector', 'Heat', 'Points', 'Grade'])),
    h('tbody', row('Overall', overall, true), each),
  );
}

function columnHeads(heads: readonly string[]): Content {
  return h(
    'tr',
    heads.map((head) => h('th', { scope: 'col' }, head)),
  );
}

/** What blocks the next level and, if that is short, higher ones; then the rest. */
function problems(card: Card): Content {
  const title = card.groups.length === 0 ? 'Nothing left to fix' : 'What is in the way';
  const groups = card.groups.map(({ heading, counts, rows }) => [
    h('h3', heading, ' ', h('small', counts)),
    h('ul.problems', rows.map(problem)),
  ]);
  return section('problems', title, groups, h('p.muted.small', card.rest));
}

function problem({ outcome, ids, problem: what, place, waived, step }: CardRow): Content {
  return h(
    'li',
    outcomeIcon(outcome),
    h('p', criterionLinks(ids), waived && h('em', 'waived')),
    h('p', what, ' ', place !== undefined && h('code', place)),
    step !== undefined && h('p.by', h('a', { href: `#step-${step}` }, 'step ', step)),
  );
}

function criterionLinks(ids: readonly string[]): Content {
  return ids.map((id, index) => [index > 0 && ', ', h('a', { href: `#c-${id}` }, id)]);
}

/** First steps, each a whole command. */
function nextSteps({ steps, stepsHeading }: Card): Content {
  if (steps.length === 0) return null;
  const each = steps.map((one, index) =>
    h(
      'li',
      { id: `step-${index + 1}` },
      h('h3', one.text, ' ', h('small', one.gain)),
      codeBlock(one.command),
      h('p.for', 'For ', criterionLinks(one.criteria)),
    ),
  );
  return section('next', stepsHeading, h('ol.steps', each));
}

/** How to apply an attached profile, a line for each place. */
function profile(card: Card): Content {
  const lines = card.profile.map(({ where, text }) => [h('h3', where), codeBlock(text)]);
  return lines.length === 0 ? null : section('profile', PROFILE_HEADING, lines);
}

/** Scores by platform and their differences from the worst; nothing for one platform. */
function platforms(scorecard: Scorecard): Content {
  const all = scorecard.platforms;
  if (all.length < 2) return null;
  return section(
    'platforms',
    `${all.length} platforms, the worst counts`,
    table(
      ['Platform', '#Level', 'Overall', ...VECTORS.map((vector) => VECTOR_NAMES[vector])],
      all,
      ({ platform, digest, level, overall, vectors }) => [
        [platform, ' ', h('small', shortDigest(digest))],
        level,
        gradeOf(overall),
        ...VECTORS.map((vector) => gradeChip(vectors[vector].grade)),
      ],
      { isNamed: true },
    ),
    all.map((one, index) => {
      const other = differing(one, scorecard);
      const shown = findings(other, scorecard, `p-${index}-`);
      return other.length > 0 && fold('details.more', `Other on ${one.platform}`, shown);
    }),
  );
}

/** Criteria with another outcome than on the worst platform. */
function differing(platform: PlatformScore, { criteria }: Scorecard): readonly CriterionResult[] {
  const counted = new Map(criteria.map((one) => [one.id, one]));
  return platform.criteria.filter((one) => {
    const other = counted.get(one.id);
    return other?.outcome !== one.outcome || other.summary !== one.summary;
  });
}

/** The specification's table: levels by vectors, with each criterion's outcome. */
function matrix(scorecard: Scorecard): Content {
  const { criteria } = scorecard;
  const levels = [...new Set(criteria.map(({ level }) => level))].sort((a, b) => a - b);
  const heads = columnHeads(['Level', ...VECTORS.map((vector) => VECTOR_NAMES[vector])]);
  const rows = levels.map((level) => levelRow(level, scorecard));
  const whole = h('table.matrix', h('thead', heads), h('tbody', rows));
  return section('matrix', `${criteria.length} criteria, by level`, whole);
}

function levelRow(level: CriterionResult['level'], scorecard: Scorecard): Content {
  const row = scorecard.criteria.filter((one) => one.level === level);
  const met = row.filter(({ outcome }) => isMet(outcome)).length;
  const waived = new Set(scorecard.waivers.map(({ criterion }) => criterion));
  const name = h('span', LEVEL_NAMES[level]);
  const head = h('div.lv', h('b', level), ' ', name, ' ', h('small', `${met}/${row.length}`));
  const cells = VECTORS.map((vector) => {
    const there = row.filter((one) => one.vector === vector);
    if (there.length === 0) return h('td.none');
    const chips = there.map(({ id, title, outcome }) =>
      h(
        `a.chip.${outcome}`,
        { href: `#c-${id}` },
        outcomeIcon(outcome),
        h('span', title, ' ', waived.has(id) && h('em', 'waived')),
      ),
    );
    return h('td', { 'data-vector': VECTOR_NAMES[vector] }, list(chips));
  });
  const reached = level <= scorecard.level ? 'tr.reached' : 'tr.open';
  return h(reached, h('th', { scope: 'row' }, head), cells);
}

function waivers({ waivers: all }: Scorecard): Content {
  if (all.length === 0) return null;
  const lines = all.map(({ criterion, reason, expires }) => [
    ...[h('a', { href: `#c-${criterion}` }, criterion), ' ', reason, ' '],
    expires !== undefined && h('small', 'until ', expires),
  ]);
  const note = 'A waiver lets a criterion through the gate; grade and level stay what they are.';
  return section('waivers', 'Waived', list(lines, 'ul.waivers'), h('p.muted', note));
}

function foot({ digest, tool, gradedAt }: Scorecard): Content {
  const href = 'https://github.com/chps-dev/chps/blob/main/CHPs.md';
  const said = [
    `Judged by ${tool.name} ${tool.version} at ${gradedAt}, for `,
    h('code', digest),
    ' and nothing else. Criteria, levels and grades are those of the ',
    h('a', { href, rel: 'noreferrer' }, 'Container Hardening Priorities'),
    '. A verdict on vulnerabilities applies to the day of the scanner’s database.',
  ];
  return h('footer', h('p', said));
}
