import { isDeepStrictEqual } from 'node:util';
import { given } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import { byCodeUnit, countText, masked, quantity, sizeText } from '../lib/text.ts';
import { type CriterionResult, isMet, type Outcome, VECTORS } from '../model/criterion.ts';
import type { HistoryEntry } from '../model/image.ts';
import type { Package } from '../model/packages.ts';
import type { Digest } from '../model/reference.ts';
import type {
  ComparedImage,
  Comparison,
  CriterionChange,
  ImageComparison,
  ImageContents,
  ImageDifference,
  PackageChange,
  ReportInput,
  ReportSubject,
  ScorecardDifference,
} from '../model/report.ts';
import type { Score } from '../model/scorecard.ts';
import { VECTOR_NAMES } from './card.ts';
import { jsonText, shownText, withNulls } from './text.ts';

/** A layer and its origin, lowest first. */
interface LayerRow {
  readonly digest: Digest;
  /** Compressed bytes. */
  readonly size: number;
  /** The history's instruction; undefined if history and layers do not match. */
  readonly createdBy: string | undefined;
  /** Undefined if the base's layers are unknown. */
  readonly fromBase: boolean | undefined;
  readonly packages: number;
}

/** One entry per layer; undefined if counts differ (OCI image-spec, config.md, "history"). */
function layerHistory(
  history: readonly HistoryEntry[] | undefined,
  layers: number,
): readonly HistoryEntry[] | undefined {
  const made = history?.filter((entry) => entry.empty_layer !== true);
  return made?.length === layers ? made : undefined;
}

