import { Box, type DOMElement, measureElement, Text } from 'ink';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { interrupt, pipelineContext, terminalOf, withProgress } from '../cli/conversation.ts';
import type { CommandIo } from '../cli/io.ts';
import { isUtf8 } from '../cli/render-report.ts';
import { given } from '../lib/json.ts';
import { gainText, refusalsText } from '../report/fix.ts';
import { show, useScreenSize } from '../ui/ink-surface.tsx';
import {
  type KeyState,
  Line,
  moved,
  Paragraph,
  rowStep,
  useKeys,
  useKeyState,
  windowOf,
} from '../ui/questions.tsx';
import { type Marks, marksOf } from '../ui/text.ts';
import { type AppliedFixes, applyEdit, planEdits } from './compose.ts';
import { writeFixFiles } from './files.ts';
import { noEditText, shownDiff, tellWritten, wholeRefusals } from './fix-shown.ts';
import { applyWanted, type FixRequest, type FixTask, planFixes, unreadable } from './plan.ts';

/** Keys of one screen, the most used first. */
type KeyList = readonly (readonly [key: string, does: string])[];

const EVERYWHERE: KeyList = [
  ['?', 'keys'],
  ['q', 'end'],
];

interface Props {
  readonly keys: KeyList;
  readonly marks: Marks;
  /** One line above the keys; '' for none. */
  readonly message: string;
  readonly onEnd: () => void;
  readonly onInterrupt: () => void;
  /** Not mounted while the help is shown, so that it hears no key then. */
  readonly children: (height: number) => ReactNode;
}

/** A whole screen; `?` shows all keys, `q` ends, Ctrl-C stops the command. */
export function Frame({ keys, marks, message, onEnd, onInterrupt, children }: Props) {
  const { columns, rows } = useScreenSize();
  const showsKeys = useKeyState(false);
  // One row stays free: Ink clears the terminal for what fills it.
  const height = Math.max(6, rows - 1);
  useKeys((input) => {
    if (showsKeys.now()) showsKeys.set(false);
    else if (input === '?') showsKeys.set(true);
    else if (input === 'q') onEnd();
  }, onInterrupt);
  return (
    <Box flexDirection="column" height={height} width={columns}>
      <Box flexDirection="column" flexGrow={1} overflow="hidden">
        {/* What is too tall is cut at its end: squeezed, it would lose rows in its middle. */}
        <Box flexDirection="column" flexShrink={0}>
          {showsKeys.shown ? <KeyHelp keys={keys} /> : children(height - 2)}
        </Box>
      </Box>
      {message === '' ? <Text> </Text> : <Line bold text={message} />}
      <KeyRow keys={keys} marks={marks} columns={columns} />
    </Box>
  );
}

/** The keys on the last row; those that do not fit are left out, but never `?`. */
export function KeyRow({
  keys,
  marks,
  columns,
}: Pick<Props, 'keys' | 'marks'> & { readonly columns: number }) {
  const textOf = (shown: KeyList): string =>
    [...shown, ...EVERYWHERE].map(([key, does]) => `${key} ${does}`).join(` ${marks.between} `);
  const most = keys.findLastIndex((_, i) => textOf(keys.slice(0, i + 1)).length <= columns);
  return (
    <Text dimColor wrap="truncate-end">
      {textOf(keys.slice(0, most + 1))}
    </Text>
  );
}

function KeyHelp({ keys }: Pick<Props, 'keys'>) {
  const rows: KeyList = [
    ...keys,
    ['pgup, pgdn', 'a page'],
    ['j, k', 'as down and up'],
    ...EVERYWHERE,
    ['ctrl-c', 'stop at once, exit code 130'],
  ];
  return (
    <Box flexDirection="column">
      <Text bold>Keys</Text>
      {rows.map(([key, does]) => (
        <Text key={key}>
          {'  '}
          {key.padEnd(12)} {does}
        </Text>
      ))}
      <Text dimColor>any key goes back</Text>
    </Box>
  );
}

/** Rows below which a screen is too low for reasons in full. */
const LOW = 16;

export const KEYS = {
  edits: [
    ['space', 'pick'],
    ['a', 'all'],
    ['enter', 'apply'],
    ['d, u', 'diff'],
    ['esc', 'back'],
  ],
  confirm: [
    ['y', 'write'],
    ['n', 'back'],
  ],
} as const;

