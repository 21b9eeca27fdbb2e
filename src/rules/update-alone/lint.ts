import { type RunProgram, runPrograms } from '../../dockerfile/run-programs.ts';
import type { Instruction } from '../../model/dockerfile.ts';
import { managerOf } from '../../programs/managers.ts';
import { isMounted } from '../package-cache-kept/kept-caches.ts';
import { instructionsOf, type CheckedRule, type RuleFinding } from '../shared/lint/rule.ts';

/** Whatever else runs may install by itself, or use the lists. */
const IDLE_PROGRAMS = new Set(['set', 'echo', 'true', ':', 'export', 'cd', 'sleep', 'date']);

function updates({ program, words }: RunProgram): boolean {
  const [verb] = words.filter((word) => !word.startsWith('-'));
  return verb !== undefined && verb === managerOf(program)?.refresh;
}

function judge(run: Instruction): readonly RuleFinding[] {
  const programs = runPrograms(run);
  const range = run.commands[programs.find(updates)?.at ?? -1]?.range;
  if (range === undefined || isMounted(run, /^\/var\//)) return [];
  return programs.every((one) => updates(one) || IDLE_PROGRAMS.has(one.program))
    ? [
        {
          range,
          message: 'its layer is cached: later installs use these lists however old they are',
        },
      ]
    : [];
}

export const updateAlone: CheckedRule = {
  id: 'update-alone',
  title: 'Package lists updated where they are used',
  level: 'warning',
  help:
    'A RUN that only updates package lists. It is cached for as long as nothing above it changes, so that a later `apt-get install` looks for versions which the ' +
    'archive no longer has, or gets old ones.',
  remedy: 'Update and install in the same RUN',
  bad: 'FROM debian:trixie-slim\nRUN apt-get update\nRUN apt-get install -y curl\n',
  good: 'FROM debian:trixie-slim\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n',
  check: ({ stages }) => instructionsOf(stages, 'RUN').flatMap(judge),
};
