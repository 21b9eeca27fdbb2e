import { createHash } from 'node:crypto';
import { given } from '../lib/json.ts';
import { type CriterionResult, type Evidence, type Level, SPEC_URL } from '../model/criterion.ts';
import type { ReportInput } from '../model/report.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { notGradedLines, readerNotes, waiverReason, withoutClaimsText } from './card.ts';
import { evidenceParts, evidenceText, imagePath } from './evidence.ts';
import { jsonText, shortened } from './text.ts';

export const LONGEST_MESSAGE = 1000;

/** Escaped: brackets would be links (SARIF 2.1.0, 3.11.6), `{0}` a placeholder (3.11.5). */
export function sarifMessage(text: string): { readonly text: string } {
  const plain = shortened(text, LONGEST_MESSAGE)
    .replace(/[\\[\]]/g, '\\$&')
    .replace(/\{(\d+)\}/g, '{{$1}}');
  return { text: plain };
}

/** Every image should meet the lower levels. */
function failLevel(level: Level): 'error' | 'warning' {
  return level < 3 ? 'error' : 'warning';
}

/** GitHub ranks alerts by it: critical over 9.0, high from 7.0, medium from 4.0, low below. */
const SECURITY_SEVERITIES: Readonly<Record<Level, string>> = {
  1: '8.0',
  2: '7.0',
  3: '5.0',
  4: '4.0',
  5: '2.0',
};

/** A failing criterion's level in SARIF; an unknown is a note. */
export function sarifLevel({
  outcome,
  level,
}: Pick<CriterionResult, 'outcome' | 'level'>): 'error' | 'warning' | 'note' {
  return outcome === 'fail' ? failLevel(level) : 'note';
}

/** A rule's name, for people and as SARIF spells it (3.49.7). */
export function sarifName({ id, title }: { readonly id: string; readonly title: string }) {
  const name = id.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return { id, name, shortDescription: { text: title } };
}

/** A criterion as a rule (SARIF 2.1.0, 3.49), from its result alone. */
function sarifRule(result: CriterionResult) {
  const { id, title, vector, level, spec, remedies } = result;
  const helps = remedies.map(({ title: what, detail, example }) =>
    [
      `${what}.`,
      detail,
      ...(example === undefined ? [] : [`\n\n    ${example.replace(/\n/g, '\n    ')}`]),
    ].join(' '),
  );
  const help = helps.join('\n\n');
  return {
    ...sarifName({ id, title }),
    fullDescription: {
      text: `${title} (Container Hardening Priorities, ${vector}, level ${level}).`,
    },
    help: { text: help === '' ? title : help, ...(help === '' ? {} : { markdown: help }) },
    helpUri: spec === undefined ? SPEC_URL : `${SPEC_URL}${spec}`,
    defaultConfiguration: { level: failLevel(level) },
    properties: {
      vector,
      level,
      tags: ['security', 'container', vector, `chps-level-${level}`],
      precision: 'high',
      'security-severity': SECURITY_SEVERITIES[level],
    },
  };
}

/** Base of paths in the image, not in the repository. */
const IMAGE_ROOT = 'IMAGE';

interface PlaceContext {
  readonly image: string;
  readonly dockerfile: string;
}

const LONGEST_NAME = 500;

/** A relative URI reference (RFC 3986) for a path from outside. */
export function uriOf(path: string): string {
  const parts = shortened(path, LONGEST_NAME)
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..');
  return parts.map((part) => encodeURIComponent(part)).join('/') || 'image';
}

type Place = ReturnType<typeof placeOf>;

/** A result's place: that of a piece of evidence, or the whole image. */
function placeOf(one: Evidence | undefined, { image, dockerfile }: PlaceContext) {
  const { key, lines, file, name } = evidenceParts(one ?? { kind: 'note', text: '' });
  const isText = one?.kind === 'dockerfile';
  const region = lines && {
    startLine: lines[0],
    ...(isText ? { endLine: lines[1], snippet: { text: shortened(one.text, LONGEST_NAME) } } : {}),
  };
  // Code scanning needs a physical location: for a whole image, its name.
  const artifactLocation =
    region === undefined
      ? { uri: uriOf(file ?? imagePath(image)), uriBaseId: IMAGE_ROOT }
      : { uri: uriOf(dockerfile) };
  const fullyQualifiedName = shortened(`${image}//${file ?? name ?? ''}`, LONGEST_NAME);
  const kind = file === undefined ? 'object' : 'resource';
  return {
    location: {
      physicalLocation: { artifactLocation, ...given({ region }) },
      ...(region === undefined ? { logicalLocations: [{ fullyQualifiedName, kind }] } : {}),
    },
    /** Equal for the same finding in a later image. */
    key,
    text: one === undefined ? '' : evidenceText(one),
  };
}

/** Pieces of evidence that fail, if each is judged; else all. */
function against(evidence: readonly Evidence[]): readonly Evidence[] {
  const loose = evidence.filter((one) => 'state' in one && one.state === 'loose');
  return loose.length === 0 ? evidence : loose;
}

/** Each place of a result once; if all evidence is notes, the first one, or the whole image. */
export function placesOf(
  { evidence, outcome }: CriterionResult,
  context: PlaceContext,
): readonly Place[] {
  const shown = outcome === 'fail' ? against(evidence) : evidence;
  const places = shown.map((one) => placeOf(one, context));
  const named = places.filter((_, index) => shown[index]?.kind !== 'note');
  // An unknown is one result, however much was checked.
  const wanted = outcome === 'unknown' || named.length === 0 ? places.slice(0, 1) : named;
  const list = wanted.length === 0 ? [placeOf(undefined, context)] : wanted;
  return [...new Map(list.map((place) => [place.key, place])).values()];
}

