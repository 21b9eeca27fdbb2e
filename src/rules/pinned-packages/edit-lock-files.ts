import type { PackageInstall } from '../../model/build-analysis.ts';
import type { SourceWord } from '../../model/dockerfile-source.ts';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { managerNamed } from '../../programs/managers.ts';
import { commandAt } from '../shared/edit/command-at.ts';
import { fitsPattern } from '../shared/edit/program/writes.ts';
import { NOTHING, proposal, refusedAt, riskOf, together } from '../shared/edit/proposal.ts';
import { wordBehind } from '../shared/edit/run-text.ts';
import { lockDoubts } from './lock-doubts.ts';

function held(install: PackageInstall, input: FixInput): FixPlan {
  const { lockFile, looseLock, packages } = install;
  if (lockFile || looseLock !== undefined || packages.length > 0) return NOTHING;
  const { context } = input.facts;
  const lock = managerNamed(install.manager)?.lock;
  const file = lock?.files.at(-1);
  if (lock === undefined || file === undefined || context === undefined) return NOTHING;
  const { madeBy, verb, other, flagWith } = lock;
  const isOther = flagWith !== undefined && context.includes(flagWith.file);
  const flag = isOther ? flagWith.flag : (lock.flag ?? '');
  const at = { line: install.range.startLine };
  const refused = (reason: string, settle?: string): FixPlan =>
    refusedAt(at, `${install.command}: ${reason}`, settle);
  if (!context.includes(file))
    return refused(`${file} is not in the context; make it and commit it`, madeBy);
  const isCopied = input.source.instructions.some(
    ({ keyword, line, instruction }) =>
      (keyword === 'COPY' || keyword === 'ADD') &&
      line < at.line &&
      instruction?.arguments.slice(0, -1).some((path) => copies(path, file)) === true,
  );
  if (!isCopied) return refused(`${file} is not copied before it`);
  // `yarn` alone installs.
  const wordIn = (words: readonly SourceWord[]): SourceWord | undefined =>
    words.findLast(({ value }) => value !== undefined && verb.test(value));
  const found = commandAt(
    input,
    install.stage,
    install.range,
    (words) => wordIn(words) !== undefined,
  );
  const word = found && wordIn(found.command.words);
  if (found === undefined || word === undefined)
    return refused('its words have no place of their own');
  return {
    edits: [
      proposal(found.run, {
        key: install.manager,
        title: `Install from ${file} with ${install.manager}`,
        why: `It can install newer versions than ${file} lists`,
        ...riskOf(
          { risk: 'low', reason: `${file} has every dependency of package.json` },
          lockDoubts(input, file, found),
        ),
        edits: [
          other === undefined
            ? wordBehind(found, word, flag)
            : {
                start: word.start,
                end: word.end,
                text: word.text.replace(word.value ?? '', other),
              },
        ],
      }),
    ],
    refusals: [],
  };
}

/** True where a source of COPY brings a file at the top of the context. */
function copies(path: string, file: string): boolean {
  const bare = path.replace(/^\.?\//, '').replace(/\/$/, '');
  return bare === '' || bare === '.' || bare === file || fitsPattern(bare, file);
}

/** Package managers hold to the lock file that is there. */
export const lockFiles: FixRule = {
  id: 'lock-files',
  title: 'Install from the lock file',
  help:
    'Where the context has the lock file and the Dockerfile copies it first, installs use ' +
    'it. `npm install` becomes `npm ci`, `yarn` gets `--frozen-lockfile` (`--immutable` with ' +
    'a `.yarnrc.yml`), `pnpm install` gets `--frozen-lockfile`, and `cargo` gets `--locked`. ' +
    'Installs that name packages are left to `pin-packages`.',
  breaks: [
    {
      what: 'the build fails, since the lock file is out of date, or is that of another folder',
      shownBy:
        'the lock file has each dependency of package.json as that one asks for it, and both lie in the folder that the command runs in',
    },
  ],
  criterion: 'pinned-packages',
  needs: ['context'],
  plan: (input) => together(input.analysis.installs.map((install) => held(install, input))),
};
