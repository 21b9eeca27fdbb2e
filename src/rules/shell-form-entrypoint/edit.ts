import { execStrings } from '../../model/dockerfile.ts';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import type { ProposedEdit } from '../../model/planned-edit.ts';
import { bareCheck, execWords } from '../shared/edit/exec-words.ts';
import { constantRisk, imageVariables } from '../shared/edit/image-variables.ts';
import {
  type Doubt,
  NOTHING,
  proposal,
  refusedAt,
  riskOf,
  together,
} from '../shared/edit/proposal.ts';
import { hasInnerComment, inImage, lastInImage } from '../shared/edit/stage-view.ts';
import { execDoubts } from './exec-doubts.ts';

/** Offset in an instruction's text at which the command begins; undefined where there is none. */
function commandAt(keyword: string, text: string, argumentsAt: number): number | undefined {
  if (keyword !== 'HEALTHCHECK') return argumentsAt;
  const cmd = /^CMD\s+/i.exec(text.slice(argumentsAt));
  return cmd === null ? undefined : argumentsAt + cmd[0].length;
}

/** The words stay the same but for constants that stand for variables. */
function risk(
  keyword: string,
  put: ReadonlyMap<string, string>,
  doubts: readonly Doubt[],
): Pick<ProposedEdit, 'risk' | 'riskReason'> {
  const constant = constantRisk(put);
  return riskOf(
    {
      risk: 'low',
      reason:
        keyword === 'ENTRYPOINT'
          ? 'the program gets the same words, and those that are given when a container starts, which the shell form leaves out'
          : 'same arguments, without a shell in between',
    },
    [
      ...(constant === undefined ? [] : [{ risk: constant.risk, reason: constant.riskReason }]),
      ...doubts,
    ],
  );
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
  const { valueOf, put } = imageVariables(input);
  const found = execWords(said, valueOf);
  if (!found.ok) return refused(found.reason);
  const { obstacle, doubts } = execDoubts(input, last, found.words);
  if (obstacle !== undefined) return refused(obstacle);
  const array = `[${found.words.map((word) => JSON.stringify(word)).join(', ')}]`;
  return {
    edits: [
      proposal(last, {
        key: keyword.toLowerCase(),
        title: `Write ${keyword} as ${array.length > 60 ? 'a JSON array' : array}`,
        why:
          keyword === 'HEALTHCHECK'
            ? 'The shell form needs a shell in the image'
            : 'In shell form sh is process 1: the program gets no signals, and the image cannot do without a shell',
        ...risk(keyword, put, doubts),
        edits: [{ ...last.place(at, at + command.length), text: array }],
      }),
    ],
    refusals: [],
  };
}

/** Entry points and health checks as JSON arrays. */
export const execForm: FixRule = {
  id: 'exec-form',
  title: 'Write entry points and health checks in exec form',
  help:
    'Writes the last `ENTRYPOINT`, `CMD` and `HEALTHCHECK` as JSON arrays, where a shell ' +
    'would pass the words on unchanged. `exec program` loses its `exec`. A variable that an ' +
    '`ENV` sets to a constant is written as that constant. A value set when a container ' +
    'starts then no longer counts: the risk is high, or medium if all of them are paths. ' +
    'Other variables, pipes, `&&`, redirections, patterns and builtins need a shell. They ' +
    'are left alone, with the reason. The `|| exit 1` of a health check is removed. An ' +
    '`ENTRYPOINT` beside a `CMD` is left alone, since it would get the CMD as arguments. A ' +
    'stage that sets `SHELL` does it on purpose.',
  breaks: [
    {
      what: 'a script without a #! line no longer starts',
      shownBy:
        'the file has such a line, is the output of a compiler, or is a program by its bare name',
    },
    {
      what: 'an entry point that reads its arguments does something else with the program instead of /bin/sh',
      shownBy: 'there is none, or it is known to start whatever it is given',
    },
    {
      what: 'a value that is given when a container starts no longer counts',
      shownBy: 'the command contains no variable',
    },
  ],
  criterion: 'no-shell',
  lint: 'shell-form-entrypoint',
  needs: ['bases'],
  plan: (input) =>
    inImage(input).some(({ keyword }) => keyword === 'SHELL')
      ? NOTHING
      : together(['ENTRYPOINT', 'CMD', 'HEALTHCHECK'].map((keyword) => judge(input, keyword))),
};
