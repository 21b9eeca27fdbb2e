import { Box, Text, useInput } from 'ink';
import { useState } from 'react';
import { diffRows, DiffView } from './diff-view.tsx';
import { Line, Paragraph } from './line.tsx';
import type { Marks } from './marks.ts';
import { useMeasuredRows } from './measured.ts';
import type { EditView, WorthOf } from './review-model.ts';
import { moved, windowOf } from './window.ts';

/** Rows below which a screen is too low for reasons in full. */
const LOW = 16;

interface Props {
  /** Undefined while they are looked for. */
  readonly edits: readonly EditView[] | undefined;
  readonly marks: Marks;
  readonly height: number;
  readonly isActive: boolean;
  readonly chosen: ReadonlySet<string>;
  readonly worth: WorthOf;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
  /** The choice is made; asked once more by whoever hears it. */
  readonly onApply: () => void;
  readonly onBack: () => void;
}

/** Edits to pick from, the one under the pointer with its reason, risk, gain and diff. */
export function EditsScreen(props: Props) {
  const { edits = [], marks, height, chosen, onChoose } = props;
  const [selected, setSelected] = useState(0);
  const [top, setTop] = useState(0);
  const edit = edits[selected];
  const listRows = Math.max(2, Math.min(edits.length, Math.floor(height / 3)));
  const [ref, room] = useMeasuredRows(1);
  useInput(
    (input, key) => {
      const by = key.downArrow || input === 'j' ? 1 : key.upArrow || input === 'k' ? -1 : 0;
      const page = key.pageDown || input === 'd' ? room : key.pageUp || input === 'u' ? -room : 0;
      if (by !== 0) {
        setSelected(moved(selected, by, edits.length));
        setTop(0);
      } else if (page !== 0) {
        const places = Math.max(1, diffRows(edit?.diff ?? '').length - room + 1);
        setTop(moved(top, page, places));
      } else if (input === ' ' && edit !== undefined) onChoose(toggled(chosen, edit.id));
      else if (input === 'a')
        onChoose(chosen.size === edits.length ? new Set() : new Set(edits.map(({ id }) => id)));
      else if (key.return && edits.length > 0) props.onApply();
      else if (key.escape || key.leftArrow) props.onBack();
    },
    { isActive: props.isActive },
  );
  if (edits.length === 0)
    return (
      <Text>
        {props.edits === undefined
          ? `Looking for edits of the Dockerfile${marks.ellipsis}`
          : 'No edit of the Dockerfile is known that would help. scoville fix says what it leaves alone, and why.'}
      </Text>
    );
  const worth = chosen.size > 0 ? props.worth(chosen) : undefined;
  const { from, to } = windowOf(edits.length, selected, listRows);
  return (
    <Box flexDirection="column" height={height}>
      <Line
        bold
        text={`Edits of the Dockerfile: ${chosen.size} of ${edits.length} picked${worth === undefined ? '' : `, ${worth}`}`}
      />
      <Box flexDirection="column" flexShrink={0}>
        {edits.slice(from, to).map((one, i) => (
          <Row
            key={one.id}
            edit={one}
            marks={marks}
            isSelected={from + i === selected}
            isChosen={chosen.has(one.id)}
          />
        ))}
      </Box>
      {edit !== undefined && <Reasons edit={edit} isLow={height < LOW} />}
      {/* The diff has what is left of the screen. */}
      <Box ref={ref} flexDirection="column" flexGrow={1} flexBasis={0} overflow="hidden">
        <DiffView diff={edit?.diff ?? ''} top={top} height={room} />
      </Box>
    </Box>
  );
}

/** Why, at what risk and for what; each cut to a row on a low screen, where the diff would have no room else. */
function Reasons({ edit, isLow }: { readonly edit: EditView; readonly isLow: boolean }) {
  const Text = isLow ? Line : Paragraph;
  return (
    <Box flexDirection="column" marginTop={isLow ? 0 : 1} flexShrink={0}>
      {!isLow && <Text text={`why:  ${edit.why}`} />}
      <Text text={`risk: ${edit.risk}`} />
      <Line text={`gain: ${edit.gain ?? 'no point of its own'}`} color="green" />
    </Box>
  );
}

function toggled(chosen: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}

interface RowProps {
  readonly edit: EditView;
  readonly marks: Marks;
  readonly isSelected: boolean;
  readonly isChosen: boolean;
}

function Row({ edit, marks, isSelected, isChosen }: RowProps) {
  return (
    <Box>
      <Box flexShrink={0}>
        <Text bold={isSelected}>{isSelected ? `${marks.pointer} ` : '  '}</Text>
        <Text>{isChosen ? marks.chosen : marks.open} </Text>
      </Box>
      <Line bold={isSelected} text={edit.title} />
    </Box>
  );
}
