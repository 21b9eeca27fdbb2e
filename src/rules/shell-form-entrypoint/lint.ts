import { execStrings, type Instruction } from '../../model/dockerfile.ts';
import { instructionsOf, type CheckedRule, type RuleFinding } from '../shared/lint/rule.ts';

/** `exec` in shell form: it needs a shell, but the program gets signals, so it is deliberate. */
const HANDS_OVER = /^exec\s/;

function shellForm({ keyword, range, rawArguments }: Instruction): readonly RuleFinding[] {
  if (rawArguments === '' || execStrings(rawArguments) !== undefined) return [];
  if (HANDS_OVER.test(rawArguments)) return [];
  const message = rawArguments.startsWith('[')
    ? `${keyword} is not a JSON array of strings (double quotes), so a shell runs it as it is`
    : `${keyword} in shell form: the program is not process 1, gets no signals, and the image needs a shell`;
  return [{ range, message }];
}

export const shellFormEntrypoint: CheckedRule = {
  id: 'shell-form-entrypoint',
  title: 'Entry points in exec form',
  level: 'warning',
  help:
    'The last ENTRYPOINT and CMD of the built stage. In shell form `sh -c` is process 1: ' +
    '`docker stop` waits ten seconds and kills, and the image cannot do without a shell. A ' +
    'stage that sets SHELL does it on purpose, and so does `exec program`: neither is ' +
    'reported.',
  remedy: 'Write a JSON array: CMD ["node", "server.js"]',
  bad: 'FROM alpine:3.22\nCMD node server.js\n',
  good: 'FROM alpine:3.22\nCMD ["node", "server.js"]\n',
  check: ({ finalStages }) => {
    if (instructionsOf(finalStages, 'SHELL').length > 0) return [];
    return ['ENTRYPOINT', 'CMD'].flatMap((keyword) => {
      const last = instructionsOf(finalStages, keyword).at(-1);
      return last === undefined ? [] : shellForm(last);
    });
  },
};
