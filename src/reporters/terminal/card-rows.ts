import { groupTexts } from '../card-words.ts';
import { type Card, type CardGroup, type CardRow, stepOf } from '../card.ts';
import { markOf, type Screen, shown, WIDE_FROM } from './terminal-screen.ts';
import { fitted, padded, wrapped } from './text-width.ts';

const ID = 20;
/** Narrower screens have no column for places. */
const PLACES_FROM = 70;

function rowLines(screen: Screen, row: CardRow, step: number | undefined): string[] {
  const { colors, marks, width } = screen;
  const others = row.ids.length === 1 ? '' : ` +${row.ids.length - 1}`;
  const id = padded(row.ids[0] + others, ID);
  const note = row.waived ? '[waived] ' : '';
  const problem = shown(screen, note + row.problem);
  const place = row.place === undefined ? '' : shown(screen, row.place);
  const mark = markOf(screen, row.outcome);
  if (width < PLACES_FROM) {
    const text = place === '' ? problem : `${problem} (${place})`;
    return [
      ` ${mark} ${id}`.trimEnd(),
      ...wrapped(text, width - 5, marks.ellipsis).map((line) => `   ${line}`),
    ];
  }
  const steps = width < WIDE_FROM ? 0 : 8;
  const places = place === '' ? 0 : width < WIDE_FROM ? 20 : 28;
  const room = width - ID - 5 - (places === 0 ? 0 : places + 2) - steps;
  const [first = '', ...more] = wrapped(problem, room, marks.ellipsis);
  const right = places === 0 ? '' : `  ${padded(fitted(place, places, marks.ellipsis), places)}`;
  const helped = steps === 0 || step === undefined ? '' : colors.cyan(`  step ${step}`);
  return [
    ` ${mark} ${id} ${padded(first, room)}${right}${helped}`.trimEnd(),
    ...more.map((line) => ` ${' '.repeat(ID + 2)} ${line}`),
  ];
}

/** What keeps the image from one level: a heading, then a row for each problem. */
export function groupLines(
  screen: Screen,
  card: Card,
  group: CardGroup,
  isFirst: boolean,
): string[] {
  const [heading, counts] = groupTexts(group, isFirst);
  return [
    '',
    ` ${screen.colors.bold(heading)}: ${counts}`,
    ...group.rows.flatMap((row) => rowLines(screen, row, stepOf(card, row.ids[0]))),
  ];
}
