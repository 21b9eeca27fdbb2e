import type { NextStep, Scorecard } from '../../model/scorecard.ts';
import { gainText, stepsHeading } from '../card-words.ts';
import type { Card } from '../card.ts';
import { type Screen, shown, twoSides } from './terminal-screen.ts';
import { textWidth, wrapped } from './text-width.ts';

function lines(screen: Screen, step: NextStep, scorecard: Scorecard, number: string): string[] {
  const { colors, marks, width } = screen;
  const indent = ' '.repeat(number.length + 1);
  const command = shown(screen, step.command);
  const why = shown(screen, `${step.text}: ${gainText(step, scorecard)}`);
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

/** The steps, numbered, each a whole command with what it does and gains. */
export function stepLines(screen: Screen, scorecard: Scorecard, { steps }: Card): string[] {
  if (steps.length === 0) return [];
  return [
    '',
    ` ${screen.colors.bold(stepsHeading(steps))}`,
    ...steps.flatMap((step, index) => lines(screen, step, scorecard, `${index + 1}. `)),
  ];
}
