import { given, isObject } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import { byName } from '../lib/text.ts';
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

/** What own layers installed: the image's packages, except those with the base's version. */
export function lockedPackages(
  image: readonly Package[],
  base: readonly Package[],
): LockedPackages {
  const inherited = new Set(base.map((one) => `${one.type} ${lineOf(one)}`));
  const own = image.filter((one) => !inherited.has(`${one.type} ${lineOf(one)}`));
  const lines = [...groupBy(own, ({ type }) => type)].map(
    ([type, list]) => [type, [...new Set(list.map(lineOf))].sort()] as const,
  );
  return new Map(lines);
}

/** The version that an install got: in own layers, else in the base, which had it already. */
export function presentPackages(
  image: readonly Package[],
  base: readonly Package[],
): LockedPackages {
  const all = lockedPackages(image, []);
  const own = lockedPackages(image, base);
  const nameOf = (line: string): string => line.split(' ', 1)[0] ?? '';
  return new Map(
    [...all].map(([type, lines]) => {
      const mine = own.get(type) ?? [];
      const names = new Set(mine.map(nameOf));
      return [type, lines.filter((line) => mine.includes(line) || !names.has(nameOf(line)))];
    }),
  );
}

/** White space and control characters of a hostile record are written as in a URL. */
function lineOf({ name, version }: Package): string {
  const word = (text: string): string =>
    text
      .replaceAll(/\p{Cs}/gu, '\ufffd')
      .replaceAll(/[\s%\u0000-\u001f\u007f-\u009f\p{Cf}]/gu, encodeURIComponent);
  return `${word(name === '' ? '-' : name)} ${word(version)}`;
}

/** What the build fetched itself. An address with a secret is listed apart, masked. */
export function lockedRemotes(materials: readonly Material[]): {
  readonly remotes: ReadonlyMap<string, string>;
  readonly secret: readonly string[];
} {
  const remotes = new Map<string, string>();
  const secret: string[] = [];
  for (const { uri, digest } of materials) {
    const { sha256 = '', sha1 = '' } = digest;
    const isFile = /^[0-9a-f]{64}$/.test(sha256);
    if (!/^(?:https?|git|ssh):\/\/\S+$/.test(uri) || !(isFile || /^[0-9a-f]{40}$/.test(sha1)))
      continue;
    if (maskText(uri) === uri && !SECRET_PARAMETER.test(uri))
      remotes.set(uri, isFile ? `sha256:${sha256}` : `sha1:${sha1}`);
    else secret.push(maskText(uri.replace(/\?.*/s, '?…')));
  }
  return { remotes, secret };
}

const SECRET_PARAMETER = /[?&](?=[^?=&]*(?:sig|token|key|secret|passw|credential|auth))[^?=&]*=/i;

export interface LockRequest {
  readonly path: string;
  readonly before: LockFile | undefined;
  /** `--locked`: whatever differs is an error, and nothing is written. */
  readonly locked: boolean;
  readonly dockerfile: string | undefined;
  readonly normaliser: string;
}

export interface PlannedLock extends LockRequest {
  /** What is known before the build, as a lock without packages and remotes. */
  readonly now: LockFile;
  readonly drift: readonly LockChange[];
}

interface Known {
  readonly target: string | undefined;
  readonly needed: readonly NeededImage[];
  readonly resolved: readonly ResolvedImage[];
  readonly epoch: EpochDecision | undefined;
  readonly steady: SteadyInputs | undefined;
  readonly dockerfile: DockerfileModel | undefined;
}

