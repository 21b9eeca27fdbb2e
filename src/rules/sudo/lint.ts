import { fieldOf } from '../../dockerfile/script-commands.ts';
import { unwrap } from '../../dockerfile/shell/wrappers.ts';
import { instructionsOf, type CheckedRule } from '../shared/lint/rule.ts';

export const sudo: CheckedRule = {
  id: 'sudo',
  title: 'No sudo in the build',
  level: 'warning',
  help:
    'A command of a RUN that uses sudo. A build can change its user with USER. In the image, ' +
    'sudo is a setuid program that stays. With a rule that asks for no password, the ' +
    'unprivileged user is root in all but name.',
  remedy: 'Switch with USER root before these steps, and back behind them',
  bad: 'FROM debian:trixie-slim\nRUN sudo apt-get update\n',
  good: 'FROM debian:trixie-slim\nUSER root\nRUN mkdir /data\nUSER 65532\n',
  check: ({ stages }) =>
    instructionsOf(stages, 'RUN').flatMap(({ commands }) =>
      commands
        .filter(({ words }) => unwrap(words.map(fieldOf)).wrappers.includes('sudo'))
        .map(({ range, words }) => ({
          range: words.find(({ value = '' }) => /(?:^|\/)sudo$/.test(value))?.range ?? range,
          message: 'runs as root through sudo; use USER instead',
        })),
    ),
};
