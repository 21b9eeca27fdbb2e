import { posix } from 'node:path';
import { runPrograms } from '../dockerfile/run-script.ts';
import type { PackageManager } from '../model/build-analysis.ts';
import {
  type Instruction,
  isRootUser,
  showsText,
  type SourceCommand,
  type SourceInstruction,
} from '../model/dockerfile.ts';
import type { FixInput, FixPlan, FixRule, TextEdit } from '../model/fix.ts';
import { type LeftCache, managerNamed, managerOf, MANAGERS } from '../programs/managers.ts';
import {
  addFlag,
  andThen,
  endObstacle,
  inImage,
  type Placed,
  proposed,
  refusedAt,
  together,
  usersInImage,
  wordBehind,
} from './edit-text.ts';
import { type CheckedRule, instructionsOf, type RuleFinding } from './lint-rule.ts';
import { purposeOf, PURPOSES } from './program-needs.ts';
import { started } from './started-programs.ts';

/** What a package manager leaves in the layer of a RUN. */
interface KeptCache {
  readonly manager: PackageManager;
  /** Indexes of the commands that leave it. */
  readonly commands: readonly number[];
}

/** Caches a RUN leaves in its layer, unless removed, under a mount, or switched off by an ENV. */
export function keptCaches(run: Instruction, image: readonly Instruction[]): readonly KeptCache[] {
  const programs = runPrograms(run);
  return MANAGERS.flatMap(({ id, programs: called, cache }) => {
    if (cache === undefined) return [];
    const { leaves, cleaned, folder, offBy } = cache;
    const found = programs.flatMap((one) =>
      called.test(one.program) && leaves(one) ? [one.at] : [],
    );
    const isKept =
      found.length > 0 &&
      !showsText(run, cleaned) &&
      !isMounted(run, folder) &&
      !isSet(offBy, image);
    return isKept ? [{ manager: id, commands: found }] : [];
  });
}

function isSet(name: string | undefined, image: readonly Instruction[]): boolean {
  return image.some(
    ({ keyword, arguments: words }) =>
      keyword === 'ENV' && words.some((word) => name !== undefined && word.startsWith(`${name}=`)),
  );
}

/** True if a cache or tmpfs is mounted over this folder: writes to it stay out of the layer. */
export function isMounted({ flags }: Instruction, folder: RegExp): boolean {
  return flags.some(
    ({ name, value }) =>
      name === 'mount' &&
      /(?:^|,)type=(?:cache|tmpfs)(?:,|$)/.test(value) &&
      value.split(',').some((option) => {
        const path = /^(?:target|dst|destination)=(.*)$/.exec(option)?.[1];
        return path !== undefined && folder.test(path.replace(/(?<!\/)\/+$/, ''));
      }),
  );
}

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

/** Verbs of apt that read its lists. */
const READS_LISTS =
  /^(?:install|reinstall|satisfy|build-dep|(?:full-|dist-|safe-)?upgrade|download|source)$/;

/** What apt is asked for in a RUN, in order. */
function aptVerbs({ commands }: SourceInstruction): readonly string[] {
  return commands.flatMap(({ argv: [program = '', ...words] }) =>
    managerOf(posix.basename(program))?.id === 'apt'
      ? words.filter((word) => /^[a-z][a-z-]+$/.test(word)).slice(0, 1)
      : [],
  );
}

/** Why the lists have to stay: a later RUN reads them, or this one does not use them. */
function listsObstacle({ source, analysis }: FixInput, run: Placed): string | undefined {
  const { line } = run;
  const later = source.instructions.filter((one) => one.line > line && one.keyword === 'RUN');
  const user = later.find((one) => {
    const verbs = aptVerbs(one);
    const reads = verbs.findIndex((verb) => READS_LISTS.test(verb));
    return reads >= 0 && !verbs.slice(0, reads).includes('update');
  });
  if (user !== undefined)
    return `line ${user.line} installs by them, and does not update them itself`;
  const isUsed = analysis.installs.some(
    ({ manager, range }) =>
      manager === 'apt' &&
      range.startLine >= line &&
      range.endLine <= run.instruction.range.endLine,
  );
  return isUsed || aptVerbs(run).some((verb) => READS_LISTS.test(verb)) || later.length === 0
    ? undefined
    : 'nothing of this RUN reads them, and a later one may';
}

