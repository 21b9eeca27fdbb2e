import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { lastValueOf } from '../cli/flag-table.ts';
import { forgetFile, writeFileBeside } from '../config/project-files.ts';
import type { Scored, Shortfall } from '../criteria/score.ts';
import { boundKeptDaily } from '../image/caches.ts';
import { type BuildDirectory, openStore } from '../image/layout/store.ts';
import { diskErrorIn, messageOf, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { toolVersion } from '../lib/tool-versions.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Part, Phase } from '../model/events.ts';
import type { Descriptor } from '../model/image.ts';
import type { ReportInput } from '../model/report.ts';
import type { Settings } from '../model/settings.ts';
import { buildOnBases } from './build-on-bases.ts';
import { buildWords } from './buildx.ts';
import { keepLock } from './built-lock.ts';
import { attestImage, checkImage } from './check-and-attest.ts';
import type { ParsedBuild } from './command-line.ts';
import { gateImage, hasGate, isAsBefore, keepScorecard, lastScorecard } from './gate.ts';
import { headStartOf } from './head-start.ts';
import type { FinalImage } from './image-under-build.ts';
import { type BuildPlan, metadataFileOf, type PassthroughPlan } from './plan.ts';
import { askedMeanwhile, beginLoads, type Begun, loadsFirst, publish } from './publish.ts';
import { readBuild } from './read-build.ts';
import { runBuildKit } from './run-buildkit.ts';
import type { Attested, Build, Checked, PassedOn } from './states.ts';

/** Lets buildx alone run a build without an image, in the terminal. `words` follow `docker`. */
export async function passThrough(
  context: PipelineContext,
  words: readonly string[],
  stdin: Uint8Array | AsyncIterable<Uint8Array> | undefined,
): Promise<number> {
  // Without the plugin docker prints its own help of 90 lines.
  await toolVersion(context.run, 'buildx');
  const result = await context.run({
    command: 'docker',
    args: words,
    cwd: context.cwd,
    stdin: stdin ?? 'inherit',
    stdout: 'inherit',
    stderr: 'inherit',
    timeoutMs: { unlimited: 'a build runs as long as it runs' },
    signal: context.signal,
  });
  if (result.ended === 'exit') return result.exitCode;
  if (result.ended === 'not-found')
    throw new UserError('docker is not installed', { nextStep: 'scoville doctor' });
  context.signal.throwIfAborted();
  throw new UserError(`docker buildx build was ended (${result.ended})`);
}

function plannedSteps(build: Build): readonly (Phase | Part)[] {
  const { attest, grade, settings, destinations, prove } = build.plan;
  const loads = loadsFirst(build);
  const { scanner, gate } = settings;
  const goesTo = (kind: BuildPlan['destinations'][number]['kind']): boolean =>
    destinations.some((destination) => destination.kind === kind);
  const steps: readonly (readonly [Phase | Part, boolean])[] = [
    ['build', true],
    ['normalise', true],
    ['prove', prove],
    ...(loads.length > 0 ? ([['load', true]] as const) : []),
    ['inspect', true],
    ['sbom', attest.sign.on && attest.sbom.on],
    ['sign', attest.sign.on],
    ['attest', true],
    ['scan', grade && scanner !== 'none'],
    ['grade', true],
    ['gate', grade && hasGate(gate)],
    ['load', goesTo('docker') && loads.length === 0],
    ['push', goesTo('registry')],
  ];
  return steps.flatMap(([step, isOn]) => (isOn ? [step] : []));
}

export type BuildResult =
  | { readonly kind: 'planned'; readonly plan: BuildPlan | PassthroughPlan }
  | { readonly kind: 'buildx'; readonly exitCode: number }
  | {
      readonly kind: 'short';
      readonly report: ReportInput;
      readonly judged: JudgedBuild;
      readonly shortfalls: readonly Shortfall[];
    }
  | {
      readonly kind: 'done';
      readonly index: Descriptor;
      readonly names: readonly string[];
      readonly report: ReportInput | undefined;
      readonly judged: JudgedBuild;
    };

export interface JudgedBuild {
  readonly settings: Settings;
  readonly before: readonly Scored[] | undefined;
}

/** A build that is ready to leave the layout. Its holder must release it, published or not. */
export type HeldBuild = { readonly release: () => Promise<void> } & Judged;

type Judged =
  | { readonly kind: 'over'; readonly result: BuildResult }
  /** Judged and good enough, or a build without an image, which is not judged. */
  | {
      readonly kind: 'ready';
      readonly image:
        | {
            readonly build: Build;
            readonly index: Descriptor;
            readonly report: ReportInput | undefined;
          }
        | undefined;
      readonly deliver: () => Promise<BuildResult>;
    };

/**
 * `scoville build`. What ends before the last step leaves nothing pushed, and in Docker nothing
 * that a gate could forbid.
 */
export async function build(
  context: PipelineContext,
  parsed: ParsedBuild,
  stdin: AsyncIterable<Uint8Array>,
): Promise<BuildResult> {
  const held = await holdBuild(context, parsed, stdin);
  try {
    return held.kind === 'over' ? held.result : await held.deliver();
  } finally {
    await held.release();
  }
}

/** Builds up to publishing, which the caller decides. If it throws, nothing is left to release. */
export async function holdBuild(
  context: PipelineContext,
  parsed: ParsedBuild,
  stdin: AsyncIterable<Uint8Array>,
  together?: Build['together'],
): Promise<HeldBuild> {
  const store = await openStore(context.paths.store, context.now);
  const head = headStartOf(context.run);
  const directory: BuildDirectory = await store.newBuild(head?.takeFolder(() => directory.empty()));
  const release = async (): Promise<void> => {
    await directory.end();
    await store.tidy();
  };
  try {
    const request = { parsed, stdin, store, directory, ...given({ together }) };
    const planned = await readBuild(context, request);
    const held = parsed.own.dryRun
      ? over({ kind: 'planned', plan: planned.plan })
      : planned.kind === 'passthrough'
        ? passedOn(context, planned)
        : await runPhases(context, planned, directory);
    return { ...held, release };
  } catch (error) {
    // What buildx still writes would be left.
    await head?.end();
    await directory.end();
    throw diskErrorIn(directory.dir, error);
  }
}

async function runPhases(
  context: PipelineContext,
  planned: Build,
  directory: BuildDirectory,
): Promise<Judged> {
  await begin(context, planned);
  const asked = askedMeanwhile(context, planned);
  const built = await buildOnBases(asked.context, planned);
  if (typeof built === 'number') return over({ kind: 'buildx', exitCode: built });
  const checked = await checkImage(context, built);
  const begun = beginLoads(context, checked, asked.had());
  try {
    return await judgeChecked(context, checked, begun, directory);
  } catch (error) {
    await begun.sayLeft();
    throw error;
  }
}

async function judgeChecked(
  context: PipelineContext,
  checked: Checked,
  { loads, isUnderWay }: Begun,
  directory: BuildDirectory,
): Promise<Judged> {
  const attested = await attestImage(context, checked, isUnderWay);
  const { report, judged, shortfalls } = await holdAgainstGate(context, attested);
  if (report !== undefined && shortfalls.length > 0)
    return over({ kind: 'short', report, judged, shortfalls });
  // What is signed and judged while it loads is kept, whenever Ctrl-C comes: `publish` does so.
  const stop = (): void => {
    if (loads.size === 0) context.signal.throwIfAborted();
  };
  stop();
  await keepLock(context, attested);
  const { index } = attested.image;
  const { plan } = checked;
  const deliver = async (): Promise<BuildResult> => {
    stop();
    const exitCode = await runOthers(context, checked);
    if (exitCode !== 0) return { kind: 'buildx', exitCode };
    await publish(context, attested, directory, { loads });
    await writeUserFiles(context, plan, attested.image);
    await boundKeptDaily(context);
    return { kind: 'done', index, names: plan.names, report, judged };
  };
  return { kind: 'ready', image: { build: checked, index, report }, deliver };
}

function over(result: BuildResult): Judged {
  return { kind: 'over', result };
}

function passedOn(context: PipelineContext, { plan, source }: PassedOn): Judged {
  const deliver = async (): Promise<BuildResult> => {
    context.emit({
      kind: 'notice',
      text: `${plan.reason}: handed to docker buildx build, nothing is signed or graded`,
    });
    const exitCode = await passThrough(context, buildWords(plan.invocation), source.stdin);
    return { kind: 'buildx', exitCode };
  };
  return { kind: 'ready', image: undefined, deliver };
}

/** Says what comes, and refuses what would fail at the end of a long build. */
async function begin(context: PipelineContext, build: Build): Promise<void> {
  const { plan, source } = build;
  for (const text of plan.notices) context.emit({ kind: 'notice', text });
  const { withInputs, hermetic, attest, others } = plan;
  const refuse = (is: boolean, why: string, nextStep?: string): void => {
    if (is) throw new UserError(why, given({ nextStep }));
  };
  refuse(
    others !== undefined && source.kind === 'stdin-archive',
    'a context on stdin cannot be sent twice, for an image and for other outputs',
    'unpack it and name the folder, or ask for the outputs one by one',
  );
  refuse(
    withInputs && hermetic === undefined,
    '--with-inputs publishes what was recorded, and this build is not recorded',
    'add --record',
  );
  // What is published beside an image is named by its signed provenance.
  refuse(
    withInputs && !(attest.sign.on && attest.provenance.on),
    '--with-inputs needs a signature and provenance, which name what is published',
  );
  const { iidFile } = plan.userFiles;
  // As buildx does: what a build before has written must not be read after one that failed.
  if (iidFile !== undefined)
    await forgetFile(resolve(context.cwd, iidFile)).catch((cause: unknown) => {
      throw new UserError(`removing image ID file: ${messageOf(cause)}`, { cause });
    });
  context.emit({ kind: 'steps-planned', steps: plannedSteps(build) });
}

async function holdAgainstGate(
  context: PipelineContext,
  { plan, parsed, source, scorecard, contents }: Attested,
) {
  const { settings } = plan;
  const { dockerfilePath: dockerfile } = source;
  const target = lastValueOf(parsed, 'target');
  const before =
    dockerfile === undefined ? undefined : await lastScorecard(context, dockerfile, target);
  const judged = { settings, before: before?.criteria };
  if (scorecard === undefined) return { report: undefined, judged, shortfalls: [] };
  const { shortfalls, ...gate } = gateImage(context, settings.gate, scorecard);
  const unchanged = isAsBefore(scorecard, before);
  context.emit({ kind: 'judged', scorecard, unchanged, isShort: shortfalls.length > 0, settings });
  if (dockerfile !== undefined)
    await keepScorecard(context, { dockerfile, target, again: parsed.again }, scorecard);
  return { report: { scorecard, unchanged, contents, ...gate }, judged, shortfalls };
}

async function runOthers(context: PipelineContext, build: Build): Promise<number> {
  const { others } = build.plan;
  if (others === undefined) return 0;
  // Of several nodes buildx itself puts the files together, and what a RUN needs has been checked.
  const plan = { ...build.plan, invocation: others, platforms: [] };
  return (await runBuildKit(context, { ...build, plan })).exitCode;
}

/** Writes `--iidfile` and `--metadata-file` as buildx does, with the digest that was published. */
async function writeUserFiles(
  context: PipelineContext,
  plan: BuildPlan,
  { index, platforms: [first, ...others] }: FinalImage,
): Promise<void> {
  const { iidFile, metadataFile } = plan.userFiles;
  if (iidFile !== undefined) await writeFileBeside(resolve(context.cwd, iidFile), index.digest);
  if (metadataFile === undefined) return;
  // eslint-disable-next-line no-restricted-syntax -- what buildx wrote on this machine
  const theirs = JSON.parse(await readFile(metadataFileOf(plan.layout), 'utf8')) as Record<
    string,
    unknown
  >;
  const metadata = {
    ...theirs,
    // Of one platform alone, as BuildKit has it.
    ...given({
      'containerimage.config.digest': others.length > 0 ? undefined : first?.manifest.config.digest,
    }),
    'containerimage.descriptor': index,
    'containerimage.digest': index.digest,
    ...(plan.names.length > 0 ? { 'image.name': plan.names.join(',') } : {}),
  };
  await writeFileBeside(resolve(context.cwd, metadataFile), JSON.stringify(metadata, null, 2));
}
