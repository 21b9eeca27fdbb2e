import { Box, Text } from 'ink';
import { diffRows, DiffView } from './diff-view.tsx';
import { type KeyState, useKeys, useKeyState } from './keyboard.ts';
import { Line, Paragraph } from './line.tsx';
import type { Marks } from './marks.ts';
import { useMeasuredRows } from './measured.ts';
import type { EditView, WorthOf } from './review-model.ts';
import { moved, rowStep, windowOf } from './window.ts';

/** Rows below which a screen is too low for reasons in full. */
const LOW = 16;

interface Props {
  /** Undefined while they are looked for. */
  readonly edits: readonly EditView[] | undefined;
  readonly marks: Marks;
  readonly height: number;
  readonly isActive: boolean;
  readonly chosen: KeyState<ReadonlySet<string>>;
  readonly worth: WorthOf;
  /** The choice is made; the listener asks once more. */
  readonly onApply: () => void;
  readonly onBack: () => void;
}

/** Edits to pick from, the one under the pointer with its reason, risk, gain and diff. */
export function EditsScreen(props: Props) {
  const { edits = [], marks, height, chosen } = props;
  const selected = useKeyState(0);
  const top = useKeyState(0);
  const edit = edits[selected.shown];
  const listRows = Math.max(2, Math.min(edits.length, Math.floor(height / 3)));
  const [ref, room] = useMeasuredRows(1);
  useKeys(
    (input, key) => {
      const by = rowStep(input, key);
      const page = key.pageDown || input === 'd' ? room : key.pageUp || input === 'u' ? -room : 0;
      const pointed = edits[selected.now()];
      if (by !== 0) {
        selected.set(moved(selected.now(), by, edits.length));
        top.set(0);
      } else if (page !== 0) {
        const places = Math.max(1, diffRows(pointed?.diff ?? '').length - room + 1);
        top.set(moved(top.now(), page, places));
      } else if (input === ' ' && pointed !== undefined)
        chosen.set(toggled(chosen.now(), pointed.id));
      else if (input === 'a') {
        const isAll = chosen.now().size === edits.length;
        chosen.set(new Set(isAll ? [] : edits.map(({ id }) => id)));
      } else if (key.return && edits.length > 0) props.onApply();
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
  const picked = chosen.shown;
  const worth = picked.size > 0 ? props.worth(picked) : undefined;
  const { from, to } = windowOf(edits.length, selected.shown, listRows);
  return (
    <Box flexDirection="column" height={height}>
      <Line
        bold
        text={`Edits of the Dockerfile: ${picked.size} of ${edits.length} picked${worth === undefined ? '' : `, ${worth}`}`}
      />
      <Box flexDirection="column" flexShrink={0}>
        {edits.slice(from, to).map((one, i) => (
          <Row
            key={one.id}
            edit={one}
            marks={marks}
            isSelected={from + i === selected.shown}
            isChosen={picked.has(one.id)}
          />
        ))}
      </Box>
      {edit !== undefined && <Reasons edit={edit} isLow={height < LOW} />}
      {/* The diff has what is left of the screen. */}
      <Box ref={ref} flexDirection="column" flexGrow={1} flexBasis={0} overflow="hidden">
        <DiffView diff={edit?.diff ?? ''} top={top.shown} height={room} />
      </Box>
    </Box>
  );
}

/**
 * Why, at what risk and for what; each cut to a row on a low screen, where the diff would have no
 * room else.
 */
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
