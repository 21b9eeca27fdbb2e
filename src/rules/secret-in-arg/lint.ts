import { instructionsOf, type CheckedRule, secretNames } from '../shared/lint/rule.ts';

export const secretInArg: CheckedRule = {
  id: 'secret-in-arg',
  title: 'No secrets by build argument',
  level: 'warning',
  help:
    'An ARG of a stage whose name says that it contains a secret. The value given with ' +
    '`--build-arg` is stored in the image’s history and in its provenance. Public keys, ' +
    'fingerprints and switches with such names are recognized.',
  remedy: 'Mount it: RUN --mount=type=secret,id=token ...',
  bad: 'FROM node:22-slim\nARG NPM_TOKEN\nRUN npm ci\n',
  good: 'FROM node:22-slim\nRUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci\n',
  check: ({ stages }) =>
    secretNames(instructionsOf(stages, 'ARG')).map(({ range, word, reason }) => ({
      range,
      message: `${word} is ${reason}: history and provenance store build arguments`,
    })),
};
