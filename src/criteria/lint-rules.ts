import { type RunProgram, runPrograms } from '../dockerfile/run-script.ts';
import type { PackageInstall } from '../model/build-analysis.ts';
import type { DockerfileModel, Instruction, SourceRange, Stage } from '../model/dockerfile.ts';
import { managerNamed, managerOf } from '../programs/managers.ts';
import { type CheckedRule, instructionsOf, type RuleFinding } from './lint-rule.ts';
import { isMounted } from './package-caches.ts';

/** Sources that mean the whole context. */
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

/** The first install of each manager in a stage, if it runs after a copy of the whole context. */
function lateInstalls(stage: Stage, installs: readonly PackageInstall[]): readonly RuleFinding[] {
  const seen = new Set<string>();
  const copy = stage.instructions.find(copiesAll);
  return stage.instructions.flatMap(({ keyword, flags, range }): readonly RuleFinding[] => {
    if (keyword !== 'RUN') return [];
    const isCached = flags.some(({ value }) => value.includes('type=cache'));
    const own = installs.filter(
      (one) => one.range.startLine >= range.startLine && one.range.endLine <= range.endLine,
    );
    return own.flatMap((install) => {
      const isFirst = !seen.has(install.manager);
      seen.add(install.manager);
      const line = copy?.range.startLine ?? Infinity;
      if (!isFirst || isCached || line > range.startLine || !standsAlone(install)) return [];
      const message = `runs again at every change of any file: line ${line} copies the whole context before it`;
      return [{ range: install.range, message }];
    });
  });
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
      lateInstalls(
        stage,
        analysis.installs.filter((install) => install.stage === stage.index),
      ),
    ),
};

export const latestTag: CheckedRule = {
  id: 'latest-tag',
  title: 'Images named by a version',
  level: 'warning',
  help:
    'An outside image without a digest that has no tag, or the tag `latest`. The next build ' +
    'may use another major version. `pinned-images` asks for more: a digest. This rule also ' +
    'helps projects that leave pinning to a lock file. Stage names, `scratch` and names that ' +
    'are not constant are left alone.',
  remedy: 'Name the version, and better its digest',
  bad: 'FROM debian\n',
  good: 'FROM debian:trixie-slim\n',
  check: ({ model }) =>
    model.externalImages.flatMap(({ kind, text, reference, range }) => {
      if (reference === undefined || reference.digest !== undefined || kind === 'syntax') return [];
      if (reference.tag !== undefined && reference.tag !== 'latest') return [];
      const message = `${text} is whatever was published last`;
      return [{ range, message }];
    }),
};

const ONLY_LAST = ['CMD', 'ENTRYPOINT', 'HEALTHCHECK'];

export const overriddenInstruction: CheckedRule = {
  id: 'overridden-instruction',
  title: 'One CMD, ENTRYPOINT and HEALTHCHECK a stage',
  level: 'warning',
  help: 'Of several CMD, ENTRYPOINT or HEALTHCHECK in one stage only the last counts. The others do nothing, though they look as if they did.',
  remedy: 'Remove the ones that do not count',
  bad: 'FROM alpine:3.22\nCMD ["first"]\nCMD ["second"]\n',
  good: 'FROM alpine:3.22\nCMD ["second"]\n',
  check: ({ stages }) =>
    stages.flatMap((stage) =>
      ONLY_LAST.flatMap((keyword) => {
        const all = instructionsOf([stage], keyword);
        const last = all.at(-1);
        return all.slice(0, -1).map(({ range }) => ({
          range,
          message: `${keyword} of line ${last?.range.startLine ?? 0} overrides this one`,
        }));
      }),
    ),
};

export const unreadShell: CheckedRule = {
  id: 'unread-shell',
  title: 'Shell that can be judged',
  level: 'info',
  help:
    'A RUN whose script is not read: PowerShell, cmd, another language in a here-document, or shell that no parser accepts. What it installs and downloads is not ' +
    'known, and the criteria that judge it stay unknown. Nothing else is said of it.',
  remedy: 'Take the part that installs and downloads into a RUN of its own, in POSIX shell',
  bad: 'FROM alpine:3.22\nRUN if true; then echo done\n',
  good: 'FROM alpine:3.22\nRUN if true; then echo done; fi\n',
  check: ({ analysis: { unread, installs, downloads } }) => {
    const at = ({ startLine, startColumn }: SourceRange): string => `${startLine}:${startColumn}`;
    const judged = new Set([...installs, ...downloads].map(({ range }) => at(range)));
    // Reports the first of a line; not those that are verified or that another rule judges.
    const piped = downloads.flatMap((one) => (one.pipedToShell ? [one.range.startLine] : []));
    const open = unread.filter(
      ({ range, held }) =>
        held !== true && !judged.has(at(range)) && !piped.includes(range.startLine),
    );
    const byLine = new Map(open.toReversed().map((one) => [one.range.startLine, one]));
    return [...byLine.values()].map(({ range, reason }) => ({
      range,
      message: `not read: ${reason}`,
    }));
  },
};

/** Programs that neither install anything nor use the lists; any other may. */
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

/** From the root, of a drive too, or by a variable. */
const ABSOLUTE = /^["']?(?:[/\\$%]|[A-Za-z]:[/\\])/;

/** The first WORKDIR of a stage and its base stages, if it is relative to the base's folder. */
function relativeFolder(
  { stages }: Pick<DockerfileModel, 'stages'>,
  index: number,
): Instruction | undefined {
  const own = stages[index];
  const first = own?.instructions.find(({ keyword }) => keyword === 'WORKDIR');
  if (first === undefined || first.rawArguments === '' || ABSOLUTE.test(first.rawArguments))
    return undefined;
  // A stage stands only on an earlier one: the index falls, so this ends.
  for (let at = own; at?.base.kind === 'stage' && at.base.index < at.index;) {
    at = stages[at.base.index];
    if (at?.instructions.some(({ keyword }) => keyword === 'WORKDIR') === true) return undefined;
  }
  return first;
}

export const relativeWorkdir: CheckedRule = {
  id: 'relative-workdir',
  title: 'Working directories that say where they are',
  level: 'warning',
  help:
    'A relative WORKDIR without one before it, in the stage or the stages that it is built ' +
    'from. The base image decides which folder it is, and may change it.',
  remedy: 'Begin with an absolute WORKDIR',
  bad: 'FROM alpine:3.22\nWORKDIR app\n',
  good: 'FROM alpine:3.22\nWORKDIR /app\nWORKDIR data\n',
  check: ({ model, stages }) =>
    stages.flatMap(({ index }) => {
      const found = relativeFolder(model, index);
      if (found === undefined) return [];
      const {
        range,
        argumentRanges: [written = range],
        rawArguments: word,
      } = found;
      const message = `${word} is below whatever folder the base image works in`;
      return [{ range: written, message }];
    }),
};

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
        .filter(({ wrappers }) => wrappers.includes('sudo'))
        .map(({ range, words }) => ({
          range: words.find(({ value = '' }) => /(?:^|\/)sudo$/.test(value))?.range ?? range,
          message: 'runs as root through sudo; use USER instead',
        })),
    ),
};
