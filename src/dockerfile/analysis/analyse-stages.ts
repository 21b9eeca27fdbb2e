import { distinct } from '../../lib/json.ts';
import type {
  BuildAnalysis,
  Download,
  PackageInstall,
  UnreadLine,
} from '../../model/build-analysis.ts';
import { type BuildContext, chainOf, type Stage } from '../../model/dockerfile.ts';
import type { LeftBehind } from '../../model/facts.ts';
import { isKnownProgram, isShellWord } from '../../programs/local.ts';
import { leftBehind } from '../left-behind.ts';
import { pathIn } from '../paths.ts';
import { type PlacedInstruction, type ReadStage, stageNamed } from '../read-dockerfile.ts';
import { judgeFetches } from './checks.ts';
import { type BuildEvent, type CommandEvent, commandsOf, printedBy } from './commands.ts';
import {
  addFetches,
  type Fetch,
  fetchesOf,
  sourceFetches,
  uncheckedFiles,
  uncheckedSources,
} from './fetches.ts';
import { installsOf } from './find-installs.ts';
import { type LookupBudget, StageFiles } from './stage-files.ts';
import { unreadCommand, type UnreadCommand } from './unread-commands.ts';

/** Address of an archive that keeps a distribution as it was at a time. */
const SNAPSHOT =
  /snapshot[\w.-]{0,99}\.debian\.org\/archive\/[\w-]+\/(?:\d{8}T\d{6}Z?|\$)|snapshot\.ubuntu\.com\/[\w-]+\/(?:\d{8}T\d{6}Z?|\$)/;
/** A repository in apt's two spellings, by its address. */
const REPOSITORY =
  /(?:^|\n)[ \t]*(?:deb(?:-src)?\s(?:\s*\[[^\]]*\])?|URIs:)[ \t]*(?:https?|ftp|mirror[+\w]*):\/\/\S+/g;
/** The lists of apt, and those of Debian and Ubuntu images, of the older and the newer spelling. */
const LISTS = /^\/etc\/apt\/sources\.list(?:$|\*|\.d(?:\/|$))/;
const OLDER = /^\/etc\/apt\/sources\.list\*?$/;
const NEWER =
  /^\/etc\/apt\/sources\.list(?:\*|\.d(?:\/?|\/\*|\/(?:debian|ubuntu)\.sources|\/\*\.sources))$/;
/** Bases that have only the newer. */
const NEWER_BASES =
  /bookworm|trixie|forky|duke|\bsid\b|noble|plucky|questing|(?:^|\/)debian(?:$|@|:(?:1[2-9]|latest|stable|testing|unstable))|(?:^|\/)ubuntu(?:$|@|:(?:2[4-9]|latest|rolling|devel))/;

/** Follows what a stage does to apt's lists: frozen where a dated archive is all that is left. */
class AptSources {
  #isDated = false;
  #hasOthers = false;
  readonly #gone: string[] = [];

  isFrozen(base: Stage['base'] | undefined): boolean {
    const isNewer = base?.kind === 'image' && NEWER_BASES.test(base.image.text);
    const isGone = this.#gone.some((path) => NEWER.test(path) || (!isNewer && OLDER.test(path)));
    return this.#isDated && !this.#hasOthers && isGone;
  }

