import { byName } from '../lib/text.ts';
import type { Fetch } from '../model/build-analysis.ts';
import type { DockerfileModel, Instruction } from '../model/dockerfile.ts';
import {
  LOCK_SCHEMA_VERSION,
  type LockChange,
  type LockedImage,
  type LockedPackages,
  type LockFile,
  type SteadyInputs,
} from '../model/lock.ts';
import type { Package } from '../model/packages.ts';
import { type Digest, formatReference } from '../model/reference.ts';
import type { Material } from '../model/statement.ts';
import { type EpochDecision, rfc3339 } from './annotations.ts';
import type { NeededImage, ResolvedImage } from './images.ts';
import { lockChanges } from './lock-changes.ts';
import { maskText } from './shown-command.ts';

/** The images of a build as the lock lists them; one whose digest was not found is left out. */
function lockedImages(
  needed: readonly NeededImage[],
  resolved: readonly ResolvedImage[],
): ReadonlyMap<string, LockedImage> {
  const found = new Map(resolved.map((image) => [image.name, image]));
  return new Map(
    needed.flatMap(({ reference }): [string, LockedImage][] => {
      const name = formatReference(reference);
      const image = found.get(name);
      const digest = reference.digest ?? image?.digest;
      if (digest === undefined) return [];
      const local = reference.digest === undefined && image?.local === true;
      return [[name, { digest, local, platforms: image?.platforms ?? new Map<string, Digest>() }]];
    }),
  );
}

/** What own layers installed: the image's packages, except those with the base's version. */
export function lockedPackages(
  image: readonly Package[],
  base: readonly Package[],
): LockedPackages {
  return byType(ownPackages(image, base));
}

/**
 * The version that an install command got: the one in the own layers, or in the base where they
 * lack the package. A package that the base has in the archive's version is not installed again.
 */
export function presentPackages(
  image: readonly Package[],
  base: readonly Package[],
): LockedPackages {
  const own = ownPackages(image, base);
  const names = new Set(own.map(({ type, name }) => `${type} ${name}`));
  return byType([...own, ...image.filter(({ type, name }) => !names.has(`${type} ${name}`))]);
}

function ownPackages(image: readonly Package[], base: readonly Package[]): readonly Package[] {
  const inherited = new Set(base.map(keyOf));
  return image.filter((one) => !inherited.has(keyOf(one)));
}

function byType(packages: readonly Package[]): LockedPackages {
  const types = new Map<string, Set<string>>();
  for (const one of packages) {
    const lines = types.get(one.type) ?? new Set();
    types.set(one.type, lines.add(lineOf(one)));
  }
  return new Map([...types].map(([type, lines]) => [type, [...lines].sort()]));
}

function keyOf(one: Package): string {
  return `${one.type} ${lineOf(one)}`;
}

/** White space and control characters of a hostile record are written as in a URL. */
function lineOf({ name, version }: Package): string {
  const word = (text: string): string =>
    text
      .replaceAll(/\p{Cs}/gu, '\ufffd')
      .replaceAll(/[\s%\u0000-\u001f\u007f-\u009f\p{Cf}]/gu, encodeURIComponent);
  return `${word(name === '' ? '-' : name)} ${word(version)}`;
}

/**
 * Files and repositories that the build fetched itself, by address. An address with a secret is
 * listed apart, masked.
 */
export function lockedRemotes(materials: readonly Material[]): {
  readonly remotes: ReadonlyMap<string, string>;
  readonly secret: readonly string[];
} {
  const all = materials.flatMap(({ uri, digest }): [string, string][] => {
    if (!/^(?:https?|git|ssh):\/\/\S+$/.test(uri)) return [];
    const { sha256, sha1 } = digest;
    if (sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256)) return [[uri, `sha256:${sha256}`]];
    return sha1 !== undefined && /^[0-9a-f]{40}$/.test(sha1) ? [[uri, `sha1:${sha1}`]] : [];
  });
  return {
    remotes: new Map(all.filter(([uri]) => !holdsSecret(uri))),
    secret: all.filter(([uri]) => holdsSecret(uri)).map(([uri]) => maskText(withoutQuery(uri))),
  };
}

/** A password, a token's shape, or a signed address: it must not get into git. */
function holdsSecret(uri: string): boolean {
  return (
    maskText(uri) !== uri ||
    /[?&](?=[^?=&]*(?:sig|token|key|secret|passw|credential|auth))[^?=&]*=/i.test(uri)
  );
}

