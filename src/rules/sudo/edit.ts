import { posix } from 'node:path';
import type { SourceCommand, SourceWord } from '../../model/dockerfile-source.ts';
import { isRootUser } from '../../model/dockerfile.ts';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import type { TextEdit } from '../../model/planned-edit.ts';
import { NOTHING, proposal, refusedAt, together } from '../shared/edit/proposal.ts';
import { baseUnknown, type Placed, usersInImage } from '../shared/edit/stage-view.ts';

/** Options that mean nothing to root; behind others another user works, or a shell is asked for. */
const IDLE =
  /^(?:-[EHnSkA]+|-u(?:root|#?0)|--(?:preserve-env(?:=.*)?|set-home|non-interactive|stdin|reset-timestamp|user=(?:root|#?0)))$/;
const AS_USER = /^(?:-[EHnSkA]*u|--user)$/;

/** Index of the program that sudo starts as root; undefined if sudo does something else too. */
function startedBySudo(words: readonly SourceWord[], sudo: number): number | undefined {
  for (let at = sudo + 1; at < words.length; at += 1) {
    const { value } = words[at] ?? {};
    if (value === undefined) return undefined;
    if (value === '--') return at + 1;
    if (AS_USER.test(value) && /^(?:root|#?0)$/.test(words[at + 1]?.value ?? '')) at += 1;
    else if (!IDLE.test(value)) return value.startsWith('-') ? undefined : at;
  }
  return undefined;
}

/** What takes sudo out of a command; undefined where that changes more. */
function withoutSudo({ words }: SourceCommand): TextEdit | undefined {
  const at = words.findIndex(({ value = '' }) => posix.basename(value) === 'sudo');
  const sudo = words[at];
  const program = words[startedBySudo(words, at) ?? -1];
  if (sudo === undefined || program === undefined) return undefined;
  // Only a shell sets a variable that stands in front of a command.
  return program.text.includes('=') && at > 0
    ? undefined
    : { start: sudo.start, end: program.start, text: '' };
}

function inRun(one: Placed, user: string, unknown: string | undefined): FixPlan {
  const found = one.commands.filter(({ wrappers }) => wrappers.includes('sudo'));
  if (found.length === 0) return NOTHING;
  const refused = (reason: string): FixPlan => refusedAt(one, `sudo stays: ${reason}`);
  if (unknown !== undefined) return refused(unknown);
  if (!isRootUser(user))
    return refused(
      `the RUN is ${user}'s; USER root in front of it, and USER ${user} behind, would do`,
    );
  const edits = found.flatMap((command) => withoutSudo(command) ?? []);
  if (edits.length < found.length) return refused('it has options of its own');
  return {
    edits: [
      proposal(one, {
        key: 'root',
        title: 'Take sudo out of RUNs that are root already',
        why: 'The command already runs as root',
        risk: 'low',
        riskReason:
          'the commands run as root with and without it; sudo would have taken the variables of ENV away',
        edits,
      }),
    ],
    refusals: [],
  };
}

/** The RUNs of a stage; what its base is does not matter behind a USER. */
function ofStage(input: FixInput, stage: number): FixPlan {
  const users = usersInImage(input, stage);
  const unknown = baseUnknown(input, stage);
  let isSet = false;
  return together(
    [...users].map(([one, user]): FixPlan => {
      if (one.keyword === 'USER') isSet = true;
      return one.stage === stage ? inRun(one, user, isSet ? undefined : unknown) : NOTHING;
    }),
  );
}

/** sudo goes where a RUN is root already. */
export const sudo: FixRule = {
  id: 'sudo',
  title: 'Take sudo out of RUNs that are root already',
  help: 'Removes the word `sudo` in RUNs that run as root, with options that mean nothing there (`-E`, `-n`, `-u root`). Left alone: RUNs of other users, sudo with other options, and stages on a base whose user is not known.',
  breaks: [
    {
      what: 'a command runs as another user than before',
      shownBy: 'the RUN is root already, and sudo has no options but those that mean nothing there',
    },
    {
      what: 'a command sees variables that sudo took away',
      shownBy: 'they are those of the Dockerfile',
    },
  ],
  lint: 'sudo',
  needs: ['bases'],
  plan: (input) => together(input.model.reached.map((stage) => ofStage(input, stage))),
};
