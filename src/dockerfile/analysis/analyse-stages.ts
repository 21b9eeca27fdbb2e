import type {
  BuildAnalysis,
  Download,
  PackageInstall,
  UnreadLine,
} from '../../model/build-analysis.ts';
import { type BuildContext, chainOf, type Stage } from '../../model/dockerfile.ts';
import type { LeftBehind } from '../../model/facts.ts';
import { isKnownProgram } from '../../programs/local.ts';
import { leftBehind } from '../left-behind.ts';
import { pathIn } from '../paths.ts';
import { type ReadStage, stageNamed } from '../read-dockerfile.ts';
import { judgeFetches } from './checks.ts';
import type { BuildEvent, CommandEvent } from './commands.ts';
import {
  addFetches,
  type Fetch,
  fetchesOf,
  sourceFetches,
  uncheckedFiles,
  uncheckedSources,
} from './fetches.ts';
import { installsOf } from './find-installs.ts';
import { type CommandBudget, stageEvents } from './stage-commands.ts';
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
        const text = content?.kind === 'text' ? content.text.replace(/^[ \t]*#.*$/gm, '') : '';
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
  /** Commands of the stages below, and its own. */
  readonly chain: readonly BuildEvent[];
  /** Indexes of the stages it builds on, and its own. */
  readonly needs: ReadonlySet<number>;
}

function isCommand(event: BuildEvent): event is CommandEvent {
  return event.kind === 'command';
}

/** Follows each stage once, in order. */
function readStages(
  stages: readonly ReadStage[],
  buildArgs: Readonly<Record<string, string>>,
  context: BuildContext | undefined,
  budget: CommandBudget,
  lookups: LookupBudget,
): ReadonlyMap<number, StageRead> {
  const found = new Map<number, StageRead>();
  const byIndex = new Map(stages.map((stage) => [stage.index, stage]));
  for (const stage of stages) {
    const { index, base } = stage;
    const below = base.kind === 'stage' ? found.get(base.index) : undefined;
    const earlier = stages.filter((one) => one.index < index);
    const files = new StageFiles(
      context,
      lookups,
      below?.files,
      (from) => found.get(stageNamed(from, earlier)?.index ?? -1)?.files,
    );
    const events = stageEvents(stage, { buildArgs, budget, files });
    const chain = chainOf(index, (at) => byIndex.get(at)).flatMap((one) =>
      one.index === index ? events : (found.get(one.index)?.events ?? []),
    );
    const needs = new Set([
      index,
      ...stage.needs.flatMap((one) => [...(found.get(one)?.needs ?? [])]),
    ]);
    found.set(index, { stage, files, events, commands: events.filter(isCommand), chain, needs });
  }
  return found;
}

interface StageFindings {
  readonly installs: readonly PackageInstall[];
  readonly fetches: readonly Fetch[];
  readonly judged: ReadonlySet<CommandEvent>;
}

/** What a stage installs and fetches. */
function findIn({ stage, files, chain }: StageRead, first: ReadStage | undefined): StageFindings {
  const sources = new AptSources();
  const before: CommandEvent[] = [];
  const installs: PackageInstall[] = [];
  const fetches: Fetch[] = [];
  const judged = new Set<CommandEvent>();
  for (const event of chain) {
    sources.follow(event, files);
    if (!isCommand(event)) {
      if (event.stage === stage.index)
        fetches.push(...addFetches(event), ...uncheckedFiles(event, files));
      continue;
    }
    if (event.stage === stage.index) {
      const found = installsOf(event, before, files, sources.isFrozen(first?.base));
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
function triggered(stages: readonly ReadStage[]): readonly UnreadLine[] {
  const byIndex = new Map(stages.map((stage) => [stage.index, stage]));
  return stages.flatMap(({ base, range }) => {
    const below = base.kind === 'stage' ? byIndex.get(base.index) : undefined;
    const isOwn = below?.instructions.some(({ instruction: { keyword } }) => keyword === 'ONBUILD');
    const isNamed = base.kind === 'image' && /[:-]onbuild\b/.test(base.image.text);
    return isOwn === true || isNamed
      ? [{ range, reason: 'the ONBUILD steps of its base run, and were not read' }]
      : [];
  });
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
  if (last !== undefined && stages.length > MAX_STAGES) {
    const unread = [{ range: last.range, reason: 'more stages than are read' }];
    return {
      analysis: { installs: [], downloads: [], unread },
      left: () => leftBehind([], new Map()),
    };
  }
  const lookups: LookupBudget = { steps: MAX_LOOKUPS };
  const budget: CommandBudget = { commands: MAX_COMMANDS, nextId: 1, unread: [] };
  const read = readStages(stages, buildArgs, context, budget, lookups);
  const unread: UnreadLine[] = stages.flatMap((stage) =>
    stage.instructions.flatMap(({ instruction: { range, shellError }, script }) =>
      // What goes through PowerShell or cmd is a command, and read as one.
      shellError === undefined || script !== undefined ? [] : [{ range, reason: shellError }],
    ),
  );
  unread.push(...budget.unread, ...triggered(stages));
  const found = new Map(
    [...read].map(([index, one]) => {
      const first = chainOf(index, (at) => read.get(at)?.stage)[0];
      return [index, findIn(one, first)];
    }),
  );
  const fetched = [...found.values()].flatMap(({ fetches }) => fetches).length;
  if (last !== undefined && (budget.commands <= 0 || fetched > MAX_JUDGED))
    unread.push({ range: last.range, reason: 'more commands and downloads than are read' });
  const downloads = [...read.values()].flatMap((one) => {
    const fetches = found.get(one.stage.index)?.fetches.slice(0, MAX_JUDGED) ?? [];
    const later = [...read.values()].flatMap(({ stage, needs, commands }) =>
      stage.index !== one.stage.index && needs.has(one.stage.index) ? commands : [],
    );
    return judgeFetches({ events: one.commands, fetches, files: one.files, later });
  });
  const said = new Set(unread.map(({ range }) => range.startLine));
  const lines = new Map<string, UnreadLine>();
  for (const one of read.values())
    for (const event of one.commands) {
      const isJudged = found.get(event.stage)?.judged.has(event) === true;
      const line = unreadCommand(event, { files: one.files, events: one.commands, isJudged });
      // What goes through no shell that is read is said once.
      if (line === undefined || said.has(line.range.startLine)) continue;
      const { range, reason, program, command, settle } = line;
      const plain = { range, reason, program, command, settle } as UnreadLine;
      const key = `${range.startLine} ${reason}`;
      if (lines.get(key)?.held !== undefined || !lines.has(key))
        lines.set(key, isHeld(line, one, downloads) ? { ...plain, held: true } : plain);
    }
  unread.push(...lines.values());
  if (last !== undefined && lookups.steps <= 0)
    unread.push({ range: last.range, reason: 'more files, and copies of them, than are followed' });
  const distinct = <T extends object>(all: readonly T[]): readonly T[] => [
    ...new Map(all.map((one) => [JSON.stringify(one), one])).values(),
  ];
  return {
    analysis: {
      installs: distinct([...found.values()].flatMap(({ installs }) => installs)),
      downloads: distinct(downloads),
      unread,
    },
    left: () => leftBehind(stages, read),
  };
}