/** Equal for the same finding in each run. */
export function fingerprint(criterion: string, key: string): string {
  return createHash('sha256').update(`${criterion}\n${key}`).digest('hex').slice(0, 32);
}

/** A log of runs (3.13). */
export function sarifLog(runs: readonly object[]): string {
  const $schema = 'https://json.schemastore.org/sarif-2.1.0.json';
  return jsonText({ $schema, version: '2.1.0', runs });
}

/** GitHub identifies alerts by the second one; it cannot compute one for a path in an image. */
export function sarifPrints(print: string) {
  return { 'scoville/v1': print, primaryLocationLineHash: `${print}:1` };
}

/** Places per criterion; the rest is counted. */
export const PLACES_SHOWN = 100;

/** A result's text for one of its places; `rest`: number of places left out. */
export function messageOf(result: CriterionResult, place: Place, rest: number): string {
  const says = result.summary.includes(place.text) || place.text === '' ? '' : `: ${place.text}`;
  const settle = result.settle === undefined ? '' : `. To check: ${result.settle}`;
  const more = rest > 0 ? ` (and ${rest} more)` : '';
  return `${result.title}: ${result.summary}${says}${settle}${more}`;
}

function resultsOf(
  result: CriterionResult,
  ruleIndex: number,
  platform: string,
  scorecard: Scorecard,
  context: PlaceContext,
) {
  if (result.outcome !== 'fail' && result.outcome !== 'unknown') return [];
  const places = placesOf(result, context);
  // Accepted by the person who configured the image (3.35); an expired waiver suppresses nothing.
  const reason = waiverReason(result.id, scorecard);
  const justification = reason && shortened(reason, LONGEST_MESSAGE);
  const accepted = { kind: 'external', status: 'accepted', justification } as const;
  return places.slice(0, PLACES_SHOWN).map((place, index) => {
    const print = fingerprint(result.id, place.key);
    const rest = index === 0 ? places.length - PLACES_SHOWN : 0;
    return {
      ruleId: result.id,
      ruleIndex,
      level: sarifLevel(result),
      message: sarifMessage(messageOf(result, place, rest)),
      locations: [place.location],
      partialFingerprints: sarifPrints(print),
      ...(reason === undefined ? {} : { suppressions: [accepted] }),
      properties: { outcome: result.outcome, source: result.source, platforms: [platform] },
    };
  });
}

type SarifResult = ReturnType<typeof resultsOf>[number];

/** Merges equal results of several platforms. */
function merged(results: readonly SarifResult[]): SarifResult[] {
  const byPrint = new Map<string, SarifResult>();
  for (const result of results) {
    const key = result.partialFingerprints['scoville/v1'];
    const there = byPrint.get(key);
    if (there === undefined) byPrint.set(key, result);
    else {
      const platforms = [...there.properties.platforms, ...result.properties.platforms];
      byPrint.set(key, { ...there, properties: { ...there.properties, platforms } });
    }
  }
  return [...byPrint.values()];
}

/** Missing platforms are errors; all other notes to the reader are notes. */
function notificationsOf(scorecard: Scorecard) {
  const claims = withoutClaimsText(scorecard);
  const missing = notGradedLines(scorecard).map((line) => `not graded: ${line}`);
  const notes = [
    ...(claims === undefined ? [] : [claims]),
    ...readerNotes(scorecard)
      .filter(({ id }) => id !== 'not-graded')
      .flatMap(({ heading, lines }) => lines.map((line) => `${heading}: ${line}`)),
  ];
  const all = [
    ...missing.map((text) => ({ level: 'error' as const, text })),
    ...notes.map((text) => ({ level: 'note' as const, text })),
  ].map(({ level, text }) => ({ level, message: { text: shortened(text, 500) } }));
  return all.length === 0 ? {} : { toolExecutionNotifications: all };
}

function runOf({ scorecard, dockerfile = 'Dockerfile' }: ReportInput) {
  const { tool, image, digest, level, overall, gradedAt, platforms } = scorecard;
  const rules = new Map(platforms.flatMap(({ criteria }) => criteria).map((one) => [one.id, one]));
  const indexes = new Map([...rules.keys()].map((id, index) => [id, index]));
  const context = { image: imagePath(image), dockerfile };
  const missing = notGradedLines(scorecard);
  const results = platforms.flatMap(({ platform, criteria }) =>
    criteria.flatMap((one) =>
      resultsOf(one, indexes.get(one.id) ?? -1, platform, scorecard, context),
    ),
  );
  return {
    tool: {
      driver: {
        name: tool.name,
        version: tool.version,
        semanticVersion: tool.version,
        rules: [...rules.values()].map(sarifRule),
      },
    },
    automationDetails: { id: `scoville/${uriOf(imagePath(image))}/` },
    originalUriBaseIds: { [IMAGE_ROOT]: { description: { text: 'The image’s file system.' } } },
    invocations: [
      {
        executionSuccessful: missing.length === 0,
        endTimeUtc: gradedAt,
        ...notificationsOf(scorecard),
      },
    ],
    results: merged(results),
    columnKind: 'utf16CodeUnits',
    properties: { image: shortened(image, 500), digest, level, grade: overall.grade },
  };
}

/** SARIF 2.1.0, a run per image: failures and unknowns, at Dockerfile lines, else in the image. */
export function sarifReport(images: readonly ReportInput[]): string {
  return sarifLog(images.map(runOf));
}