export interface EditView {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly risk: string;
  /** What it is worth, in words; undefined where that is not known. */
  readonly gain?: string;
  /** The change as a unified diff, without colors. */
  readonly diff: string;
}

interface Edits {
  readonly edits: readonly EditView[];
  /** What edits are worth together, in words. */
  readonly worth: (ids: ReadonlySet<string>) => string | undefined;
  readonly marks: Marks;
}

interface PickProps extends Edits {
  /** Ids of the edits to write; none where the person ended without. */
  readonly onDone: (picked: ReadonlySet<string>) => void;
  readonly onInterrupt: () => void;
}

/** Edits to pick from, each with its reason, risk, gain and diff; the choice is confirmed. */
export function PickScreen({ onDone, onInterrupt, ...shown }: PickProps) {
  const chosen = useKeyState<ReadonlySet<string>>(new Set());
  const [confirms, setConfirms] = useState(false);
  const [message, setMessage] = useState('');
  const end = (): void => {
    onDone(new Set());
  };
  return (
    <Frame
      keys={confirms ? KEYS.confirm : KEYS.edits}
      marks={shown.marks}
      message={message}
      onEnd={end}
      onInterrupt={onInterrupt}
    >
      {(height) =>
        confirms ? (
          <Confirm
            count={chosen.shown.size}
            onAnswer={(isYes) => {
              if (isYes) onDone(chosen.now());
              else setConfirms(false);
            }}
          />
        ) : (
          <EditList
            {...shown}
            chosen={chosen}
            height={height}
            onApply={() => {
              setMessage(chosen.now().size > 0 ? '' : 'nothing is picked: space picks');
              setConfirms(chosen.now().size > 0);
            }}
            onBack={end}
          />
        )
      }
    </Frame>
  );
}

function Confirm({
  count,
  onAnswer,
}: {
  readonly count: number;
  readonly onAnswer: (isYes: boolean) => void;
}) {
  useKeys((input, key) => {
    if (input === 'y') onAnswer(true);
    else if (input === 'n' || key.escape) onAnswer(false);
  });
  return (
    <Text>
      Write {count === 1 ? 'this edit' : `these ${count} edits`} to the Dockerfile? y: write, n:
      back
    </Text>
  );
}

interface ListProps extends Edits {
  readonly chosen: KeyState<ReadonlySet<string>>;
  readonly height: number;
  readonly onApply: () => void;
  readonly onBack: () => void;
}

export function EditList({ edits, worth, marks, chosen, height, ...heard }: ListProps) {
  const selected = useKeyState(0);
  const top = useKeyState(0);
  const [ref, room] = useMeasuredRows();
  useKeys((input, key) => {
    const by = rowStep(input, key);
    const page = key.pageDown || input === 'd' ? room : key.pageUp || input === 'u' ? -room : 0;
    const pointed = edits[selected.now()];
    if (by !== 0) {
      selected.set(moved(selected.now(), by, edits.length));
      top.set(0);
    } else if (page !== 0) {
      const places = Math.max(1, diffRows(pointed?.diff ?? '').length - room + 1);
      top.set(moved(top.now(), page, places));
    } else if (input === ' ' && pointed !== undefined) {
      const next = new Set(chosen.now());
      if (!next.delete(pointed.id)) next.add(pointed.id);
      chosen.set(next);
    } else if (input === 'a') {
      const isAll = chosen.now().size === edits.length;
      chosen.set(new Set(isAll ? [] : edits.map(({ id }) => id)));
    } else if (key.return) heard.onApply();
    else if (key.escape || key.leftArrow) heard.onBack();
  });
  const picked = chosen.shown;
  const gain = picked.size > 0 ? worth(picked) : undefined;
  const edit = edits[selected.shown];
  const listRows = Math.max(2, Math.min(edits.length, Math.floor(height / 3)));
  const { from, to } = windowOf(edits.length, selected.shown, listRows);
  return (
    <Box flexDirection="column" height={height}>
      <Line
        bold
        text={`Edits of the Dockerfile: ${picked.size} of ${edits.length} picked${gain === undefined ? '' : `, ${gain}`}`}
      />
      <Box flexDirection="column" flexShrink={0}>
        {edits.slice(from, to).map(({ id, title }, i) => {
          const isSelected = from + i === selected.shown;
          return (
            <Box key={id}>
              <Box flexShrink={0}>
                <Text bold={isSelected}>{isSelected ? `${marks.pointer} ` : '  '}</Text>
                <Text>{picked.has(id) ? marks.chosen : marks.open} </Text>
              </Box>
              <Line bold={isSelected} text={title} />
            </Box>
          );
        })}
      </Box>
      {edit !== undefined && <Reasons edit={edit} isLow={height < LOW} />}
      {/* The diff gets what is left of the screen. */}
      <Box ref={ref} flexDirection="column" flexGrow={1} flexBasis={0} overflow="hidden">
        {diffRows(edit?.diff ?? '')
          .slice(top.shown, top.shown + room)
          .map((row, i) => (
            <Line key={top.shown + i} text={row} {...colourOf(row)} />
          ))}
      </Box>
    </Box>
  );
}

