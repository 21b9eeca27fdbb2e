import type { LineError } from '../../dockerfile/logical-lines.ts';
import { UserError } from '../../model/errors.ts';
import type { PlannedEdit } from '../../model/planned-edit.ts';
import { type AppliedFixes, applyDecided } from './compose-fixes.ts';
import type { OpenedFiles } from './fix-files.ts';
import type { FixTask } from './plan-fixes.ts';

/** Applies the edits of a task that `decide` chooses. Throws UserError if not a Dockerfile. */
export async function applyFixes(
  { opened, around }: FixTask,
  decide: Parameters<typeof applyDecided>[2],
): Promise<AppliedFixes> {
  const done = await applyDecided(opened.files, around, decide);
  if (done.ok) return done.value;
  throw unreadable(opened, done.error);
}

/** Applies the edits that are wanted, and no others. Throws as `applyFixes` does. */
export function applyWanted(
  task: FixTask,
  isWanted: (edit: PlannedEdit) => boolean,
): Promise<AppliedFixes> {
  return applyFixes(task, (edit) => (isWanted(edit) ? 'apply' : 'skip'));
}

/** A Dockerfile that cannot be read, as an error for the user. */
export function unreadable({ names }: OpenedFiles, { line, message }: LineError): UserError {
  return new UserError(`${names.Dockerfile}, line ${line}: ${message}`);
}
