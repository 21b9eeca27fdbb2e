import { applyWanted, unreadable } from '../../pipeline/fix/apply-fixes.ts';
import { type AppliedFixes, applyEdit, planEdits } from '../../pipeline/fix/compose-fixes.ts';
import { writeFixFiles } from '../../pipeline/fix/fix-files.ts';
import { type FixRequest, type FixTask, planFixes } from '../../pipeline/fix/plan-fixes.ts';
import { gainText, refusalsText } from '../../reporters/fix/fix-text.ts';
import { marksOf } from '../../ui/marks.ts';
import { type EditView, pickElement } from '../../ui/pick-screen.tsx';
import { show } from '../../ui/whole-screen.ts';
import { pipelineContext } from '../context.ts';
import { withProgress } from '../conversation.ts';
import { interrupt, terminalOf } from '../interactivity.ts';
import type { CommandIo } from '../io.ts';
import { isUtf8 } from '../reports.ts';
import { shownDiff, tellWritten } from './fix-shown.ts';

/** Lets a person pick edits on a screen; none if there are none. Throws if stopped. */
export async function pickOnScreen(task: FixTask, io: CommandIo): Promise<AppliedFixes> {
  const edits = editViews(task);
  if (edits.length === 0) return applyWanted(task, () => false);
  const picked = await show(terminalOf(io), true, (done: (picked: ReadonlySet<string>) => void) =>
    pickElement({
      edits,
      worth: (ids) => {
        const gain = task.worth(ids);
        return gain === undefined ? undefined : gainText({ ...gain, criteria: [] });
      },
      marks: marksOf(isUtf8(io)),
      onDone: done,
      onInterrupt: interrupt,
    }),
  );
  io.signal.throwIfAborted();
  return applyWanted(task, ({ id }) => picked?.has(id) === true);
}

/** The edits of a task that can be picked, each with its own diff. */
function editViews({ opened, around, isNamed, isWithinRisk }: FixTask): readonly EditView[] {
  const plan = planEdits(opened.files, around);
  if (!plan.ok) throw unreadable(opened, plan.error);
  const edits = plan.value.edits.filter((edit) => isNamed(edit) && isWithinRisk(edit));
  return edits.flatMap((edit) => {
    const after = applyEdit(opened.files, edit, around);
    if (!after.ok) return [];
    const { id, title, why, risk, riskReason, gain } = edit;
    return {
      id,
      title,
      why,
      risk: `${risk}: ${riskReason}`,
      diff: shownDiff(opened, opened.files, after.value),
      ...(gain === undefined ? {} : { gain: gainText(gain) }),
    };
  });
}

/** `scoville build --review`: the same screen for the Dockerfile of a build. */
export async function pickAfterBuild(request: FixRequest, io: CommandIo): Promise<void> {
  const task = await withProgress(io, (context) => planFixes(context, request));
  const { files, applied, skipped, refusals } = await pickOnScreen(task, io);
  const context = pipelineContext(io, () => undefined);
  const written = await writeFixFiles(context, task.opened, files);
  io.writeErr(refusalsText(refusals, task.opened.names.Dockerfile));
  tellWritten(task, written, io);
  if (applied.length === 0)
    io.writeErr(skipped.length > 0 ? 'nothing was applied\n' : 'nothing to fix\n');
}
