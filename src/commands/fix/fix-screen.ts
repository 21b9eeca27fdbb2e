import { applyWanted } from '../../pipeline/fix/apply-fixes.ts';
import type { AppliedFixes } from '../../pipeline/fix/compose-fixes.ts';
import type { FixTask } from '../../pipeline/fix/plan-fixes.ts';
import { marksOf } from '../../ui/marks.ts';
import { pickElement } from '../../ui/pick-screen.tsx';
import { show } from '../../ui/whole-screen.ts';
import { interrupt, terminalOf } from '../interactivity.ts';
import type { CommandIo } from '../io.ts';
import { isUtf8 } from '../reports.ts';
import { editChoices, worthText } from './fix-choice.ts';

/** Lets a person pick edits on a screen; none if there are none. Throws if stopped. */
export async function pickOnScreen(task: FixTask, io: CommandIo): Promise<AppliedFixes> {
  const edits = editChoices(task);
  if (edits.length === 0) return applyWanted(task, () => false);
  const picked = await show(terminalOf(io), true, (done: (picked: ReadonlySet<string>) => void) =>
    pickElement({
      edits,
      worth: (ids) => worthText(task, ids),
      marks: marksOf(isUtf8(io)),
      onDone: done,
      onInterrupt: interrupt,
    }),
  );
  io.signal.throwIfAborted();
  return applyWanted(task, ({ id }) => picked?.has(id) === true);
}