/** Keeps what a package manager fetched out of a layer, or says why not. */
function keptOut(
  input: FixInput,
  run: Placed,
  found: readonly SourceCommand[],
  remedy: LeftCache['keptOut'],
): readonly TextEdit[] | string {
  if ('atEnd' in remedy) {
    const [first] = found;
    if (first?.wrappers.includes('chroot') === true) return 'it works below another root';
    const isBySudo = run.commands.some(({ wrappers }) => wrappers.includes('sudo'));
    const text = (isBySudo ? 'sudo ' : '') + remedy.atEnd(first?.argv[0] ?? '');
    return endObstacle(run) ?? [andThen(input.source, run, text)];
  }
  if ('flag' in remedy) {
    const edits = found.flatMap((command) => {
      const word = command.words.find(({ value = '' }) => remedy.verb.test(value));
      return word === undefined ? [] : [wordBehind({ run, command }, word, remedy.flag)];
    });
    return edits.length < found.length ? 'its words have no place' : edits;
  }
  const user = usersInImage(input).get(run) ?? '';
  if (!isRootUser(user)) return `npm runs as ${user}, whose folder is not known`;
  return hasMounts(input)
    ? [addFlag(run, `--mount=type=cache,target=${remedy.mount}`)]
    : 'the frontend of # syntax is older than cache mounts';
}

/** Frontends from 1.2 on mount caches; one without a version is newer. */
function hasMounts({ model }: FixInput): boolean {
  const [, version = ''] = /\/dockerfile:(?:v?1\.)(\d+)/.exec(model.syntax?.text ?? '') ?? [];
  return version === '' || Number(version) >= 2;
}

/** These start a program of the project; none reads a cache. */
const STARTS_ALONE = /^(?:\S*\/)?(?:npm|yarn|pnpm) (?:start|run|run-script|test)(?: |$)/;

function judge(input: FixInput, run: Placed): readonly FixPlan[] {
  const image = inImage(input).map(({ instruction }) => instruction);
  return keptCaches(run.instruction, image).flatMap(({ manager, commands }) => {
    const cache = managerNamed(manager)?.cache;
    if (cache === undefined) return [];
    const { what } = cache;
    const refused = (reason: string): FixPlan =>
      refusedAt(run, `${what} stay in the layer: ${reason}`);
    const user = started(input).called.find(
      ({ name, words }) => managerOf(name)?.id === manager && !STARTS_ALONE.test(words.join(' ')),
    );
    if (user !== undefined && manager !== 'pip')
      return refused(`${user.by} starts ${user.name}, which may read them`);
    const own = commands.flatMap((index) => run.commands[index] ?? []);
    const obstacle = manager === 'apt' ? listsObstacle(input, run) : undefined;
    const edits = obstacle ?? keptOut(input, run, own, cache.keptOut);
    if (typeof edits === 'string') return refused(edits);
    const purpose = purposeOf(input);
    return proposed(run, {
      key: manager,
      title: `Keep ${what} out of the image`,
      why: 'Caches make the image larger and change daily, so builds are not reproducible',
      ...(purpose === 'service' || manager !== 'apt'
        ? { risk: 'none', riskReason: 'nothing of it is read at run time' }
        : {
            risk: 'low',
            riskReason: `${PURPOSES[purpose]}: who installs packages there calls apt-get update first`,
          }),
      edits,
    });
  });
}

export const packageCaches: FixRule = {
  id: 'package-caches',
  title: 'Keep package lists and caches out of the image',
  lint: 'package-cache-kept',
  needs: ['bases'],
  plan: (input) =>
    together(
      inImage(input)
        .filter(({ keyword }) => keyword === 'RUN')
        .flatMap((run) => judge(input, run)),
    ),
};