/** A low screen cuts each text to one row, so that the diff gets some room. */
function Reasons({ edit, isLow }: { readonly edit: EditView; readonly isLow: boolean }) {
  const Shown = isLow ? Line : Paragraph;
  return (
    <Box flexDirection="column" marginTop={isLow ? 0 : 1} flexShrink={0}>
      {!isLow && <Shown text={`why:  ${edit.why}`} />}
      <Shown text={`risk: ${edit.risk}`} />
      <Line text={`gain: ${edit.gain ?? 'no point of its own'}`} color="green" />
    </Box>
  );
}

/** The rows of a diff, without the two that name its files. */
function diffRows(diff: string): readonly string[] {
  return diff
    .trimEnd()
    .split('\n')
    .filter((line) => !/^(?:---|\+\+\+) /.test(line));
}

function colourOf(row: string): { readonly color?: string; readonly dimColor?: boolean } {
  if (row.startsWith('+')) return { color: 'green' };
  if (row.startsWith('-')) return { color: 'red' };
  return row.startsWith('@@') ? { dimColor: true } : {};
}

/** A box's rows as last drawn: only the layout knows them, as texts wrap. */
function useMeasuredRows() {
  const ref = useRef<DOMElement>(null);
  const [rows, setRows] = useState(1);
  useEffect(() => {
    if (ref.current !== null) setRows(measureElement(ref.current).height);
  });
  return [ref, rows] as const;
}

/** Lets a person pick edits on a screen; none if there are none. Throws if stopped. */
export async function pickOnScreen(task: FixTask, io: CommandIo): Promise<AppliedFixes> {
  const edits = editViews(task);
  if (edits.length === 0) return applyWanted(task, () => false);
  const picked = await show(terminalOf(io), true, (done: (picked: ReadonlySet<string>) => void) => (
    <PickScreen
      edits={edits}
      worth={(ids) => {
        const gain = task.worth(ids);
        return gain && gainText({ ...gain, criteria: [] });
      }}
      marks={marksOf(isUtf8(io))}
      onDone={done}
      onInterrupt={interrupt}
    />
  ));
  io.signal.throwIfAborted();
  return applyWanted(task, ({ id }) => picked?.has(id) === true);
}

function editViews({ opened, around, isNamed, isWithinRisk }: FixTask): readonly EditView[] {
  const plan = planEdits(opened.files, around);
  if (!plan.ok) throw unreadable(opened, plan.error);
  const edits = plan.value.edits.filter((edit) => isNamed(edit) && isWithinRisk(edit));
  return edits.flatMap(({ gain, ...edit }) => {
    const after = applyEdit(opened.files, edit, around);
    if (!after.ok) return [];
    const diff = shownDiff(opened, opened.files, after.value);
    const risk = `${edit.risk}: ${edit.riskReason}`;
    return { ...edit, risk, diff, ...given({ gain: gain && gainText(gain) }) };
  });
}

/** `scoville build --review`: the same screen for the Dockerfile of a build. */
export async function pickAfterBuild(request: FixRequest, io: CommandIo): Promise<void> {
  const task = await withProgress(io, (context) => planFixes(context, request));
  const fixes = await pickOnScreen(task, io);
  const { files, applied, skipped, refusals } = fixes;
  const context = pipelineContext(io);
  const written = await writeFixFiles(context, task.opened, files);
  io.writeErr(refusalsText(wholeRefusals(task, refusals), task.opened.names.Dockerfile));
  tellWritten(task, fixes, written, io);
  if (applied.length === 0) io.writeErr(noEditText(skipped, refusals));
}
