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
  /** Whether what passed is shown too. */
  readonly all: KeyState<boolean>;
  readonly isActive: boolean;
  readonly onOpen: () => void;
}

type CardRow =
  | { readonly kind: 'heading' | 'rest' | 'step'; readonly text: string }
  | { readonly kind: 'finding'; readonly finding: FindingView; readonly at: number };

/**
 * What is not met below the level that it keeps the image from, a line of what is met, and the next
 * steps.
 */
function rowsOf({ findings, restText, steps }: CardView, all: boolean): readonly CardRow[] {
  const rows: CardRow[] = [];
  for (const [at, finding] of findings.entries()) {
    const { group } = finding;
    if (group === '') continue;
    if (group !== findings[at - 1]?.group) rows.push({ kind: 'heading', text: group });
    rows.push({ kind: 'finding', finding, at });
  }
  rows.push({ kind: 'rest', text: restText });
  if (all)
    for (const [at, finding] of findings.entries())
      if (finding.group === '') rows.push({ kind: 'finding', finding, at });
  if (steps.length > 0) rows.push({ kind: 'heading', text: 'Next steps' });
  rows.push(
    ...steps.map(({ command, text }) => ({ kind: 'step' as const, text: `${command}  ${text}` })),
  );
  return rows;
}

/** How many findings can be chosen: those that are met once they are shown. */
export function choosable({ findings }: CardView, all: boolean): number {
  return all ? findings.length : findings.filter(({ group }) => group !== '').length;
}

/** The scorecard with its findings as a list to open one by one; `v` shows what passed too. */
export function CardScreen(props: Props) {
  const { card, marks, columns, height, selected, all, onOpen } = props;
  const isLow = height < LOW;
  const vectors = isLow ? [] : card.vectors;
  const room = Math.max(2, height - vectors.length - (isLow ? 2 : 3));
  useKeys(
    (input, key) => {
      const by = rowStep(input, key);
      const page = key.pageDown ? room : key.pageUp ? -room : 0;
      const count = choosable(card, all.now());
      if (input === 'v') {
        all.set(!all.now());
        selected.set(moved(selected.now(), 0, choosable(card, all.now())));
      } else if (by + page !== 0) selected.set(moved(selected.now(), by + page, count));
      else if (count > 0 && (key.return || key.rightArrow)) onOpen();
    },
    { isActive: props.isActive },
  );
  const rows = rowsOf(card, all.shown);
  const place = rows.findIndex((row) => row.kind === 'finding' && row.at === selected.shown);
  const { from, to } = windowOf(rows.length, Math.max(0, place), room);
  return (
    <Box flexDirection="column">
      <ScoreHead card={{ ...card, vectors }} marks={marks} columns={columns} />
      {!isLow && <Text> </Text>}
      {rows
        .slice(from, to)
        .map((row, i) =>
          row.kind === 'finding' ? (
            <Row
              key={row.finding.id}
              finding={row.finding}
              marks={marks}
              isSelected={row.at === selected.shown}
            />
          ) : (
            <Line
              key={from + i}
              text={row.kind === 'step' ? `  ${row.text}` : row.text}
              bold={row.kind === 'heading'}
              dimColor={row.kind === 'rest'}
            />
          ),
        )}
    </Box>
  );
}

interface RowProps {
  readonly finding: FindingView;
  readonly marks: Marks;
  readonly isSelected: boolean;
}

function Row({ finding, marks, isSelected }: RowProps) {
  const { id, outcome, summary, before, also } = finding;
  const was = before === undefined ? '' : `[was ${before}] `;
  const more = also.length === 0 ? '' : ` +${also.length}`;
  return (
    <Box>
      <Box flexShrink={0}>
        <Text bold={isSelected}>{isSelected ? `${marks.pointer} ` : '  '}</Text>
        <Text {...OUTCOME_COLOUR[outcome]}>{marks.outcome[outcome]} </Text>
        <Text bold={isSelected}>{(id + more).padEnd(22)} </Text>
      </Box>
      <Line text={was + summary} />
    </Box>
  );
}