  follow(event: BuildEvent, files: StageFiles): void {
    const isCopy = event.kind === 'copy';
    const words = isCopy ? event.instruction.arguments : event.argv.slice(1).map((f) => f.text);
    const paths = words
      .filter((one) => !one.startsWith('-'))
      .map((one) => pathIn(event.folder, one));
    const program = isCopy ? 'cp' : event.program;
    const lists = [...paths, ...(isCopy ? [] : event.writesTo)].filter((one) => LISTS.test(one));
    if (/^(?:add-apt-repository|apt-add-repository)$/.test(program)) this.#hasOthers = true;
    else if (program === 'sed') this.#edited(words, lists);
    else if (/^(?:rm|mv)$/.test(program)) this.#gone.push(...lists);
    else if (/^(?:cp|install|ln|tee|echo|printf|cat)$/.test(program))
      for (const path of lists) {
        const content = files.at(path, event.id + 1);
        const shown =
          content?.kind === 'text' ? content.text : isCopy || event.joins ? '' : printedBy(event);
        const text = (shown ?? '').replace(/^[ \t]*#.*$/gm, '');
        const found = text.match(REPOSITORY) ?? [];
        this.#isDated ||= SNAPSHOT.test(text);
        this.#hasOthers ||= found.length === 0 || !found.every((one) => SNAPSHOT.test(one));
        if (isCopy || !event.appends) this.#gone.push(path);
      }
  }

  /** `s|http://deb.debian.org|http://snapshot.debian.org/archive/...|` in lists of the image. */
  #edited(words: readonly string[], lists: readonly string[]): void {
    const script = words.find((word) => SNAPSHOT.test(word)) ?? '';
    const [, , from = '', puts = ''] = /(?:^|[;\s])s(.)((?:(?!\1).)*)\1([^\n]*)/.exec(script) ?? [];
    // The archive of security updates alone leaves the other.
    if (!SNAPSHOT.test(puts) || /security/.test(from)) return;
    // What find or xargs passes on is a list where it names the ordinary archive.
    const isHandedOver =
      words.some((word) => word === '{}' || word.includes('$(stdin)')) &&
      /\b(?:deb\.debian\.org|archive\.ubuntu\.com)\b/.test(script);
    this.#isDated ||= isHandedOver || lists.length > 0;
    this.#gone.push(...lists, ...(isHandedOver ? ['/etc/apt/sources.list*'] : []));
  }
}

/** Far above what any Dockerfile runs; a hostile one ends here and counts as unread. */
const MAX_COMMANDS = 4000;
/** Stages that the target needs; no person writes as many. */
const MAX_STAGES = 400;
/** File lookups, in all: less than a second. */
const MAX_LOOKUPS = 300_000;
/** Judging compares each download with each check. */
const MAX_JUDGED = 300;

/** What stages do, and what they leave in the image: that is worked out once it is asked for. */
interface AnalysedStages {
  readonly analysis: BuildAnalysis;
  readonly left: () => LeftBehind;
}

interface StageRead {
  readonly stage: ReadStage;
  readonly files: StageFiles;
  readonly events: readonly BuildEvent[];
  readonly commands: readonly CommandEvent[];
  /** What the stages that it builds on run and copy, and it itself. */
  readonly chain: readonly BuildEvent[];
  /** Indexes of the stages it needs, and its own. */
  readonly needs: ReadonlySet<number>;
  readonly unread: readonly UnreadLine[];
}

function isCommand(event: BuildEvent): event is CommandEvent {
  return event.kind === 'command';
}

/** Settings that a shell runs first where it is a login shell, or is asked to. */
const SETTINGS =
  /^\/etc\/(?:profile|bash\.bashrc|zsh)|\/\.(?:bash|z)?(?:_?profile|rc|shrc|shenv)$|\.bashrc$/;

/** Why what a RUN does may not be what its text says. */
function oddRun(
  { script, flat, instruction, folder, id }: PlacedInstruction,
  files: StageFiles,
): readonly string[] {
  if (script === undefined || flat === undefined) return [];
  const [shell = ''] = script.shell ?? [];
  const isLogin = script.shell?.some((word) => /^-\w*[li]|^--login|zsh/.test(word)) === true;
  const [settings] = isLogin ? files.put(SETTINGS, id) : [];
  const strange = [...flat.functions].find(
    (name) => isShellWord(name) || name === 'command_not_found_handle',
  );
  const isOwn = shell !== '' && files.program(shell, { folder, id }) !== undefined;
  return [
    ...(files.mount(instruction, folder, id)
      ? ['a mount lies over the programs of the image']
      : []),
    ...(isOwn ? [`its shell ${shell} is a file of the build`] : []),
    ...(settings === undefined ? [] : [`its shell runs ${settings} first`]),
    ...(flat.counts ? ['it counts with what a command prints, in which bash runs commands'] : []),
    ...(strange === undefined ? [] : [`a function is called ${strange}`]),
    ...(flat.isWhole ? [] : ['more commands than are read']),
  ];
}

