import { Box, Text } from 'ink';
import { GRADE_COLOUR } from './grade-colour.ts';
import { Line } from './line.tsx';
import type { Marks } from './marks.ts';
import type { CardView, ScoreBar } from './review-model.ts';

const NAME = 26;

interface Props {
  readonly card: CardView;
  readonly marks: Marks;
  readonly columns: number;
}

/** The head of a scorecard: image, level and grade with what they were, and a heat bar for each vector. */
export function ScoreHead({ card, marks, columns }: Props) {
  const { overall, before } = card;
  const now = `Level ${card.level} ${card.levelName}, grade ${overall.grade}`;
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
      <Box gap={2}>
        <Text bold {...GRADE_COLOUR[overall.grade]}>
          {now}
        </Text>
        {changed && (
          <Text>
            (last build: level {before.level}, grade {before.grade})
          </Text>
        )}
      </Box>
      {[overall, ...card.vectors].map((bar) => (
        <Bar key={bar.name} bar={bar} marks={marks} columns={columns} />
      ))}
    </Box>
  );
}

function Bar({ bar, marks, columns }: { readonly bar: ScoreBar } & Omit<Props, 'card'>) {
  const width = Math.max(4, Math.min(40, columns - NAME - 18));
  const filled = bar.total === 0 ? 0 : Math.floor((bar.points / bar.total) * width);
  const { change = 0 } = bar;
  return (
    <Box>
      <Box width={NAME} flexShrink={0}>
        <Line text={bar.name} />
      </Box>
      <Text {...GRADE_COLOUR[bar.grade]}>{marks.full.repeat(filled)}</Text>
      <Text dimColor>{marks.empty.repeat(width - filled)}</Text>
      <Text>
        {'  '}
        {bar.grade.padEnd(2)} {bar.points}/{bar.total}
      </Text>
      {change !== 0 && (
        <Text color={change > 0 ? 'green' : 'red'}>
          {' '}
          {change > 0 ? '+' : ''}
          {change}
        </Text>
      )}
    </Box>
  );
}
