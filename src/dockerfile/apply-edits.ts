import type { TextEdit } from '../model/planned-edit.ts';
import { err, ok, type Result } from '../model/result.ts';

/**
 * The text with its edits applied; every character outside of their stretches stays as it is. An
 * error where two of them overlap, add at the same place, or leave the text.
 */
export function applyEdits(text: string, edits: readonly TextEdit[]): Result<string> {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  let done = '';
  let at = 0;
  let previous: TextEdit | undefined;
  for (const edit of sorted) {
    if (edit.start < 0 || edit.end < edit.start || edit.end > text.length)
      return err(`an edit at ${edit.start} to ${edit.end} leaves the text`);
    if (edit.start < at || edit.start === previous?.start)
      return err(`two edits meet at ${edit.start}`);
    done += text.slice(at, edit.start) + edit.text;
    at = edit.end;
    previous = edit;
  }
  return ok(done + text.slice(at));
}