/** Follows a stage once, in order. */
function readStage(
  stage: ReadStage,
  before: ReadonlyMap<number, StageRead>,
  buildArgs: Readonly<Record<string, string>>,
  context: BuildContext | undefined,
  lookups: LookupBudget,
): StageRead {
  const { index, base } = stage;
  const below = base.kind === 'stage' ? before.get(base.index) : undefined;
  const earlier = [...before.values()].map((one) => one.stage);
  const files = new StageFiles(
    context,
    lookups,
    below?.files,
    (from) => before.get(stageNamed(from, earlier)?.index ?? -1)?.files,
  );
  const events: BuildEvent[] = [];
  const unread: UnreadLine[] = [];
  for (const placed of stage.instructions) {
    const { instruction, folder, id, flat } = placed;
    const { keyword, range, shellError: error } = instruction;
    if (keyword === 'COPY' || keyword === 'ADD') {
      files.copy(instruction, folder, id);
      const event = { kind: 'copy', id, stage: index, instruction, folder } as const;
      for (const { target } of addFetches(event)) files.download(id, target);
      events.push(event);
    } else if (keyword === 'ENV' || keyword === 'ARG')
      for (const pair of instruction.arguments)
        if (pair.startsWith('PATH=')) files.addPath(pair.slice('PATH='.length), folder);
    if (keyword !== 'RUN') continue;
    unread.push(
      ...[...(error === undefined ? [] : [error]), ...oddRun(placed, files)].map((reason) => ({
        range,
        reason,
      })),
    );
    for (const path of flat?.paths ?? []) files.addPath(path, folder);
    const commands = commandsOf(placed, index, buildArgs);
    for (const event of commands) {
      files.follow(event, commands);
      for (const { kind, target } of fetchesOf(event))
        if (kind !== 'git' && target !== '') files.download(event.id, target);
    }
    events.push(...commands);
  }
  const needs = new Set([
    index,
    ...stage.needs.flatMap((one) => [...(before.get(one)?.needs ?? [])]),
  ]);
  const chain = [...(below?.chain ?? []), ...events];
  return { stage, files, events, commands: events.filter(isCommand), chain, needs, unread };
}

interface StageFindings {
  readonly installs: readonly PackageInstall[];
  readonly fetches: readonly Fetch[];
  readonly judged: ReadonlySet<CommandEvent>;
}

/** What a stage installs and fetches. */
function findIn(
  { stage, files, chain }: StageRead,
  base: Stage['base'] | undefined,
): StageFindings {
  const sources = new AptSources();
  const before: CommandEvent[] = [];
  const installs: PackageInstall[] = [];
  const fetches: Fetch[] = [];
  const judged = new Set<CommandEvent>();
  for (const event of chain) {
    const isOwn = event.stage === stage.index;
    sources.follow(event, files);
    if (!isCommand(event)) {
      if (isOwn) fetches.push(...addFetches(event), ...uncheckedFiles(event, files));
      continue;
    }
    if (isOwn) {
      const found = installsOf({ event, before, files, isFrozen: sources.isFrozen(base) });
      const own = fetchesOf(event);
      const unchecked = uncheckedSources(event, found.length > 0);
      const others = sourceFetches(event, found, before, files, [...own, ...unchecked]);
      // What nobody knows may fetch more than it says, but for what it checks itself.
      const isKnown =
        others.length > 0 ||
        own.some(({ ownCheck }) => ownCheck !== undefined || isKnownProgram(event.program));
      fetches.push(...own, ...others, ...unchecked);
      installs.push(...found);
      const isRepository =
        /^(?:git|hg|svn)$/.test(event.program) &&
        before.some((one) => fetches.some(({ id, kind }) => id === one.id && kind === 'git'));
      if (found.length > 0 || isKnown || isRepository) judged.add(event);
    }
    before.push(event);
  }
  return { installs, fetches, judged };
}

/** Stages whose base, even in the same file, has ONBUILD steps: BuildKit runs them in the stage. */
function triggered(
  { base, range }: ReadStage,
  read: ReadonlyMap<number, StageRead>,
): readonly UnreadLine[] {
  const below = base.kind === 'stage' ? read.get(base.index)?.stage : undefined;
  const isOwn = below?.instructions.some(({ instruction: { keyword } }) => keyword === 'ONBUILD');
  const isNamed = base.kind === 'image' && /[:-]onbuild\b/.test(base.image.text);
  return isOwn === true || isNamed
    ? [{ range, reason: 'the ONBUILD steps of its base run, and were not read' }]
    : [];
}

