import type { CriterionResult } from '../../model/criterion.ts';
import type { ReportInput } from '../../model/report.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { shortened } from '../clean-text.ts';
import { jsonText } from '../json-text.ts';
import { notGradedLines } from '../not-graded.ts';
import { readerNotes, withoutClaimsText } from '../reader-notes.ts';
import { waiverReason } from '../waiver.ts';
import { LONGEST_MESSAGE, sarifMessage } from './sarif-message.ts';
import {
  fingerprint,
  IMAGE_ROOT,
  imagePath,
  type Place,
  type PlaceContext,
  placesOf,
  uriOf,
} from './sarif-places.ts';
import { sarifLevel, sarifRule } from './sarif-rules.ts';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';
/** A criterion with more places than this says how many more there are. */
export const PLACES_SHOWN = 100;

/** Accepted by the person who configured the image (3.35); an expired waiver suppresses nothing. */
function suppressions({ id }: CriterionResult, scorecard: Scorecard) {
  const reason = waiverReason(id, scorecard);
  return reason === undefined
    ? []
    : [
        {
          kind: 'external' as const,
          status: 'accepted' as const,
          justification: shortened(reason, LONGEST_MESSAGE),
        },
      ];
}

/** What a result says of one of its places; `rest` is how many places are left out. */
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
  const accepted = suppressions(result, scorecard);
  return places.slice(0, PLACES_SHOWN).map((place, index) => {
    const print = fingerprint(result.id, place.key);
    const rest = index === 0 ? places.length - PLACES_SHOWN : 0;
    return {
      ruleId: result.id,
      ruleIndex,
      level: sarifLevel(result),
      message: sarifMessage(messageOf(result, place, rest)),
      locations: [place.location],
      // The second is what GitHub keeps an alert by; it cannot make one for a path inside an image.
      partialFingerprints: { 'scoville/v1': print, primaryLocationLineHash: `${print}:1` },
      ...(accepted.length === 0 ? {} : { suppressions: accepted }),
      properties: { outcome: result.outcome, source: result.source, platforms: [platform] },
    };
  });
}

type SarifResult = ReturnType<typeof resultsOf>[number];

/** One result for what several platforms have alike. */
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

/** Platforms that are missing are errors; all else that a reader should know is a note. */
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
  const log = { $schema: SCHEMA, version: '2.1.0', runs: images.map(runOf) };
  return jsonText(log);
}
