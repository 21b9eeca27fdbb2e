import { isDeepStrictEqual } from 'node:util';
import { field, isObject, objectOf, parseJson } from '../lib/json.ts';
import { quantity } from '../lib/text.ts';
import type { PackageInstall } from '../model/build-analysis.ts';
import { type SourceWord, unquoted } from '../model/dockerfile.ts';
import { type BuildFact, NAME_THE_DOCKERFILE } from '../model/facts.ts';
import type { FixInput, FixPlan, FixRule, InstalledVersion, TextEdit } from '../model/fix.ts';
import { managerNamed } from '../programs/managers.ts';
import { criterion, listed } from './criterion.ts';
import {
  commandAt,
  type FoundCommand,
  linesBefore,
  NOTHING,
  proposal,
  refusal,
  refusedAt,
  runAt,
  together,
  wordBehind,
} from './edit-text.ts';
import { type JudgedLine, judgeLines, lineFindings } from './judged-lines.ts';
import { criterionRule } from './lint-rule.ts';
import { fitsPattern } from './started-programs.ts';

/** Text at a version's place that lets the version move. */
const MOVING = /[*^<>!]|^(?:latest|main|master|head|stable|next)$/i;

function isLoose({ pin }: { readonly pin?: string }): boolean {
  return pin === undefined || pin === '' || MOVING.test(pin);
}

/**
 * Whether an install command gets the same versions each time. In a replay each of the known
 * managers does, whatever it asks for: it was given what the lock has by digest.
 */
function judgeInstall(install: PackageInstall, replayed?: BuildFact['replayed']): JudgedLine {
  const judged = judgeAlone(install);
  return judged.state === 'held' || replayed === undefined || install.manager === 'other'
    ? judged
    : { ...judged, state: 'held', reason: 'replayed: the lock has each package by its digest' };
}

function judgeAlone(install: PackageInstall): JudgedLine {
  const { range, command } = install;
  const answer = (state: JudgedLine['state'], reason: string): JudgedLine => ({
    range,
    command,
    state,
    reason,
  });
  if (install.frozenRepository) return answer('held', 'the repository is frozen');
  if (install.looseLock !== undefined) return answer('loose', install.looseLock.reason);
  const loose = install.packages.filter(isLoose);
  if (install.lockFile && install.packages.length === 0)
    return answer('held', 'a lock file decides every version');
  if (install.lockFile && loose.length === 0)
    return answer('held', 'a lock file and exact versions');
  if (loose.length > 0)
    return answer('loose', `no exact version: ${listed(loose.map(({ name }) => name))}`);
  if (install.unresolved) return answer('open', 'what it installs is not constant');
  if (install.requirementsFile !== undefined)
    return answer('open', `the versions in ${install.requirementsFile} are not seen`);
  return install.packages.length > 0
    ? answer('held', quantity(install.packages.length, 'exact version'))
    : answer('loose', 'it does not pin versions');
}

export const pinnedPackages = criterion({
  id: 'pinned-packages',
  title: 'Packages pinned',
  vector: 'provenance',
  level: 3,
  spec: '#pin-packages',
  why: 'Without a version, two builds of the same Dockerfile give different programs, and an attacker who takes over a package is installed at once.',
  needs: ['build'],
  settle: NAME_THE_DOCKERFILE,
  decidedBy:
    'Each install command in the stages that the build reaches is judged separately, and ' +
    'each name in it. Compilers and interpreters that a manager of versions installs count too. ' +
    'It needs exact versions, a lock file that the command enforces, or a ' +
    'frozen repository. A lock file of npm, Yarn or pnpm must pin each entry by a checksum ' +
    'or a commit, if its content is known. These may drift and fail: `npm install`, `yarn ' +
    'install` without `--immutable`, requirements without versions, and upgrades of ' +
    'everything (`apt-get upgrade`). A build that replayed scoville.lock has each package pinned ' +
    'by digest, if the recording is complete. This run has to have replayed it, or a verified ' +
    'provenance to say so. A requirements file whose content is not known leaves it unknown. So does a program of which no table says what it does: ' +
    'build with `--record`, then `--replay`. A build that installs nothing has nothing to pin, if every command ' +
    'was read.',
  check: ({ build }) =>
    judgeLines(build, {
      judge: ({ installs }) => installs.map((one) => judgeInstall(one, build.replayed)),
      none: {
        summary: 'the build installs no packages',
        lookedAt: 'no install command in any stage',
      },
      held: (judged) => `${quantity(judged.length, 'install')} pinned`,
      settle: NAME_THE_DOCKERFILE,
      isMetByReplay: true,
      settleOpen: 'use the manager’s lock file form, such as pip install --require-hashes -r FILE',
    }),
  remedies: [
    {
      title: 'Install exact versions',
      detail:
        'Name the version of each package, use the manager’s frozen lock file form (npm ci, pip --require-hashes, cargo --locked), or freeze the ' +
        'repository at a date.',
      example: 'RUN apt-get install -y --no-install-recommends curl=8.14.1-2',
    },
  ],
});

