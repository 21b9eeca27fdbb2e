import type { Instruction } from '../../model/dockerfile.ts';
import { managerNamed } from '../../programs/managers.ts';
import { instructionsOf, type CheckedRule, type RuleFinding } from '../shared/lint/rule.ts';
import { keptCaches } from './kept-caches.ts';

function keptFindings(run: Instruction, image: readonly Instruction[]): readonly RuleFinding[] {
  return keptCaches(run, image).flatMap(({ manager, commands: [first = 0] }) => {
    const range = run.commands[first]?.range;
    const message = managerNamed(manager)?.cache?.problem;
    return range === undefined || message === undefined ? [] : [{ range, message }];
  });
}

export const packageCacheKept: CheckedRule = {
  id: 'package-cache-kept',
  title: 'No package lists and caches in the image',
  level: 'info',
  help:
    'RUNs of the image’s own stages in which apt, apk, dnf, pip or npm leaves what it ' +
    'fetched. Caches make the image larger and change daily, so builds are not reproducible. ' +
    'A cache mount over the folder keeps them out too. Stages that only build are not ' +
    'checked.',
  remedy:
    'Remove it in the same RUN, mount a cache over it, or use apk add --no-cache and pip install --no-cache-dir',
  bad: 'FROM debian:trixie-slim\nRUN apt-get update && apt-get install -y curl\n',
  good: 'FROM debian:trixie-slim\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n',
  check: ({ finalStages }) => {
    const image = instructionsOf(finalStages, 'ENV');
    return instructionsOf(finalStages, 'RUN').flatMap((run) => keptFindings(run, image));
  },
};
