import { Box, Text } from 'ink';
import type { LiveItem, LiveModel, LiveRow } from './live-model.ts';
import type { Marks } from './marks.ts';

interface Props {
  readonly model: LiveModel;
  readonly marks: Marks;
  /** Counts up with each drawing: what runs turns. */
  readonly frame: number;
  /** Rows that may be taken; what does not fit is left out, logs first. */
  readonly height: number;
  readonly columns: number;
}

const GAP = 2;

/** What runs, with its last lines, and the checklist of the pipeline below it. */
export function LiveArea({ model, marks, frame, height, columns }: Props) {
  const spinner = marks.spinner[frame % marks.spinner.length] ?? '';
  const list = rowsOfItems(model.items, columns);
  const rows = model.rows.slice(-Math.max(1, height - list));
  const room = height - list - rows.length;
  return (
    <Box flexDirection="column">
      {rows.map((row) => (
        <Row key={row.key} row={row} spinner={spinner} most={Math.max(0, room)} />
      ))}
      {model.items.length > 0 && (
        <Box flexWrap="wrap" columnGap={GAP}>
          {model.items.map((item) => (
            <Item key={item.key} item={item} marks={marks} spinner={spinner} />
          ))}
        </Box>
      )}
    </Box>
  );
}

/** Rows that the checklist takes; two where it is short, so that nothing moves when it grows. */
function rowsOfItems(items: readonly LiveItem[], columns: number): number {
  if (items.length === 0) return 0;
  let rows = 1;
  let used = 0;
  for (const { label, state } of items) {
    const width = 2 + label.length + (state === 'off' ? 4 : 0);
    if (used > 0 && used + GAP + width > columns) {
      rows += 1;
      used = 0;
    }
    used += (used > 0 ? GAP : 0) + width;
  }
  return Math.max(2, rows);
}

function Row({
  row,
  spinner,
  most,
}: {
  readonly row: LiveRow;
  readonly spinner: string;
  readonly most: number;
}) {
  return (
    <Box flexDirection="column">
      <Box>
        <Text wrap="truncate-end">
          {spinner} {row.label}
        </Text>
        <Box flexShrink={0}>
          <Text> {row.figures}</Text>
        </Box>
      </Box>
      {row.log.slice(most === 0 ? row.log.length : -most).map((line, i) => (
        <Text key={i} dimColor wrap="truncate-end">
          {'  '}
          {line}
        </Text>
      ))}
    </Box>
  );
}

function Item({
  item,
  marks,
  spinner,
}: {
  readonly item: LiveItem;
  readonly marks: Marks;
  readonly spinner: string;
}) {
  const mark = { waiting: marks.waiting, running: spinner, done: marks.done, off: marks.off }[
    item.state
  ];
  return (
    <Text
      dimColor={item.state === 'waiting'}
      {...(item.state === 'done' ? { color: 'green' } : {})}
      {...(item.state === 'off' ? { color: 'yellow' } : {})}
    >
      {mark} {item.label}
      {item.state === 'off' ? ' off' : ''}
    </Text>
  );
}