/** Installs that the criterion would fail, or could not decide. */
export const pinnedPackagesRule = criterionRule(pinnedPackages, {
  bad: 'FROM node:22-slim\nRUN npm install --global typescript\n',
  good: 'FROM node:22-slim\nRUN npm install --global typescript@5.9.3\n',
  check: ({ analysis }) =>
    analysis.installs.flatMap((install) =>
      lineFindings([judgeInstall(install)]).map((found) =>
        // Archives drop old versions: a version named alone breaks the build one day, so this
        // weighs less.
        managerNamed(install.manager)?.isOfSystem === true
          ? { ...found, severity: 'info' as const }
          : found,
      ),
    ),
});

/** apt of Debian reads the archive as it was at a time. */
function freeze(time: string): string {
  const at = (archive: string): string =>
    `-e 's,https\\?://deb.debian.org/${archive}/\\?\\( \\|$\\),http://snapshot.debian.org/archive/${archive}/${time}/\\1,'`;
  return (
    `RUN find /etc/apt -name '*.sources' -o -name '*.list' | xargs sed -i ${at('debian')} ${at('debian-security')}` +
    ` && echo 'Acquire::Check-Valid-Until "false";' > /etc/apt/apt.conf.d/99snapshot`
  );
}

function inStage(input: FixInput, stage: number): FixPlan {
  const { source, analysis, options } = input;
  const first = analysis.installs.find(
    (install) => install.stage === stage && install.manager === 'apt' && !install.frozenRepository,
  );
  if (first === undefined || options.freeze === undefined) return NOTHING;
  const run = source.instructions.find(
    (one) =>
      one.stage === stage &&
      one.keyword === 'RUN' &&
      (one === runAt(input, stage, first.range) ||
        /\bapt(?:-get)?\b(?:(?!\bapt\b)[^&|;])*\bupdate\b/.test(one.text)),
  );
  if (run === undefined) return NOTHING;
  return {
    edits: [
      proposal(run, {
        key: `stage-${stage}`,
        title: `Freeze the archives of Debian at ${options.freeze}`,
        why: 'Each build gets the same versions of everything, dependencies included, for as long as the snapshot is there',
        risk: 'medium',
        riskReason:
          'security updates come with a new date only, and snapshot.debian.org is slower than a mirror',
        edits: [linesBefore(source, run, [freeze(options.freeze)])],
      }),
    ],
    refusals: [],
  };
}

/** On request: apt reads Debian's archives as they were at a date. */
export const freezeArchives: FixRule = {
  id: 'freeze-archives',
  title: 'Freeze the archives of Debian at a date',
  criterion: 'pinned-packages',
  needs: [],
  plan: (input) => together(input.model.reached.map((stage) => inStage(input, stage))),
};

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
        ...(isUpToDate(input, file, found)
          ? { risk: 'low', riskReason: `${file} has every dependency of package.json` }
          : {
              risk: 'medium',
              riskReason: `the build fails where ${file} is not up to date, or in another folder`,
            }),
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

/** True where package-lock.json has the dependencies of package.json, and lies where npm runs. */
function isUpToDate(
  { contextFile }: FixInput,
  file: string,
  { run, command }: FoundCommand,
): boolean {
  const own = objectOf(parseJson(contextFile('package.json') ?? ''));
  const root = field(field(parseJson(contextFile(file) ?? ''), 'packages'), '');
  const isElsewhere =
    run.commands.some(({ argv: [first] }) => first === 'cd' || first === 'pushd') ||
    command.argv.some((word) => /^(?:--prefix|--cwd|--dir|-C)(?:=|$)/.test(word));
  return (
    isObject(root) &&
    !isElsewhere &&
    own['workspaces'] === undefined &&
    ['dependencies', 'devDependencies', 'optionalDependencies'].every((kind) =>
      isDeepStrictEqual(objectOf(own[kind]), objectOf(root[kind])),
    )
  );
}

