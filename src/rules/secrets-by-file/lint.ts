import { instructionsOf, type RuleCheck, secretNames } from '../shared/lint/rule.ts';

/** Variables of the image whose names say that they hold a secret, with or without a value. */
export const secretsByFileCheck: RuleCheck = ({ finalStages, knowledge }) =>
  secretNames(instructionsOf(finalStages, 'ENV'), knowledge).map(({ range, word, reason }) => ({
    range,
    message: `${word} in the environment is ${reason}`,
    word,
  }));
