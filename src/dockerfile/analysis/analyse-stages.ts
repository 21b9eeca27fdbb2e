import type { BuildAnalysis, Download } from '../../model/build-analysis.ts';
import type { BuildContext } from '../../model/build-context.ts';
import { distinct } from '../../model/json-value.ts';
import type { LeftBehind } from '../../model/left-behind.ts';
import { chainOf } from '../../model/stage-chain.ts';
import type { TraceBudget } from '../shell/traced-command.ts';
import { type ReadStage, stageNamed } from '../stage-reader.ts';
import { type BuildEvent, type CommandEvent, stageEvents } from './build-event.ts';
import { checksIn } from './checks/check.ts';
import { type CopiedPaths, pathsThrough } from './checks/copied-paths.ts';
import { downloadKey, judgeDownload } from './checks/judge-downloads.ts';
import { withReplaced } from './checks/replaced-programs.ts';
import { addFetches } from './fetches/add-fetches.ts';
import { cloudObjects } from './fetches/cloud-objects.ts';
import type { Fetch } from './fetches/fetch.ts';
import { fileFetches } from './fetches/file-fetches.ts';
import { gitFetches } from './fetches/git-fetches.ts';
import { keyFetches } from './fetches/key-fetches.ts';
import { namedFetches } from './fetches/named-fetches.ts';
import { packageFetches } from './fetches/package-addresses.ts';
import { withPipedTarget } from './fetches/piped-target.ts';
import { registryPulls } from './fetches/registry-pulls.ts';
import { remoteCopies } from './fetches/remote-copies.ts';
import { scriptedFetches } from './fetches/scripted-fetches.ts';
import { isRead, socketFetches } from './fetches/socket-fetches.ts';
import { windowsFetches } from './fetches/windows-fetches.ts';
import { type StageInstalls, stageInstalls } from './installs/stage-installs.ts';
import { uncheckedPackages } from './installs/unchecked-packages.ts';
import { leftBehind } from './left/left-behind.ts';
import { type LookupBudget, StageFiles } from './stage-files.ts';
import { unreadCommands } from './unread-commands.ts';

/** Far above what any Dockerfile runs; a hostile one ends here and counts as unread. */
const MAX_COMMANDS = 4000;
/** Of scripts in words, all together. */
const MAX_CHARACTERS = 262_144;
/** Stages that the target needs; no person writes as many. */
const MAX_STAGES = 400;
/** Of looking for files: less than a second. */
const MAX_LOOKUPS = 300_000;
/** Judging looks at each pair of download and check. */
const MAX_JUDGED = 300;

function isCommand(event: BuildEvent): event is CommandEvent {
  return event.kind === 'command';
}

/** The files of each stage, empty until its instructions are followed. */
function filesOf(
  stages: readonly ReadStage[],
  context: BuildContext | undefined,
  lookups: LookupBudget,
): ReadonlyMap<number, StageFiles> {
  const files = new Map<number, StageFiles>();
  for (const { index, base } of stages) {
    const below = base.kind === 'stage' ? files.get(base.index) : undefined;
    const earlier = stages.filter((one) => one.index < index);
    files.set(
      index,
      new StageFiles(context, lookups, below, (from) =>
        files.get(stageNamed(from, earlier)?.index ?? -1),
      ),
    );
  }
  return files;
}

const READERS = [
  fileFetches,
  gitFetches,
  packageFetches,
  remoteCopies,
  cloudObjects,
  scriptedFetches,
  windowsFetches,
  namedFetches,
  registryPulls,
  socketFetches,
  keyFetches,
  uncheckedPackages,
] as const;

function fetchesOf(event: BuildEvent): readonly Fetch[] {
  if (!isCommand(event)) return addFetches(event);
  return READERS.flatMap((of) => of(event));
}

/** Stages whose commands may verify what `stage` fetched: itself, and those that need it. */
function dependents(stage: number, stages: readonly ReadStage[]): ReadonlySet<number> {
  const found = new Set([stage]);
  for (const { index, needs } of stages) if (needs.some((n) => found.has(n))) found.add(index);
  return found;
}

/** What each stage fetches, where nothing is fetched unless something takes it. */
function stageFetches(staged: readonly BuildEvent[]): readonly Fetch[] {
  const commands = staged.filter(isCommand);
  return staged
    .flatMap(fetchesOf)
    .filter((fetch) => fetch.onlyIfRead !== true || isRead(fetch, commands))
    .map((fetch) => withPipedTarget(fetch, commands));
}

