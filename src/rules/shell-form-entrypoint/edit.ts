import { execStrings } from '../../model/dockerfile.ts';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { bareCheck, execWords } from '../shared/edit/exec-words.ts';
import { NOTHING, proposed, refusedAt, riskOf, together } from '../shared/edit/proposal.ts';
import { hasInnerComment, inImage, lastInImage } from '../shared/edit/stage-view.ts';
import { execDoubts } from './exec-doubts.ts';

/** Offset in an instruction's text at which the command begins; undefined where there is none. */
function commandAt(keyword: string, text: string, argumentsAt: number): number | undefined {
  if (keyword !== 'HEALTHCHECK') return argumentsAt;
  const cmd = /^CMD\s+/i.exec(text.slice(argumentsAt));
  return cmd === null ? undefined : argumentsAt + cmd[0].length;
}

function judge(input: FixInput, keyword: string): FixPlan {
  const last = lastInImage(input, keyword);
  if (last === undefined) return NOTHING;
  const { text, argumentsAt } = last;
  const at = commandAt(keyword, text, argumentsAt);
  const command = at === undefined ? '' : text.slice(at).trim();
  if (at === undefined || command === '' || execStrings(command) !== undefined) return NOTHING;
  const refused = (reason: string): FixPlan =>
    refusedAt(last, `${keyword} stays in shell form: ${reason}`);
  if (/^\[\s*["']/.test(command))
    return refused('it looks like a JSON array and is none, as strings need double quotes');
  if (keyword === 'ENTRYPOINT' && lastInImage(input, 'CMD') !== undefined)
    return refused('in exec form it would get CMD as arguments, which the shell form ignores');
  if (hasInnerComment(input, last)) return refused('comments stand between its lines');
  const said = keyword === 'HEALTHCHECK' ? bareCheck(command) : command;
  const found = execWords(said);
  if (!found.ok) return refused(found.error);
  const { obstacle, doubts } = execDoubts(input, last, found.value);
  if (obstacle !== undefined) return refused(obstacle);
  const array = `[${found.value.map((word) => JSON.stringify(word)).join(', ')}]`;
  return proposed(last, {
    key: keyword.toLowerCase(),
    title: `Write ${keyword} as ${array.length > 60 ? 'a JSON array' : array}`,
    why:
      keyword === 'HEALTHCHECK'
        ? 'The shell form needs a shell in the image'
        : 'In shell form sh is process 1: the program gets no signals, and the image cannot do without a shell',
    ...riskOf(
      {
        risk: 'low',
        reason:
          keyword === 'ENTRYPOINT'
            ? 'the program gets the same words, and those that are given when a container starts, which the shell form leaves out'
            : 'same arguments, without a shell in between',
      },
      doubts,
    ),
    edits: [{ ...last.place(at, at + command.length), text: array }],
  });
}

export const execForm: FixRule = {
  id: 'exec-form',
  criterion: 'no-shell',
  lint: 'shell-form-entrypoint',
  needs: ['bases'],
  plan: (input) =>
    inImage(input).some(({ keyword }) => keyword === 'SHELL')
      ? NOTHING
      : together(['ENTRYPOINT', 'CMD', 'HEALTHCHECK'].map((keyword) => judge(input, keyword))),
};
