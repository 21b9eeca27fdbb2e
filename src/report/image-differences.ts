import { quantity } from '../lib/text.ts';
import type { ImageComparison, ImageDifference } from '../model/report.ts';
import { shownText, jsonText, withNulls } from './text.ts';

/** The differences of one layer, or of a platform's documents. */
export interface LayerGroup {
  readonly first: ImageDifference;
  readonly entries: readonly ImageDifference[];
}

/** In the order found: documents, then layers from the base on. */
export function byLayer(differences: readonly ImageDifference[]): readonly LayerGroup[] {
  const groups = new Map<string, { first: ImageDifference; entries: ImageDifference[] }>();
  for (const one of differences) {
    const key = `${one.platform} ${one.layerIndex ?? 'documents'}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: one, entries: [one] });
    else group.entries.push(one);
  }
  return [...groups.values()];
}

interface ClassGroup {
  readonly id: string;
  readonly cause: string;
  readonly remedy: string | undefined;
  readonly count: number;
}

/** Each pair of cause and remedy once, in the order found. */
export function byClass(differences: readonly ImageDifference[]): readonly ClassGroup[] {
  const groups = new Map<string, ClassGroup>();
  for (const { class: id, cause, remedy } of differences) {
    const key = JSON.stringify([id, cause, remedy]);
    const count = (groups.get(key)?.count ?? 0) + 1;
    groups.set(key, { id, cause, remedy, count });
  }
  return [...groups.values()];
}

/**
 * A layer's origin: `Dockerfile line 9, out of stage build (RUN in lines 2 and 5)`; undefined if
 * unknown.
 */
export function placeText({
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

interface DifferenceScreen {
  readonly color: boolean;
  /** Entries listed per layer; the rest is counted. */
  readonly most?: number;
}

const MOST = 20;
/** Lines of a deeper view; other reports have all. */
const MOST_DEEPER = 20;

/** Two compared images as text: differences by layer, then each cause once with its remedy. */
export function differencesReport(comparison: ImageComparison, screen: DifferenceScreen): string {
  const { first, second, reproducible, platforms, differences, omitted } = comparison;
  const { source } = comparison;
  const lines = [
    `first   ${shownText(first.name)}  ${first.digest}`,
    `second  ${shownText(second.name)}  ${second.digest}`,
    ...platforms.map(
      (one) =>
        `${one.first === one.second ? '=' : '≠'} ${shownText(one.platform)}  ${one.first ?? 'not there'}${one.first === one.second ? '' : `  ${one.second ?? 'not there'}`}`,
    ),
    ...(source === undefined
      ? []
      : [`source  ${shownText(source.url)} at ${shownText(source.revision)}`]),
    '',
  ];
  for (const group of byLayer(differences))
    lines.push(...layerLines(group, screen.most ?? MOST), '');
  if (differences.length > 0) lines.push(...causeLines(differences), '');
  if (omitted > 0) lines.push(`${omitted} more differences are not listed.`, '');
  lines.push(
    reproducible
      ? 'The same: every image manifest has the same digest.'
      : `Not the same: ${quantity(differences.length + omitted, 'difference')}.`,
  );
  return `${lines.join('\n')}\n`;
}

function layerLines({ first: one, entries: group }: LayerGroup, most: number): readonly string[] {
  const place = placeText(one);
  const head =
    one.layer === undefined
      ? `${shownText(one.platform)}: config and annotations`
      : [
          `${shownText(one.platform)}: layer ${one.layerIndex ?? ''}`,
          one.layer.slice(0, 19),
          ...(place === undefined ? [] : [shownText(place)]),
        ].join(', ');
  const instruction =
    one.instruction === undefined ? [] : [`  ${shownText(one.instruction).slice(0, 160)}`];
  const entries = group.slice(0, most).flatMap((d) => {
    const path = shownText(d.path);
    const deeper = d.deeper?.split('\n').slice(0, MOST_DEEPER) ?? [];
    return [
      `  ${path === '' ? d.kind : path}  [${d.class}]  ${shownText(d.detail)}`,
      ...deeper.map((line) => `      ${shownText(line)}`),
    ];
  });
  const more =
    group.length > most ? [`  and ${quantity(group.length - most, 'more', 'more')}`] : [];
  return [head, ...instruction, ...entries, ...more];
}

function causeLines(differences: readonly ImageDifference[]): readonly string[] {
  return [
    'Why, and what to do',
    ...byClass(differences).flatMap(({ id, cause, remedy, count: found }) => [
      `  ${id} (${found}): ${shownText(cause)}`,
      ...(remedy === undefined ? [] : [`    do: ${shownText(remedy)}`]),
    ]),
  ];
}

/** A comparison of two images, as in schema/image-comparison-1.json. */
export function imageDifferencesJson(comparison: ImageComparison): string {
  const { source } = comparison;
  const from = source === undefined ? undefined : { verifiedBy: undefined, ...source };
  return jsonText(withNulls({ ...comparison, source: from }) as object);
}
