import { Box, Text } from 'ink';
import { GRADE_COLOUR } from './grade-colour.ts';
import { Line } from './line.tsx';
import type { Marks } from './marks.ts';
import type { CardView, ScoreBar } from './review-model.ts';

const NAME = 26;
/** Two spaces, the grade, points of a total, what changed. */
const FIGURES = 15;
const LEAST_BAR = 4;

interface Props {
  readonly card: CardView;
  readonly marks: Marks;
  readonly columns: number;
}

/**
 * The head of a scorecard: image, level and grade with what they were, and a heat bar for each
 * vector.
 */
export function ScoreHead({ card, marks, columns }: Props) {
  const { overall, before } = card;
  const changed =
    before !== undefined && (before.level !== card.level || before.grade !== overall.grade);
  return (
    <Box flexDirection="column">
      <Box gap={2}>
        <Line bold text={card.image} />
        <Box flexShrink={0}>
          <Line dimColor text={card.digest} />
        </Box>
      </Box>
      <Text wrap="truncate-end">
        <Text bold {...GRADE_COLOUR[overall.grade]}>
          {card.levelText}
        </Text>
        {`  ${card.gradeText}`}
        {changed && `  (last build: level ${before.level}, grade ${before.grade})`}
      </Text>
      {card.vectors.map((bar) => (
        <Bar key={bar.name} bar={bar} marks={marks} columns={columns} />
      ))}
    </Box>
  );
}

function Bar({ bar, marks, columns }: { readonly bar: ScoreBar } & Omit<Props, 'card'>) {
  const name = Math.min(NAME, Math.max(8, columns - FIGURES - LEAST_BAR));
  const width = Math.max(LEAST_BAR, Math.min(40, columns - name - 17));
  const filled = bar.total === 0 ? 0 : Math.floor((bar.points / bar.total) * width);
  const { change = 0 } = bar;
  return (
    <Box>
      <Box width={name} flexShrink={0}>
        <Line text={bar.name} />
      </Box>
      {!bar.isChecked && <Text dimColor>not checked</Text>}
      {bar.isChecked && (
        <Text wrap="truncate-end">
          <Text {...GRADE_COLOUR[bar.grade]}>{marks.full.repeat(filled)}</Text>
          <Text dimColor>{marks.empty.repeat(width - filled)}</Text>
          {`  ${bar.grade.padEnd(2)} ${bar.points}/${bar.total}`}
          {change !== 0 && (
            <Text color={change > 0 ? 'green' : 'red'}>{` ${change > 0 ? '+' : ''}${change}`}</Text>
          )}
        </Text>
      )}
    </Box>
  );
}