/** Removes what builders add to an instruction, such as argument values. */
function instructionOf(createdBy: string): string {
  return masked(createdBy)
    .replace(/^\/bin\/sh -c #\(nop\)\s*/, '')
    .replace(/^(?:RUN )?\|\d+ .*?(?=\/bin\/sh -c )/, '')
    .replace(/^(?:RUN )?\/bin\/sh -c /, 'RUN ')
    .replace(/(?<!\s)\s*# buildkit$/, '')
    .trim();
}

/** The instruction, or the comment of a base that has no Dockerfile. */
function saidBy(entry: HistoryEntry | undefined): string | undefined {
  const said = [entry?.created_by, entry?.comment].map((text) => text?.trim() ?? '');
  return said.find((text) => text !== '' && !text.startsWith('buildkit.'));
}

/** The layers with their history; empty for an unknown manifest. */
export function layerRows({ facts, baseLayers }: ImageContents): readonly LayerRow[] {
  if (!facts.image.known) return [];
  const { manifest, config } = facts.image.value;
  const counts = packagesByLayer(facts.packages.known ? facts.packages.value : []);
  const history = layerHistory(config.history, manifest.layers.length);
  return manifest.layers.map(({ digest, size }, index) => {
    const createdBy = saidBy(history?.[index]);
    return {
      digest,
      size,
      createdBy: createdBy === undefined ? undefined : instructionOf(createdBy.slice(0, 4096)),
      fromBase: baseLayers === undefined ? undefined : index < baseLayers,
      packages: counts.get(digest) ?? 0,
    };
  });
}

function packagesByLayer(packages: readonly Package[]): ReadonlyMap<Digest, number> {
  const counts = new Map<Digest, number>();
  for (const { location } of packages)
    counts.set(location.layer, (counts.get(location.layer) ?? 0) + 1);
  return counts;
}

/** Compressed bytes of all layers; undefined for an unknown manifest. */
export function layersSize({ facts }: ImageContents): number | undefined {
  return facts.image.known
    ? facts.image.value.manifest.layers.reduce((sum, { size }) => sum + size, 0)
    : undefined;
}

/** Undefined if any value is. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  if (values.length === 0 || values.includes(undefined)) return undefined;
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

/** An image as a column: verdict, and size and packages if known. */
function comparedImage({ scorecard, contents = [] }: ReportInput): ComparedImage {
  const { image, digest, level, levelName, overall, vectors } = scorecard;
  const size = sum(contents.map(layersSize));
  const packages = sum(
    contents.map(({ facts }) => (facts.packages.known ? facts.packages.value.length : undefined)),
  );
  return {
    image,
    digest,
    level,
    levelName,
    overall,
    vectors,
    ...given({ size, packages }),
  };
}

/** A row of measures, one cell per image; `?` where unknown. */
interface Measure {
  readonly name: string;
  readonly cells: readonly (Score | string)[];
}

/** Scores first, then size and packages, unless no image knows them. */
export function measures(images: readonly ComparedImage[]): readonly Measure[] {
  const scores = VECTORS.map((vector) => ({
    name: VECTOR_NAMES[vector],
    cells: images.map(({ vectors }) => vectors[vector]),
  }));
  const known = [
    { name: 'Size', cells: images.map(({ size }) => size && sizeText(size)) },
    { name: 'Packages', cells: images.map(({ packages: one }) => one && countText(one)) },
  ].map(({ name, cells }) => ({ name, cells: cells.map((one) => String(one ?? '?')) }));
  return [
    { name: 'Overall', cells: images.map(({ overall }) => overall) },
    ...scores,
    ...known.filter(({ cells }) => cells.some((one) => one !== '?')),
  ];
}

/** What forms for people show of several images, or of two that differ. */
export interface Sheet {
  readonly title: string;
  readonly images: readonly ComparedImage[];
  readonly criteria: Comparison['criteria'];
  /** Of two that differ. */
  readonly changes?: readonly CriterionChange[];
  /** Of two whose packages are known: `+ npm zod 3`. */
  readonly packages?: { readonly heading: string; readonly lines: readonly string[] };
}

export function sheetOf(subject: Exclude<ReportSubject, { kind: 'image' }>): Sheet {
  if (subject.kind === 'comparison') {
    const { images, criteria } = compareScorecards(subject.images);
    return { title: `${images.length} images`, images, criteria };
  }
  const { before, after, criteria, packages } = diffScorecards(subject.before, subject.after);
  return {
    title: `${before.image} → ${after.image}`,
    images: [before, after],
    criteria: [],
    changes: criteria,
    ...(packages === undefined ? {} : { packages: packageTexts(packages) }),
  };
}

function packageTexts({
  added,
  removed,
  changed,
}: NonNullable<ScorecardDifference['packages']>): Sheet['packages'] & object {
  const line = (sign: string, { type, name, before, after }: PackageChange): string => {
    const versions = [before, after].filter((list) => list.length > 0);
    return `${sign} ${type} ${name} ${versions.map((list) => list.join(', ')).join(' → ')}`;
  };
  const counts = `${added.length} added, ${removed.length} removed, ${changed.length} changed`;
  const lines = [
    ...added.map((one) => line('+', one)),
    ...removed.map((one) => line('-', one)),
    ...changed.map((one) => line('~', one)),
  ];
  return { heading: lines.length === 0 ? 'The same packages' : `Packages: ${counts}`, lines };
}

/** Of more images than this, columns beside each other are not read any more: each has a line. */
export const MOST_COLUMNS = 10;

/** What each image lacks for its next level. */
export function lacking({ images, criteria }: Sheet): readonly string[] {
  return images.map(({ level }, at) =>
    criteria
      .filter((one) => one.level === level + 1 && !isMet(one.outcomes[at] ?? 'not-applicable'))
      .map(({ id }) => id)
      .join(', '),
  );
}

/** How many images have each outcome of a criterion; those that none has are left out. */
export function outcomeCounts(
  outcomes: readonly (Outcome | undefined)[],
): readonly (readonly [Outcome, number])[] {
  return (['pass', 'fail', 'unknown', 'not-applicable'] as const)
    .map((outcome) => [outcome, outcomes.filter((one) => one === outcome).length] as const)
    .filter(([, count]) => count > 0);
}

/** Results of several images, and the outcomes of each criterion that any of them has. */
export function compareScorecards(images: readonly ReportInput[]): Comparison {
  const outcomes = images.map(
    ({ scorecard }) => new Map(scorecard.criteria.map(({ id, outcome }) => [id, outcome])),
  );
  const all = images.flatMap(({ scorecard }) => scorecard.criteria);
  const first = new Map(all.toReversed().map((one) => [one.id, one]));
  const ids = [...new Set(all.map(({ id }) => id))];
  return {
    images: images.map(comparedImage),
    criteria: ids.flatMap((id) => {
      const one = first.get(id);
      if (one === undefined) return [];
      const { title, vector, level } = one;
      const row = outcomes.map((of): Outcome | undefined => of.get(id));
      return [{ id, title, vector, level, outcomes: row }];
    }),
  };
}

/** In the order of the newer image's criteria, then those that only the older one has. */
function criterionChanges(
  before: readonly CriterionResult[],
  after: readonly CriterionResult[],
): CriterionChange[] {
  const [old, now] = [before, after].map((all) => new Map(all.map((one) => [one.id, one])));
  const all = new Map(
    [...after, ...before.filter(({ id }) => now?.has(id) !== true)].map((one) => [one.id, one]),
  );
  return [...all.values()].flatMap(({ id, title, vector, level }): CriterionChange[] => {
    const [a, b] = [old?.get(id), now?.get(id)];
    if (a?.outcome === b?.outcome) return [];
    const met = [a, b].map((one) => Number(one !== undefined && isMet(one.outcome)));
    const gain = ((met[1] ?? 0) - (met[0] ?? 0)) as CriterionChange['gain'];
    const summary = b?.summary ?? 'no longer judged';
    return [{ id, title, vector, level, before: a?.outcome, after: b?.outcome, gain, summary }];
  });
}

/** Packages of all platforms by type and name; undefined if a platform's are unknown. */
function packagesOf(
  contents: readonly ImageContents[] = [],
): ReadonlyMap<string, readonly Package[]> | undefined {
  const all = contents.map(({ facts: { packages } }) =>
    packages.known ? packages.value : undefined,
  );
  return all.length === 0 || all.includes(undefined)
    ? undefined
    : groupBy(
        all.flatMap((list) => list ?? []),
        ({ type, name }) => `${type}\n${name}`,
      );
}

function packageChanges(before: ReportInput, after: ReportInput): ScorecardDifference['packages'] {
  const [old, now] = [packagesOf(before.contents), packagesOf(after.contents)];
  if (old === undefined || now === undefined) return undefined;
  const versions = (of: readonly Package[] = []): readonly string[] =>
    [...new Set(of.map(({ version }) => version))].sort();
  const changes = [...new Set([...old.keys(), ...now.keys()])].flatMap((key): PackageChange[] => {
    const [type = '', name = ''] = key.split('\n');
    const row = { before: versions(old.get(key)), after: versions(now.get(key)) };
    return isDeepStrictEqual(row.before, row.after) ? [] : [{ type, name, ...row }];
  });
  changes.sort((a, b) => byCodeUnit(a.name, b.name) || byCodeUnit(a.type, b.type));
  return {
    added: changes.filter((one) => one.before.length === 0),
    removed: changes.filter((one) => one.after.length === 0),
    changed: changes.filter((one) => one.before.length > 0 && one.after.length > 0),
  };
}

/**
 * Changes from `before` to `after`: outcomes in the order of criteria, packages by name over all
 * platforms, and both heads for level, points and size.
 */
export function diffScorecards(before: ReportInput, after: ReportInput): ScorecardDifference {
  const packages = packageChanges(before, after);
  return {
    before: comparedImage(before),
    after: comparedImage(after),
    criteria: criterionChanges(before.scorecard.criteria, after.scorecard.criteria),
    ...(packages === undefined ? {} : { packages }),
  };
}

/** The differences of one layer, or of a platform's documents. */
interface LayerGroup {
  readonly first: ImageDifference;
  readonly entries: readonly ImageDifference[];
}

/** In the order found: documents, then layers from the base on. */
export function byLayer(differences: readonly ImageDifference[]): readonly LayerGroup[] {
  const groups = groupBy(
    differences,
    (one) => `${one.platform} ${one.layerIndex ?? 'documents'}`,
  ) as ReadonlyMap<string, readonly [ImageDifference, ...ImageDifference[]]>;
  return [...groups.values()].map((entries) => ({ first: entries[0], entries }));
}

interface ClassGroup {
  readonly id: string;
  readonly cause: string;
  readonly remedy: string | undefined;
  readonly count: number;
}

/** Each pair of cause and remedy once, in the order found. */
export function byClass(differences: readonly ImageDifference[]): readonly ClassGroup[] {
  const groups = groupBy(differences, ({ class: id, cause, remedy }) =>
    JSON.stringify([id, cause, remedy]),
  ) as ReadonlyMap<string, readonly [ImageDifference, ...ImageDifference[]]>;
  return [...groups.values()].map((all) => {
    const { class: id, cause, remedy } = all[0];
    return { id, cause, remedy, count: all.length };
  });
}

/**
 * A layer's origin: `Dockerfile line 9, out of stage build (RUN in lines 2 and 5)`; undefined if
 * unknown.
 */
function placeText({
  line,
  copiedFrom,
}: Pick<ImageDifference, 'line' | 'copiedFrom'>): string | undefined {
  if (line === undefined) return undefined;
  if (copiedFrom === undefined) return `Dockerfile line ${line}`;
  const { name, runLines } = copiedFrom;
  const before = runLines.slice(0, -1).join(', ');
  const last = runLines.at(-1);
  const runs =
    last === undefined
      ? ''
      : ` (RUN in ${before === '' ? `line ${last}` : `lines ${before} and ${last}`})`;
  return `Dockerfile line ${line}, out of stage ${name}${runs}`;
}

/** The heading of a layer's differences, or of those outside of layers. */
export function groupHeading({ first: one }: LayerGroup): string {
  if (one.layer === undefined) return `${one.platform}: config and annotations`;
  const place = placeText(one);
  const layer = `${one.platform}: layer ${one.layerIndex ?? ''}, ${one.layer.slice(0, 19)}`;
  return place === undefined ? layer : `${layer}, ${place}`;
}

/** `The same: …` or `Not the same: 22 differences.` */
export function answerText({ reproducible, differences, omitted }: ImageComparison): string {
  return reproducible
    ? 'The same: every image manifest has the same digest.'
    : `Not the same: ${quantity(differences.length + omitted, 'difference')}.`;
}

const MOST = 20;
/** Lines of a deeper view; other reports have all. */
const MOST_DEEPER = 20;

/**
 * Two compared images as text: differences by layer, at most `most` of each, then each cause once
 * with its remedy.
 */
export function differencesReport(comparison: ImageComparison, most = MOST): string {
  const { first, second, platforms, differences, omitted, source } = comparison;
  const lines = [
    `first   ${shownText(first.name)}  ${first.digest}`,
    `second  ${shownText(second.name)}  ${second.digest}`,
    ...platforms.map(({ platform, first: a = 'not there', second: b = 'not there' }) =>
      a === b ? `= ${shownText(platform)}  ${a}` : `≠ ${shownText(platform)}  ${a}  ${b}`,
    ),
    ...(source === undefined
      ? []
      : [`source  ${shownText(source.url)} at ${shownText(source.revision)}`]),
    '',
    ...byLayer(differences).flatMap((group) => [...groupLines(group, most), '']),
    ...(differences.length === 0 ? [] : ['Why, and what to do']),
    ...byClass(differences).flatMap(({ id, cause, remedy, count }) => [
      `  ${id} (${count}): ${shownText(cause)}`,
      ...(remedy === undefined ? [] : [`    do: ${shownText(remedy)}`]),
    ]),
    ...(differences.length === 0 ? [] : ['']),
    ...(omitted > 0 ? [`${omitted} more differences are not listed.`, ''] : []),
    answerText(comparison),
  ];
  return `${lines.join('\n')}\n`;
}

function groupLines(group: LayerGroup, most: number): readonly string[] {
  const { entries } = group;
  const { instruction } = group.first;
  const more = entries.length - most;
  return [
    shownText(groupHeading(group)),
    ...(instruction === undefined ? [] : [`  ${shownText(instruction).slice(0, 160)}`]),
    ...entries
      .slice(0, most)
      .flatMap(({ path, kind, class: cause, detail, deeper }) => [
        `  ${shownText(path) || kind}  [${cause}]  ${shownText(detail)}`,
        ...(deeper?.split('\n', MOST_DEEPER) ?? []).map((line) => `      ${shownText(line)}`),
      ]),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** A comparison of two images, as in schema/image-comparison-1.json. */
export function imageDifferencesJson(comparison: ImageComparison): string {
  const { source } = comparison;
  const from = source === undefined ? undefined : { verifiedBy: undefined, ...source };
  return jsonText(withNulls({ ...comparison, source: from }) as object);
}
