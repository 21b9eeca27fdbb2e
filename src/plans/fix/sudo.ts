import type { SourceWord } from '../../model/dockerfile-source.ts';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { NOTHING, proposal, refusal, together } from './proposal.ts';
import { baseUnknown, inImage, isRootUser, usersInImage } from './stage-view.ts';

/** True for the word that goes. */
function isSudo(word: SourceWord | undefined): boolean {
  return /^(?:\/usr\/bin\/)?sudo$/.test(word?.value ?? '');
}

function plan(input: FixInput): FixPlan {
  const users = usersInImage(input);
  const unknown = baseUnknown(input);
  let isSet = false;
  return together(
    inImage(input).map((one): FixPlan => {
      if (one.keyword === 'USER') isSet = true;
      if (one.keyword !== 'RUN') return NOTHING;
      const found = one.commands.filter(({ words: [first] }) => isSudo(first));
      if (found.length === 0) return NOTHING;
      const user = users.get(one) ?? '';
      const refused = (reason: string): FixPlan => ({
        edits: [],
        refusals: [refusal(one, `sudo stays: ${reason}`)],
      });
      if (!isSet && unknown !== undefined) return refused(unknown);
      if (!isRootUser(user))
        return refused(
          `the RUN is ${user}'s; USER root in front of it, and USER ${user} behind, would do`,
        );
      const edits = found.flatMap(({ words: [first, second] }) =>
        first === undefined ||
        second === undefined ||
        second.text.startsWith('-') ||
        second.text.includes('=')
          ? []
          : [{ start: first.start, end: second.start, text: '' }],
      );
      if (edits.length < found.length) return refused('it has options of its own');
      return {
        edits: [
          proposal(one, {
            key: 'root',
            title: 'Take sudo out of RUNs that are root already',
            why: 'It does nothing there, and the image need not have it',
            risk: 'low',
            riskReason:
              'the commands run as root with and without it; sudo would have taken the variables of ENV away',
            edits,
          }),
        ],
        refusals: [],
      };
    }),
  );
}

/** sudo goes where a RUN is root already. */
export const sudo: FixRule = {
  id: 'sudo',
  title: 'Take sudo out of RUNs that are root already',
  help: 'Removes the word `sudo` in RUNs of the image’s stages that run as root. Left alone: RUNs of other users, sudo with options, and stages on a base whose user is not known.',
  breaks: [
    {
      what: 'a command runs as another user than before',
      shownBy: 'the RUN is root already, and sudo has no options of its own',
    },
    {
      what: 'a command sees variables that sudo took away',
      shownBy: 'they are those of the Dockerfile',
    },
  ],
  lint: 'sudo',
  needs: ['bases'],
  plan,
};
