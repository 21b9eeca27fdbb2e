import type { PackageInstall } from '../../model/build-analysis.ts';
import type { Instruction, Stage } from '../../model/dockerfile.ts';
import { managerNamed } from '../../programs/managers.ts';
import type { CheckedRule, RuleFinding } from '../shared/lint/rule.ts';

/** Sources that stand for the whole context. */
const WHOLE_CONTEXT = /^\.?\/?(?:\*|\.)?$/;

function copiesAll({ keyword, flags, arguments: words, heredocs }: Instruction): boolean {
  if ((keyword !== 'COPY' && keyword !== 'ADD') || heredocs.length > 0) return false;
  if (flags.some(({ name }) => name === 'from' || name === 'exclude')) return false;
  return words.slice(0, -1).some((source) => WHOLE_CONTEXT.test(source));
}

/** True where the install reads a manifest alone, and so could run before the rest is copied. */
function standsAlone({ manager, packages, lockFile, requirementsFile }: PackageInstall): boolean {
  if (managerNamed(manager)?.isOfSystem) return packages.length > 0;
  // Workspaces, `pip install .` and the like need the sources.
  return packages.length === 0 && (lockFile || requirementsFile !== undefined || manager === 'npm');
}

function within(install: PackageInstall, { range }: Instruction): boolean {
  return install.range.startLine >= range.startLine && install.range.endLine <= range.endLine;
}

function inStage(stage: Stage, installs: readonly PackageInstall[]): readonly RuleFinding[] {
  const seen = new Set<string>();
  let copy: Instruction | undefined;
  return stage.instructions.flatMap((instruction): readonly RuleFinding[] => {
    if (copiesAll(instruction)) copy ??= instruction;
    if (instruction.keyword !== 'RUN') return [];
    const cached = instruction.flags.some(({ value }) => value.includes('type=cache'));
    return installs
      .filter((install) => within(install, instruction))
      .flatMap((install) => {
        if (seen.has(install.manager)) return [];
        seen.add(install.manager);
        return copy === undefined || cached || !standsAlone(install)
          ? []
          : [finding(install, copy.range.startLine)];
      });
  });
}

function finding({ range }: PackageInstall, line: number): RuleFinding {
  const message = `runs again at every change of any file: line ${line} copies the whole context before it`;
  return { range, message };
}

export const copyBeforeInstall: CheckedRule = {
  id: 'copy-before-install',
  title: 'Dependencies installed before the sources are copied',
  level: 'info',
  help:
    'The first install of each package manager in a stage, where the whole context was copied before it: each changed file makes it run again. Installs ' +
    'that need the sources (`pip install .`) and those with a cache mount are left alone.',
  remedy: 'Copy the manifest and lock file, install, then copy the rest',
  bad: 'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci\n',
  good: 'FROM node:22-slim\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\nCOPY . .\n',
  check: ({ stages, analysis }) =>
    stages.flatMap((stage) =>
      inStage(
        stage,
        analysis.installs.filter((install) => install.stage === stage.index),
      ),
    ),
};
