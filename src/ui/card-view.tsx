import { Box, Text } from 'ink';
import { OUTCOME_COLOUR } from './grade-colour.ts';
import { type KeyState, useKeys } from './keyboard.ts';
import { Line } from './line.tsx';
import type { Marks } from './marks.ts';
import type { CardView, FindingView } from './review-model.ts';
import { ScoreHead } from './score-bars.tsx';
import { moved, rowStep, windowOf } from './window.ts';

/** Rows below which the bar of each vector would leave no room for the findings. */
const LOW = 14;

interface Props {
  readonly card: CardView;
  readonly marks: Marks;
  readonly columns: number;
  readonly height: number;
  readonly selected: KeyState<number>;
  readonly isActive: boolean;
  readonly onOpen: () => void;
}

/** The scorecard with its criteria as a list to open one by one. */
export function CardScreen(props: Props) {
  const { card, marks, columns, height, selected, onOpen } = props;
  const { findings } = card;
  const isLow = height < LOW;
  const vectors = isLow ? [] : card.vectors;
  const room = Math.max(2, height - vectors.length - (isLow ? 3 : 4));
  useKeys(
    (input, key) => {
      const by = rowStep(input, key);
      const page = key.pageDown ? room : key.pageUp ? -room : 0;
      if (by + page !== 0) selected.set(moved(selected.now(), by + page, findings.length));
      else if (key.return || key.rightArrow) onOpen();
    },
    { isActive: props.isActive },
  );
  const { from, to } = windowOf(findings.length, selected.shown, room);
  return (
    <Box flexDirection="column">
      <ScoreHead card={{ ...card, vectors }} marks={marks} columns={columns} />
      {!isLow && <Text> </Text>}
      {findings.slice(from, to).map((finding, i) => (
        <Row
          key={finding.id}
          finding={finding}
          marks={marks}
          isSelected={from + i === selected.shown}
        />
      ))}
    </Box>
  );
}

interface RowProps {
  readonly finding: FindingView;
  readonly marks: Marks;
  readonly isSelected: boolean;
}

function Row({ finding, marks, isSelected }: RowProps) {
  const { id, level, outcome, summary, before } = finding;
  const was = before === undefined ? '' : `[was ${before}] `;
  return (
    <Box>
      <Box flexShrink={0}>
        <Text bold={isSelected}>{isSelected ? `${marks.pointer} ` : '  '}</Text>
        <Text {...OUTCOME_COLOUR[outcome]}>{marks.outcome[outcome]}</Text>
        <Text dimColor> {level} </Text>
        <Text bold={isSelected}>{id.padEnd(22)} </Text>
      </Box>
      <Line text={was + summary} />
    </Box>
  );
}