/** Compares what is known before a build with its lock. Unused images of the lock are not drift. */
export function planLock(request: LockRequest, known: Known): PlannedLock {
  const { before, dockerfile, normaliser } = request;
  const { target, needed, epoch } = known;
  const names = needed.map(({ reference }) => formatReference(reference));
  const found = new Map(known.resolved.map((image) => [image.name, image]));
  const images = new Map<string, LockedImage>();
  for (const { reference } of needed) {
    const image = found.get(formatReference(reference));
    const digest = reference.digest ?? image?.digest;
    // One whose digest was not found is left out.
    if (digest === undefined) continue;
    const local = reference.digest === undefined && image?.local === true;
    const platforms = image?.platforms ?? new Map<string, Digest>();
    images.set(formatReference(reference), { digest, local, platforms });
  }
  // The reason stays the one that the lock gives while the time is its own.
  const kept = before?.epoch?.seconds === epoch?.seconds ? before?.epoch : undefined;
  const now: LockFile = {
    ...given({
      dockerfile,
      target: target === '' ? undefined : target,
      epoch: epoch && (kept ?? { seconds: epoch.seconds, reason: epoch.reason }),
      start: known.steady?.start,
    }),
    images,
    builder: {},
    normaliser,
    snapshots: snapshotsOf(known.dockerfile),
    remotes: new Map(),
    packages: new Map(),
  };
  if (before === undefined) return { ...request, now, drift: [] };
  const used = {
    ...before,
    images: new Map([...before.images].filter(([name]) => images.has(name))),
    remotes: now.remotes,
    packages: now.packages,
  };
  const unresolved = names
    .filter((name) => !before.images.has(name) && !images.has(name))
    .map((name): LockChange => ({ subject: 'image', name, after: 'its digest is not known' }));
  // What RUNs fetch is known when they have run.
  const drift = lockChanges(used, { ...now, ...given({ fetches: before.fetches }) });
  return { ...request, now, drift: [...drift, ...unresolved] };
}

/** The lock with what it lacked added. Its entries stay, even where the build had others. */
export function completed(before: LockFile, built: LockFile): LockFile {
  return {
    ...before,
    images: new Map([...built.images, ...before.images]),
    ...given({ start: before.start ?? built.start }),
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

/** Dates of frozen package mirrors: `snapshot.debian.org/debian 20260301T000000Z`. */
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
  const contents = heredocs.map(({ content }) => content);
  return [rawArguments, ...contents, ...words, ...values, values.join(' ')];
}

const HEAD = `What this image takes from outside: keep it in git beside the Dockerfile. \`scoville lock\` refreshes it (docs/lock.md).`;

/** The lock as YAML, its keys in one order, names sorted: the same lock gives the same text. */
export async function lockText(lock: LockFile): Promise<string> {
  const { Document } = await import('yaml');
  const document = new Document(written({ schemaVersion: LOCK_SCHEMA_VERSION, ...lock }), {
    aliasDuplicateObjects: false,
  });
  document.commentBefore = ` ${HEAD}`;
  return document.toString({ lineWidth: 0 });
}

const ORDER =
  `schemaVersion dockerfile target images epoch seconds reason start builder docker buildx
  buildkit frontend normaliser snapshots remotes packages fetches address method request status
  digest local platforms size headers incomplete`.split(/\s+/);

/** As it is written: keys in their order, names sorted, and what is empty left out. */
function written(value: unknown, key = ''): unknown {
  if (value === undefined) return undefined;
  if (key === 'start') return rfc3339(Number(value));
  if (Array.isArray(value)) return value.map((one) => written(one));
  const names = key === 'headers' ? new Map(Object.entries(value as object)) : value;
  // A name stays: of a platform where nothing was installed, the packages are known to be none.
  if (names instanceof Map)
    return new Map(byName(names as Texts).map(([name, one]) => [name, written(one)]));
  if (!isObject(value)) return value;
  const parts = ORDER.map((name) => [name, written(value[name], name)] as const);
  // A build that was recorded and fetched nothing is another than one that was not.
  return Object.fromEntries(
    parts.filter(([name, one]) => (name === 'fetches' ? one !== undefined : !isEmpty(one))),
  );
}

type Texts = ReadonlyMap<string, unknown>;

function isEmpty(value: unknown): boolean {
  if (value instanceof Map) return value.size === 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === false;
}
