import { OWN } from '../build/flags.ts';
import {
  choice,
  type CommandSpec,
  type FlagValues,
  reports,
  standard,
  text,
} from '../cli/flag-table.ts';
import { BUILD_ARG, JSON_FLAG } from '../cli/flags.ts';
import { LINT_LEVELS } from '../model/fix.ts';

export const LINT = {
  name: 'lint',
  usage: ['lint [flags] [DOCKERFILE|FOLDER|BAKEFILE|COMPOSEFILE|-]...'],
  about: `
Checks Dockerfiles for problems, without building. A FOLDER means the Dockerfiles in it: Dockerfile,
Dockerfile.NAME, NAME.Dockerfile, and the same of Containerfile; - is stdin. A BAKEFILE or
COMPOSEFILE means what its targets build, with their arguments. Without an argument: this folder.`,
  examples: [
    ['scoville lint', 'the Dockerfiles of this folder'],
    ['scoville lint app/Dockerfile', 'one file'],
    ['scoville lint --fail-on error', 'exit 1 only for errors'],
    ['scoville lint --report sarif=lint.sarif', 'a file for code scanning'],
  ],
  exits: [
    ['0', 'no finding from --fail-on up'],
    ['1', 'such a finding'],
    ['2', 'a file cannot be read or is not a Dockerfile'],
    ['130', 'canceled'],
  ],
  flags: {
    'build-arg': BUILD_ARG,
    target: text('STAGE', 'Judge this stage and what it needs', { standard: 'the last' }),
    'fail-on': standard(
      choice(LINT_LEVELS, 'LEVEL', 'Exit 1 where there is a finding of this weight or more'),
      'warning',
    ),
    report: reports(['terminal', 'json', 'sarif', 'code-quality']),
    json: JSON_FLAG,
    config: OWN.config,
  },
  end: `
A comment takes findings back, for the instruction below it, or for the file where it is the first line:
  # scoville: ignore=ID[,ID] REASON

Every rule: docs/lint.md`,
} satisfies CommandSpec;

export type LintFlags = FlagValues<typeof LINT.flags>;