function downloadsIn(
  stages: readonly ReadStage[],
  events: ReadonlyMap<number, readonly BuildEvent[]>,
  installed: ReadonlyMap<number, StageInstalls>,
): readonly Download[] {
  const byKey = new Map<string, Download>();
  const fetched = new Map(
    stages.map(({ index }) => [
      index,
      [...stageFetches(events.get(index) ?? []), ...(installed.get(index)?.fetches ?? [])],
    ]),
  );
  const after = new Map(stages.map(({ index }) => [index, dependents(index, stages)]));
  const standsOn = (stage: number, other: number): boolean => after.get(other)?.has(stage) === true;
  const pathsOf = pathsThrough(stages, events);
  const copiedPaths = new Map<Fetch, CopiedPaths>();
  for (const fetch of [...fetched.values()].flat().slice(0, MAX_JUDGED))
    copiedPaths.set(fetch, pathsOf(fetch));
  for (const stage of stages) {
    const own = fetched.get(stage.index) ?? [];
    if (own.length === 0) continue;
    const near = [...(after.get(stage.index) ?? [])];
    const commands = near.flatMap((s) => (events.get(s) ?? []).filter(isCommand));
    const fetches = near.flatMap((s) => fetched.get(s) ?? []).slice(0, MAX_JUDGED);
    const checks = checksIn(commands, MAX_JUDGED);
    const around = { events: commands, checks, fetches, copiedPaths, standsOn };
    for (const fetch of own.slice(0, MAX_JUDGED)) {
      const download = judgeDownload(fetch, around);
      const key = downloadKey(download);
      const known = byKey.get(key);
      // One line that runs twice (a loop, a branch) counts once, by its worst run.
      if (known === undefined || known.verifiedBy !== undefined) byKey.set(key, download);
    }
  }
  return [...byKey.values()];
}

/** Stages whose base, even in the same file, has ONBUILD steps: BuildKit runs them in the stage. */
function triggered(
  stages: readonly ReadStage[],
  byIndex: ReadonlyMap<number, ReadStage>,
): BuildAnalysis['unread'] {
  return stages.flatMap(({ base, range }) => {
    const below = base.kind === 'stage' ? byIndex.get(base.index) : undefined;
    const isOwn = below?.instructions.some(({ instruction: { keyword } }) => keyword === 'ONBUILD');
    const isNamed = base.kind === 'image' && /[:-]onbuild\b/.test(base.image.text);
    return isOwn === true || isNamed
      ? [{ range, reason: 'the ONBUILD steps of its base run, and were not read' }]
      : [];
  });
}

/** What each stage does; what a base stage replaced stays replaced in those on it. */
function eventsOf(
  stages: readonly ReadStage[],
  of: (stage: ReadStage) => readonly BuildEvent[],
  files: (stage: ReadStage) => StageFiles,
): ReadonlyMap<number, readonly BuildEvent[]> {
  const replaced = new Map<number, Set<string>>();
  return new Map(
    stages.map((stage) => {
      const { index, base } = stage;
      const names = new Set(base.kind === 'stage' ? replaced.get(base.index) : []);
      replaced.set(index, names);
      return [index, withReplaced(of(stage), names, files(stage))];
    }),
  );
}

/** What stages do, and what they leave in the image: that is worked out once it is asked for. */
interface AnalysedStages {
  readonly analysis: BuildAnalysis;
  readonly left: () => LeftBehind;
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
    const analysis = { installs: [], downloads: [], unread };
    return { analysis, left: () => leftBehind([], new Map(), new Map()) };
  }
  const lookups: LookupBudget = { steps: MAX_LOOKUPS };
  const budget: TraceBudget = {
    commands: MAX_COMMANDS,
    characters: MAX_CHARACTERS,
    nextId: 1,
    unread: [],
  };
  const files = filesOf(stages, context, lookups);
  const filesIn = ({ index }: ReadStage): StageFiles =>
    files.get(index) ?? new StageFiles(context, lookups);
  const events = eventsOf(
    stages,
    (stage) => stageEvents(stage, { buildArgs, budget, files: filesIn(stage) }),
    filesIn,
  );
  const unread: BuildAnalysis['unread'][number][] = stages.flatMap((stage) =>
    stage.instructions.flatMap(({ instruction: { range, shellError }, script }) =>
      // What goes through PowerShell or cmd is a command, and read as one.
      shellError === undefined || script !== undefined ? [] : [{ range, reason: shellError }],
    ),
  );
  unread.push(...budget.unread);
  const fetched = [...events.values()].flat().flatMap(fetchesOf).length;
  if (last !== undefined && (budget.commands <= 0 || fetched > MAX_JUDGED))
    unread.push({ range: last.range, reason: 'more commands and downloads than are read' });
  const byIndex = new Map(stages.map((stage) => [stage.index, stage]));
  unread.push(...triggered(stages, byIndex));
  const isFetch = (event: CommandEvent): boolean => fetchesOf(event).length > 0;
  const installed = new Map(
    stages.map((stage) => [stage.index, stageInstalls(stage, byIndex, events, files, isFetch)]),
  );
  const installs = [...installed.values()].flatMap((one) => one.installs);
  const downloads = downloadsIn(stages, events, installed);
  const chains = new Map(
    stages.map(({ index }) => [
      index,
      chainOf(index, (at) => byIndex.get(at)).map((stage) => stage.index),
    ]),
  );
  const around = {
    files,
    installing: new Set([...installed.values()].flatMap((one) => one.by)),
    downloads,
    chains,
    isFetch,
  };
  // What goes through no shell that is read is said once.
  const said = new Set(unread.map(({ range }) => range.startLine));
  const commands = unreadCommands([...events.values()].flat().filter(isCommand), around);
  unread.push(...commands.filter(({ range }) => !said.has(range.startLine)));
  if (last !== undefined && lookups.steps <= 0)
    unread.push({ range: last.range, reason: 'more files, and copies of them, than are followed' });
  return {
    analysis: { installs: distinct(installs), downloads, unread },
    left: () => leftBehind(stages, events, files),
  };
}