/** True where a source of COPY brings a file at the top of the context. */
function copies(path: string, file: string): boolean {
  const bare = path.replace(/^\.?\//, '').replace(/\/$/, '');
  return bare === '' || bare === '.' || bare === file || fitsPattern(bare, file);
}

export const lockFiles: FixRule = {
  id: 'lock-files',
  title: 'Install from the lock file',
  criterion: 'pinned-packages',
  needs: ['context'],
  plan: (input) => together(input.analysis.installs.map((install) => held(install, input))),
};

/** What finds a pin that nobody knows yet: a build shows the versions. */
export const BY_BUILD = 'scoville fix --build';

/** A version that means the same to every shell and package manager. */
const PLAIN = /^[A-Za-z0-9][\w.+~:-]*$/;

/** As pip compares names (PEP 503). */
function nameKey(type: string, name: string): string {
  return type === 'pypi' ? name.toLowerCase().replace(/[-_.]+/g, '-') : name;
}

/** The one version of a package that a stage has; an error where there is none or several. */
function versionOf(
  name: string,
  type: string,
  installed: readonly InstalledVersion[],
): { readonly version: string } | { readonly reason: string } {
  const versions = new Set(
    installed
      .filter((one) => one.type === type && nameKey(type, one.name) === nameKey(type, name))
      .map(({ version }) => version),
  );
  const [version, second] = versions;
  if (version === undefined) return { reason: `${name} is not among what the stage installed` };
  if (second !== undefined) return { reason: `${name} was installed in ${versions.size} versions` };
  return PLAIN.test(version)
    ? { version }
    : { reason: `${name} has a version that is not a plain word` };
}

const VERBS = new Set(['install', 'add', 'i', 'in']);

/**
 * The words after the verb that name a package (`npm install npm`), whole: without a variable,
 * version or release. Long lists may name one twice.
 */
function wordsOf(
  name: string,
  words: readonly SourceWord[],
  { source }: FixInput,
): readonly SourceWord[] {
  const bare = (text: string): string => unquoted(text).replace(/\[[^\][]*\]$/, '');
  const verb = words.findIndex(({ value }) => VERBS.has(value ?? ''));
  return words.slice(Math.max(verb, 0) + 1).filter(
    ({ text, value, start, end }) =>
      value !== undefined &&
      bare(text) === name &&
      // What an outer quote escapes is not written as it is read.
      source.text.slice(start, end) === text,
  );
}

const NOT_ALONE = 'a file, a range of versions or a variable names it';

function pinned(install: PackageInstall, input: FixInput): FixPlan {
  const { manager, packages, lockFile, frozenRepository, unresolved, stage, range } = install;
  const loose = packages.filter(({ pin }) => pin === undefined);
  const { recorded, joint, isOfSystem } = managerNamed(manager) ?? {};
  if (lockFile || frozenRepository || loose.length === 0) return NOTHING;
  if (recorded === undefined || joint === undefined) return NOTHING;
  const at = { line: range.startLine };
  const refused = (reason: string, settle?: string): FixPlan =>
    refusedAt(at, `${loose.map(({ name }) => name).join(', ')} not pinned: ${reason}`, settle);
  if (unresolved) return refused('a name is not constant');
  if (install.requirementsFile !== undefined) return refused(`${install.requirementsFile} decides`);
  const found = commandAt(input, stage, range, (words) =>
    loose.some(({ name }) => wordsOf(name, words, input).length > 0),
  );
  if (found === undefined) return refused('the words have no place of their own');
  const written = (name: string): readonly SourceWord[] =>
    wordsOf(name, found.command.words, input);
  // No build would help.
  if (loose.every(({ name }) => written(name).length === 0)) return refused(NOT_ALONE);
  const known = input.facts.versions.get(stage);
  if (known === undefined) return refused('what the stage installs is not known', BY_BUILD);
  if (!known.ok) return refused(known.error);
  const edits: (TextEdit & { readonly name: string; readonly version: string })[] = [];
  const reasons: string[] = [];
  for (const name of new Set(loose.map((one) => one.name))) {
    const words = written(name);
    const version = versionOf(name, recorded, known.value);
    if (words.length === 0) reasons.push(`${name} not pinned: ${NOT_ALONE}`);
    else if ('reason' in version) reasons.push(version.reason);
    else
      for (const word of words) {
        const end = /["']$/.test(word.text) ? word.end - 1 : word.end;
        edits.push({
          start: end,
          end,
          text: joint + version.version,
          name,
          version: version.version,
        });
      }
  }
  return {
    edits: edits.map(({ name, version, ...edit }) =>
      proposal(found.run, {
        key: `${manager}/${name}`,
        title: `Pin ${name} of ${manager} to ${version}`,
        why: 'Each build gets the version that this one was tried with',
        risk: isOfSystem ? 'medium' : 'low',
        riskReason: isOfSystem
          ? 'the archive drops old versions: once it has a newer one the build fails until the pin is refreshed; --freeze pins the archive instead'
          : 'updates no longer come automatically',
        edits: [edit],
      }),
    ),
    refusals: reasons.map((reason) => refusal(at, reason)),
  };
}

/** Installed packages get the versions that the build really installed. */
export const pinPackages: FixRule = {
  id: 'pin-packages',
  title: 'Pin packages to the versions that are installed',
  criterion: 'pinned-packages',
  needs: ['versions'],
  plan: (input) => together(input.analysis.installs.map((install) => pinned(install, input))),
};
