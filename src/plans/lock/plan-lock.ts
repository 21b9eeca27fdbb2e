import type { DockerfileModel, Instruction } from '../../model/dockerfile.ts';
import type { LockChange, LockFile } from '../../model/lock.ts';
import { formatReference } from '../../model/reference.ts';
import type { SteadyInputs } from '../../model/steady-inputs.ts';
import type { EpochDecision } from '../epoch.ts';
import type { NeededImage, ResolvedImage } from '../external-images.ts';
import { lockChanges } from './lock-changes.ts';
import { lockedImages } from './lock-contents.ts';

/** The lock that a build has to do with. */
export interface LockRequest {
  /** Absolute path of the file. */
  readonly path: string;
  /** What it holds; undefined where there is none yet, or where it is made again. */
  readonly before: LockFile | undefined;
  /** `--locked`: whatever differs is an error, and nothing is written. */
  readonly locked: boolean;
  /** Name of the Dockerfile; undefined where it has none. */
  readonly dockerfile: string | undefined;
  /** The normaliser's rules and their version. */
  readonly normaliser: string;
}

/** What a build does with its lock. */
export interface PlannedLock extends LockRequest {
  /** What is known before the build, as a lock without packages and remotes. */
  readonly now: LockFile;
  /** In what `now` is not as `before`. */
  readonly drift: readonly LockChange[];
}

/** Compares what is known before a build with its lock. Unused images of the lock are not drift. */
export function planLock(
  request: LockRequest,
  known: {
    readonly target: string | undefined;
    readonly needed: readonly NeededImage[];
    readonly resolved: readonly ResolvedImage[];
    readonly epoch: EpochDecision | undefined;
    readonly steady: SteadyInputs | undefined;
    readonly dockerfile: DockerfileModel | undefined;
  },
): PlannedLock {
  const { before, dockerfile } = request;
  const { target, epoch, steady } = known;
  const now: LockFile = {
    ...(dockerfile === undefined ? {} : { dockerfile }),
    ...(target === undefined || target === '' ? {} : { target }),
    images: lockedImages(known.needed, known.resolved),
    ...epochOf(epoch, before),
    ...(steady === undefined ? {} : { start: steady.start }),
    builder: {},
    normaliser: request.normaliser,
    snapshots: snapshotsOf(known.dockerfile),
    remotes: new Map(),
    packages: new Map(),
  };
  return {
    ...request,
    now,
    drift: before === undefined ? [] : driftOf(before, now, known.needed),
  };
}

function driftOf(
  before: LockFile,
  now: LockFile,
  needed: readonly NeededImage[],
): readonly LockChange[] {
  const names = needed.map(({ reference }) => formatReference(reference));
  const used = {
    ...before,
    images: new Map([...before.images].filter(([name]) => now.images.has(name))),
    remotes: now.remotes,
    packages: now.packages,
  };
  const unresolved = names
    .filter((name) => !before.images.has(name) && !now.images.has(name))
    .map((name): LockChange => ({ subject: 'image', name, after: 'its digest is not known' }));
  // What RUNs fetch is known when they have run.
  const known = before.fetches === undefined ? now : { ...now, fetches: before.fetches };
  return [...lockChanges(used, known), ...unresolved];
}

/** The reason stays the one that the lock gives while the time is its own. */
function epochOf(
  epoch: EpochDecision | undefined,
  before: LockFile | undefined,
): Pick<LockFile, 'epoch'> {
  if (epoch === undefined) return {};
  if (before?.epoch?.seconds === epoch.seconds) return { epoch: before.epoch };
  return { epoch: { seconds: epoch.seconds, reason: epoch.reason } };
}

/** The lock with what it lacks put in; what it holds stays, though the build had it otherwise. */
export function completed(before: LockFile, built: LockFile): LockFile {
  return {
    ...before,
    images: new Map([...built.images, ...before.images]),
    ...(built.start === undefined ? {} : { start: before.start ?? built.start }),
    remotes: new Map([...built.remotes, ...before.remotes]),
    packages: new Map([...built.packages, ...before.packages]),
    // Recorded on demand, and all together: what a build before fetched is no part of this one.
    ...(built.fetches === undefined
      ? {}
      : { fetches: built.fetches, incomplete: built.incomplete ?? new Map<string, string[]>() }),
  };
}

/** True for what is put into the lock rather than reported as drift from it. */
export function isAddition({ subject, before }: LockChange): boolean {
  return before === undefined && ['image', 'start', 'remote', 'platform'].includes(subject);
}

/** Without target drift: a recording covers all recorded targets and has digests of RUN inputs. */
export function withoutTarget(drift: readonly LockChange[]): readonly LockChange[] {
  return drift.filter(({ subject }) => subject !== 'target');
}

const MIRROR =
  /\b(snapshot\.(?:debian\.org|ubuntu\.com))\/(?:archive\/)?([a-z][a-z-]*)\/(\d{8}(?:T\d{6}Z?)?)/g;
/** apt 3: `--snapshot DATE`, `APT::Snapshot "DATE";`. */
const APT = /(?:--snapshot[= ]|APT::Snapshot[\s="']+)(\d{8}T\d{6}Z)/g;
const MOST = 100;

/**
 * The dates at which the Dockerfile freezes package mirrors in the stages that are built, sorted:
 * `snapshot.debian.org/debian 20260301T000000Z`.
 */
export function snapshotsOf(model: DockerfileModel | undefined): readonly string[] {
  if (model === undefined) return [];
  const texts = model.reached.flatMap((i) =>
    (model.stages[i]?.instructions ?? []).flatMap(textsOf),
  );
  const found = texts.flatMap((text) => [
    ...[...text.matchAll(MIRROR)].map(
      ([, host = '', archive = '', date = '']) => `${host}/${archive} ${date}`,
    ),
    ...[...text.matchAll(APT)].map(([, date = '']) => `apt ${date}`),
  ]);
  return [...new Set(found)].sort().slice(0, MOST);
}

/** As written, and with ARG and ENV put in where they are known. */
function textsOf({ rawArguments, heredocs, commands, arguments: words }: Instruction): string[] {
  const values = commands.flatMap((command) => command.words.map(({ value }) => value ?? ''));
  return [
    rawArguments,
    ...heredocs.map(({ content }) => content),
    ...words,
    ...values,
    values.join(' '),
  ];
}
