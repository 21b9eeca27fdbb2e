import type { IgnoreComment } from '../../dockerfile/ignore-comments.ts';
import type { IgnoredFinding, LintFinding } from '../../model/lint.ts';
import { LINT_RULES } from '../../rules/lints.ts';
import { IGNORE_COMMENT } from '../../rules/shared/lint/file-rules.ts';

interface Sorted {
  readonly findings: readonly LintFinding[];
  readonly ignored: readonly IgnoredFinding[];
}

function finding(comment: IgnoreComment, message: string): LintFinding {
  const { id, level, remedy } = IGNORE_COMMENT;
  return { rule: id, severity: level, range: comment.range, message, remedy };
}

function isUnder({ lines }: IgnoreComment, { range }: LintFinding): boolean {
  return lines === undefined || (range.startLine >= lines.first && range.startLine <= lines.last);
}

/** What is wrong with a comment itself. */
function formOf(comment: IgnoreComment): readonly LintFinding[] {
  const { ids, reason } = comment;
  if (ids.length === 0)
    return [finding(comment, 'it does not name a rule: # scoville: ignore=ID reason')];
  const rules = new Set(LINT_RULES.map(({ id }) => id));
  const strange = ids.filter((id) => !rules.has(id) || id === IGNORE_COMMENT.id);
  return [
    ...(reason === ''
      ? [finding(comment, 'it does not give a reason, so it takes nothing back')]
      : []),
    ...strange.map((id) => finding(comment, `${id} is not a rule that can be ignored`)),
  ];
}

/**
 * Takes back what comments with a reason ignore, and tells of comments that do not do what they seem to. `mayBeUnused` says
 * where a comment without effect is one: not in stages that were not checked.
 */
export function takeBack(
  findings: readonly LintFinding[],
  comments: readonly IgnoreComment[],
  mayBeUnused: (comment: IgnoreComment) => boolean,
): Sorted {
  const used = new Set<string>();
  const ignored: IgnoredFinding[] = [];
  const left = findings.filter((finding) => {
    const comment = comments.find(
      (one) => one.reason !== '' && one.ids.includes(finding.rule) && isUnder(one, finding),
    );
    if (comment === undefined) return true;
    used.add(`${comment.range.startLine} ${finding.rule}`);
    ignored.push({ ...finding, reason: comment.reason });
    return false;
  });
  const rules = new Set(LINT_RULES.map(({ id }) => id));
  const unused = comments
    .filter((one) => one.reason !== '' && mayBeUnused(one))
    .flatMap((comment) =>
      [...new Set(comment.ids)]
        .filter((id) => rules.has(id) && id !== IGNORE_COMMENT.id)
        .filter((id) => !used.has(`${comment.range.startLine} ${id}`))
        .map((id) => finding(comment, `${id} finds nothing here: the comment is not needed`)),
    );
  return { findings: [...left, ...comments.flatMap(formOf), ...unused], ignored };
}
