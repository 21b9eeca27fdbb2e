import type { NextStep, Scorecard } from '../../model/scorecard.ts';
import { plural } from '../size-text.ts';
import { type Screen, shown, twoSides } from './terminal-screen.ts';
import { textWidth, wrapped } from './text-width.ts';

/** More than three are not read. */
export const STEPS_SHOWN = 3;

function lines(screen: Screen, step: NextStep, scorecard: Scorecard, number: string): string[] {
  const { colors, marks, width } = screen;
  const gain = gainWords(step, scorecard);
  const indent = ' '.repeat(number.length + 1);
  const text = shown(screen, step.text);
  if (step.command === undefined) {
    const [first = '', ...more] = wrapped(text, width - indent.length - 2, marks.ellipsis);
    const room = width - indent.length - 4 - textWidth(first);
    return more.length === 0 && textWidth(gain) <= room
      ? twoSides(screen, [`${number}${first}`, String], [gain, colors.green])
      : [
          ` ${number}${first}`,
          ...more.map((line) => `${indent}${line}`),
          `${indent}${colors.green(gain)}`,
        ];
  }
  const command = shown(screen, step.command);
  const why = `${text}: ${gain}`;
  // A command is never cut: it is there to be pasted.
  if (number.length + textWidth(command) + 4 + textWidth(why) <= width)
    return twoSides(screen, [number + command, colors.cyan], [why, colors.dim]);
  return [
    ` ${number}${colors.cyan(command)}`,
    ...wrapped(why, width - indent.length - 2, marks.ellipsis).map(
      (line) => `${indent}${colors.dim(line)}`,
    ),
  ];
}

/** The first steps, numbered, and the command that shows everything. */
export function stepLines(
  screen: Screen,
  scorecard: Scorecard,
  steps: readonly NextStep[],
): string[] {
  const { colors } = screen;
  const first = steps.slice(0, STEPS_SHOWN);
  if (first.length === 0) return [];
  return [
    '',
    ` ${colors.bold(first.length === 1 ? 'Next step' : 'Next steps')}`,
    ...first.flatMap((step, index) => lines(screen, step, scorecard, `${index + 1}. `)),
  ];
}

/** What a step changes, and nothing that stays: `+5 points, grade C, level 2`. */
function gainWords({ gains }: NextStep, { overall, level }: Scorecard): string {
  return [
    `+${plural(gains.points, 'point')}`,
    ...(gains.grade === overall.grade ? [] : [`grade ${gains.grade}`]),
    ...(gains.level === level ? [] : [`level ${gains.level}`]),
  ].join(', ');
}
