import { posix } from 'node:path';
import type { SourceCommand, SourceInstruction } from '../../model/dockerfile-source.ts';
import { isRootUser } from '../../model/dockerfile.ts';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import type { TextEdit } from '../../model/planned-edit.ts';
import { managerNamed, managerOf } from '../../programs/managers.ts';
import type { LeftCache } from '../../programs/managers.ts';
import { purposeOf, PURPOSES } from '../shared/edit/program/purpose.ts';
import { started } from '../shared/edit/program/started.ts';
import { proposed, refusedAt, together } from '../shared/edit/proposal.ts';
import { addFlag, andThen, endObstacle, wordBehind } from '../shared/edit/run-text.ts';
import { inImage, type Placed, usersInImage } from '../shared/edit/stage-view.ts';
import { keptCaches } from './kept-caches.ts';

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

/** Why the lists have to stay: a RUN reads them behind this one, or nothing of this one does. */
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

/** Frontends from 1.2 on mount caches; what names no version is newer. */
function hasMounts({ model }: FixInput): boolean {
  const [, version = ''] = /\/dockerfile:(?:v?1\.)(\d+)/.exec(model.syntax?.text ?? '') ?? [];
  return version === '' || Number(version) >= 2;
}

function judge(input: FixInput, run: Placed): readonly FixPlan[] {
  const image = inImage(input).map(({ instruction }) => instruction);
  return keptCaches(run.instruction, image).flatMap(({ manager, commands }) => {
    const cache = managerNamed(manager)?.cache;
    if (cache === undefined) return [];
    const { what } = cache;
    const refused = (reason: string): FixPlan =>
      refusedAt(run, `${what} stay in the layer: ${reason}`);
    const user = started(input).called.find(({ name }) => managerOf(name)?.id === manager);
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
  lint: 'package-cache-kept',
  needs: ['bases'],
  plan: (input) =>
    together(
      inImage(input)
        .filter(({ keyword }) => keyword === 'RUN')
        .flatMap((run) => judge(input, run)),
    ),
};