function withoutQuery(uri: string): string {
  return uri.replace(/\?.*/s, '?…');
}

export interface LockRequest {
  readonly path: string;
  /** Its content; undefined where it does not exist yet, or where it is made again. */
  readonly before: LockFile | undefined;
  /** `--locked`: whatever differs is an error, and nothing is written. */
  readonly locked: boolean;
  readonly dockerfile: string | undefined;
  readonly normaliser: string;
}

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

/** The lock with what it lacked added. Its entries stay, even where the build had others. */
export function completed(before: LockFile, built: LockFile): LockFile {
  return {
    ...before,
    images: new Map([...built.images, ...before.images]),
    ...(built.start === undefined ? {} : { start: before.start ?? built.start }),
    remotes: new Map([...built.remotes, ...before.remotes]),
    packages: new Map([...built.packages, ...before.packages]),
    // Recorded on demand, and all together: what an earlier build fetched does not belong here.
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

const HEAD = `What this image takes from outside: keep it in git beside the Dockerfile. \`scoville lock\` refreshes it (docs/lock.md).`;

/** The lock as YAML, its keys in one order, names sorted: the same lock gives the same text. */
export async function lockText(lock: LockFile): Promise<string> {
  const { Document } = await import('yaml');
  const document = new Document(plainLock(lock), { aliasDuplicateObjects: false });
  document.commentBefore = ` ${HEAD}`;
  return document.toString({ lineWidth: 0 });
}

/** As maps in writing order; what is empty is left out. */
function plainLock(lock: LockFile): ReadonlyMap<string, unknown> {
  const { builder, epoch } = lock;
  const images = byName(lock.images).map(([name, image]): [string, unknown] => [
    name,
    filled([
      ['digest', image.digest],
      ['local', image.local ? true : undefined],
      ['platforms', mapOf(byName(image.platforms))],
    ]),
  ]);
  const packages = byName(lock.packages).map(([platform, types]): [string, unknown] => [
    platform,
    new Map(byName(types)),
  ]);
  // A build that was recorded and fetched nothing is another than one that was not.
  const fetches =
    lock.fetches &&
    new Map(byName(lock.fetches).map(([stage, list]) => [stage, list.map(plainFetch)]));
  return filled([
    ['schemaVersion', LOCK_SCHEMA_VERSION],
    ['dockerfile', lock.dockerfile],
    ['target', lock.target],
    ['images', mapOf(images)],
    [
      'epoch',
      epoch === undefined
        ? undefined
        : new Map<string, unknown>([
            ['seconds', epoch.seconds],
            ['reason', epoch.reason],
          ]),
    ],
    ['start', lock.start === undefined ? undefined : rfc3339(lock.start)],
    [
      'builder',
      mapOf([
        ...filled([
          ['docker', builder.docker],
          ['buildx', builder.buildx],
          ['buildkit', builder.buildkit],
          ['frontend', builder.frontend],
        ]),
      ]),
    ],
    ['normaliser', lock.normaliser],
    ['snapshots', lock.snapshots.length === 0 ? undefined : lock.snapshots],
    ['remotes', mapOf(byName(lock.remotes))],
    // A platform of which nothing was installed stays: its packages are known to be none.
    ['packages', mapOf(packages)],
    ['fetches', fetches],
    ['incomplete', mapOf(byName(lock.incomplete ?? new Map<string, readonly string[]>()))],
  ]);
}

function plainFetch(fetch: Fetch): ReadonlyMap<string, unknown> {
  const { address, method, request, status, headers, digest, size } = fetch;
  return filled([
    ['address', address],
    ['method', method],
    ['request', request],
    ['status', status],
    ['digest', digest],
    ['size', size],
    ['headers', headers === undefined ? undefined : mapOf(byName(Object.entries(headers)))],
  ]);
}

function mapOf(
  entries: readonly (readonly [string, unknown])[],
): ReadonlyMap<string, unknown> | undefined {
  return entries.length === 0 ? undefined : new Map(entries);
}

function filled(entries: readonly (readonly [string, unknown])[]): ReadonlyMap<string, unknown> {
  return new Map(entries.filter(([, value]) => value !== undefined));
}
