import type { ImageComparison, ImageDifference } from '../../model/difference.ts';
import { quantity } from '../../model/quantity.ts';
import { cleanText } from '../clean-text.ts';
import { byClass, byLayer, type LayerGroup, placeText } from './difference-groups.ts';

interface DifferenceScreen {
  readonly color: boolean;
  /** Entries that are listed of each layer; the rest is counted. */
  readonly most?: number;
}

const MOST = 20;
/** Lines of a deeper view; the other reports have all. */
const MOST_DEEPER = 20;

/** Two images compared, as text: differences by layer, then each cause once with its remedy. */
export function differencesReport(comparison: ImageComparison, screen: DifferenceScreen): string {
  const { first, second, reproducible, platforms, differences, omitted } = comparison;
  const { source } = comparison;
  const lines = [
    `first   ${cleanText(first.name)}  ${first.digest}`,
    `second  ${cleanText(second.name)}  ${second.digest}`,
    ...platforms.map(
      (one) =>
        `${one.first === one.second ? '=' : '≠'} ${cleanText(one.platform)}  ${one.first ?? 'not there'}${one.first === one.second ? '' : `  ${one.second ?? 'not there'}`}`,
    ),
    ...(source === undefined
      ? []
      : [`source  ${cleanText(source.url)} at ${cleanText(source.revision)}`]),
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
      ? `${cleanText(one.platform)}: config and annotations`
      : [
          `${cleanText(one.platform)}: layer ${one.layerIndex ?? ''}`,
          one.layer.slice(0, 19),
          ...(place === undefined ? [] : [cleanText(place)]),
        ].join(', ');
  const instruction =
    one.instruction === undefined ? [] : [`  ${cleanText(one.instruction).slice(0, 160)}`];
  const entries = group.slice(0, most).flatMap((d) => {
    const path = cleanText(d.path);
    const deeper = d.deeper?.split('\n').slice(0, MOST_DEEPER) ?? [];
    return [
      `  ${path === '' ? d.kind : path}  [${d.class}]  ${cleanText(d.detail)}`,
      ...deeper.map((line) => `      ${cleanText(line)}`),
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
      `  ${id} (${found}): ${cleanText(cause)}`,
      ...(remedy === undefined ? [] : [`    do: ${cleanText(remedy)}`]),
    ]),
  ];
}
