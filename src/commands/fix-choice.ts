import { UserError } from '../model/errors.ts';
import type { PlannedEdit } from '../model/planned-edit.ts';
import { applyEdit, planEdits, type SettledFixes, settleEdits } from '../pipeline/compose-fixes.ts';
import type { FixTask } from '../pipeline/plan-fixes.ts';
import type { EditView } from '../ui/review-model.ts';
import { diffOf } from './fix-diff.ts';
import { editView } from './review-card.ts';

/** The edits of a task that can be picked, each with its own diff. */
export function editChoices(task: FixTask): readonly EditView[] {
  const plan = planEdits(task.opened.files, task.around);
  if (!plan.ok) throw unreadable(task, plan.error);
  const edits = plan.value.edits.filter((edit) => task.isNamed(edit) && task.isWithinRisk(edit));
  return edits.flatMap((edit) => {
    const after = applyEdit(task.opened.files, edit, task.around);
    if (!after.ok) return [];
    const diff = diffOf(task.opened, task.opened.files, after.value, false);
    return [editView(edit, diff)];
  });
}

/** The files with the picked edits applied, one after the other. */
export async function settlePicked(
  task: FixTask,
  picked: ReadonlySet<string>,
): Promise<SettledFixes> {
  const settled = await settleEdits(task.opened.files, task.around, ({ id }: PlannedEdit) =>
    picked.has(id) ? 'apply' : 'skip',
  );
  if (!settled.ok) throw unreadable(task, settled.error);
  return settled.value;
}

function unreadable(
  { opened }: FixTask,
  { line, message }: { readonly line: number; readonly message: string },
): UserError {
  return new UserError(`${opened.names.Dockerfile}, line ${line}: ${message}`);
}
