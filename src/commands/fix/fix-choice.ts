import { unreadable } from '../../pipeline/fix/apply-fixes.ts';
import { applyEdit, planEdits } from '../../pipeline/fix/compose-fixes.ts';
import type { FixTask } from '../../pipeline/fix/plan-fixes.ts';
import { gainText } from '../../reporters/fix/fix-text.ts';
import type { EditView } from '../../ui/review-model.ts';
import { shownDiff } from './fix-diff.ts';
import { editView } from './review-card.ts';

/** What edits are worth together, as the screen shows it. */
export function worthText(task: FixTask, ids: ReadonlySet<string>): string | undefined {
  const gain = task.worth(ids);
  return gain === undefined ? undefined : gainText({ ...gain, criteria: [] });
}

/** The edits of a task that can be picked, each with its own diff. */
export function editChoices(task: FixTask): readonly EditView[] {
  const plan = planEdits(task.opened.files, task.around);
  if (!plan.ok) throw unreadable(task.opened, plan.error);
  const edits = plan.value.edits.filter((edit) => task.isNamed(edit) && task.isWithinRisk(edit));
  return edits.flatMap((edit) => {
    const after = applyEdit(task.opened.files, edit, task.around);
    if (!after.ok) return [];
    const diff = shownDiff(task.opened, task.opened.files, after.value);
    return [editView(edit, diff)];
  });
}