const DRIVEN =
  'Makefile makefile GNUmakefile configure CMakeLists.txt meson.build build.ninja setup.py Rakefile build.sh autogen.sh bootstrap'.split(
    ' ',
  );

/** True if only verified downloads can have brought what runs: its file, or the source it uses. */
function isHeld(
  { stage, file, folder, isDriver }: UnreadCommand,
  { files, chain }: StageRead,
  downloads: readonly Download[],
): boolean {
  const stages = new Set([stage, ...chain.map((event) => event.stage)]);
  const near = downloads.filter((one) => stages.has(one.stage));
  if (near.length === 0 || !near.every(({ verifiedBy }) => verifiedBy !== undefined)) return false;
  if (file !== undefined && near.some(({ target }) => target === file)) return true;
  if (isDriver !== true || files.holdsContext(folder)) return false;
  // A file that the build wrote itself does not come from a publisher.
  return DRIVEN.every((name) => files.at(pathIn(folder, name)) === undefined);
}

/** What the stages that the target reaches, in order, install, download and leave in the image. */
export function analyseStages(
  stages: readonly ReadStage[],
  buildArgs: Readonly<Record<string, string>>,
  context: BuildContext | undefined,
): AnalysedStages {
  const last = stages.at(-1);
  const tooMuch = (reason: string): readonly UnreadLine[] =>
    last === undefined ? [] : [{ range: last.range, reason }];
  const lookups: LookupBudget = { steps: MAX_LOOKUPS };
  const read = new Map<number, StageRead>();
  const commands = stages
    .flatMap(({ instructions }) => instructions)
    .reduce((sum, { flat }) => sum + (flat?.commands.length ?? 0), 0);
  if (stages.length > MAX_STAGES || commands > MAX_COMMANDS) {
    const unread = tooMuch(
      stages.length > MAX_STAGES ? 'more stages than are read' : 'more commands than are read',
    );
    return { analysis: { installs: [], downloads: [], unread }, left: () => leftBehind([], read) };
  }
  for (const stage of stages)
    read.set(stage.index, readStage(stage, read, buildArgs, context, lookups));
  const all = [...read.values()];
  const unread = all.flatMap((one) => [...one.unread, ...triggered(one.stage, read)]);
  const found = all.map((one) => {
    const [first] = chainOf(one.stage.index, (at) => read.get(at)?.stage);
    return { ...one, ...findIn(one, first?.base) };
  });
  if (found.flatMap(({ fetches }) => fetches).length > MAX_JUDGED)
    unread.push(...tooMuch('more downloads than are read'));
  const downloads = found.flatMap(({ stage: { index }, fetches, commands: events, files }) => {
    const later = all.flatMap((other) =>
      other.stage.index !== index && other.needs.has(index) ? other.commands : [],
    );
    return judgeFetches({ events, fetches: fetches.slice(0, MAX_JUDGED), files, later });
  });
  const said = new Set(unread.map(({ range }) => range.startLine));
  const lines = new Map<string, UnreadLine>();
  for (const one of found)
    for (const event of one.commands) {
      const command = unreadCommand(event, one.files, one.judged.has(event));
      // What goes through no shell that is read is said once.
      if (command === undefined || said.has(command.line.range.startLine)) continue;
      const { line } = command;
      const key = `${line.range.startLine} ${line.reason}`;
      if (lines.get(key)?.held !== undefined || !lines.has(key))
        lines.set(key, isHeld(command, one, downloads) ? { ...line, held: true } : line);
    }
  unread.push(...lines.values());
  if (lookups.steps <= 0)
    unread.push(...tooMuch('more files, and copies of them, than are followed'));
  return {
    analysis: {
      installs: distinct(found.flatMap(({ installs }) => installs)),
      downloads: distinct(downloads),
      unread,
    },
    left: () => leftBehind(stages, read),
  };
}
