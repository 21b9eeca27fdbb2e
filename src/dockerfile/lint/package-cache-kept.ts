import type { Instruction } from '../../model/dockerfile.ts';
import { instructionsOf, isMounted, mentions, type OwnRule, type RuleFinding } from './rule.ts';
import { type RunProgram, runPrograms } from './run-programs.ts';

interface KeptCache {
  readonly leaves: (command: RunProgram) => boolean;
  readonly cleaned: RegExp;
  readonly folder: RegExp;
  readonly message: string;
}

const CACHES: readonly KeptCache[] = [
  {
    leaves: ({ program, words }) =>
      ['apt-get', 'apt', 'aptitude'].includes(program) && words.includes('update'),
    cleaned: /\/var\/lib\/apt(?:\/lists|\/\*|[\s;]|$)|\bapt(?:-get)?\s+dist-?clean\b/,
    folder: /^\/var(?:\/lib(?:\/apt(?:\/lists)?)?)?$/,
    message: 'the package lists that apt-get update fetched stay in the layer',
  },
  {
    leaves: ({ program, words }) =>
      program === 'apk' &&
      words.includes('add') &&
      !words.some((word) => word === '--no-cache' || word === '--no-network'),
    cleaned: /\/var\/cache\/apk|\bapk\s+(?:-\S+\s+)*cache\s+clean\b/,
    folder: /^\/(?:var(?:\/cache(?:\/apk)?)?|etc\/apk\/cache)$/,
    message: 'apk add without --no-cache leaves its index in the layer',
  },
  {
    leaves: ({ program, words }) =>
      ['dnf', 'yum', 'microdnf'].includes(program) && words.includes('install'),
    cleaned: /\bclean\s+all\b|\/var\/cache\b/,
    folder: /^\/var(?:\/cache(?:\/(?:dnf|yum|libdnf5))?)?$/,
    message: 'the metadata that was fetched stays in the layer',
  },
];

function judge(run: Instruction): readonly RuleFinding[] {
  const programs = runPrograms(run);
  return CACHES.flatMap(({ leaves, cleaned, folder, message }) => {
    const at = programs.findIndex(leaves);
    const range = run.commands[at]?.range;
    if (range === undefined || mentions(run, cleaned) || isMounted(run, folder)) return [];
    return [{ range, message }];
  });
}

export const packageCacheKept: OwnRule = {
  id: 'package-cache-kept',
  title: 'No package lists in the image',
  level: 'info',
  help:
    'RUNs of the stages that the image is made of, in which apt, apk or dnf leaves what it fetched about packages. It is dead weight, and it differs from day ' +
    'to day, so that two builds are not alike. A cache mount over the folder keeps it out too; stages that only build are not looked at.',
  remedy: 'Remove it in the same RUN, mount a cache over it, or use apk add --no-cache',
  bad: 'FROM debian:trixie-slim\nRUN apt-get update && apt-get install -y curl\n',
  good: 'FROM debian:trixie-slim\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n',
  check: ({ finalStages }) => instructionsOf(finalStages, 'RUN').flatMap(judge),
};
