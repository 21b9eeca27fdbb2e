import { criterionRule, instructionsOf, secretNames } from '../shared/lint/rule.ts';
import { secretsByFile } from './verdict.ts';

export const secretsByFileRule = criterionRule(secretsByFile, {
  bad: 'FROM alpine:3.22\nENV DB_PASSWORD=\n',
  good: 'FROM alpine:3.22\nENV DB_PASSWORD_FILE=/run/secrets/db-password\n',
  check: ({ finalStages }) =>
    secretNames(instructionsOf(finalStages, 'ENV')).map(({ range, word, reason }) => ({
      range,
      message: `${word} in the environment is ${reason}`,
    })),
});
