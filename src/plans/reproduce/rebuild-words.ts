import { byCodeUnit } from '../../model/order.ts';
import type { RecordedBuild, RecordedMount } from '../../model/recorded-build.ts';
import { CLOCK_CONTEXT } from '../hermetic/sent-dockerfile.ts';

/** What the user gives, since provenance does not contain it. */
export interface GivenInputs {
  /** `NAME=VALUE`. */
  readonly buildArgs: readonly string[];
  /** As `--secret` takes them: `id=...,src=...`. */
  readonly secrets: readonly string[];
  readonly ssh: readonly string[];
}

/** A recorded build as flags of `scoville build`. */
export interface RebuildWords {
  readonly words: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Why it cannot be built again as it was; empty where it can. */
  readonly obstacles: readonly string[];
  /** What can change the image though all else is the same; a difference then proves nothing. */
  readonly doubts: readonly string[];
}

/** As `SecretMask` of the provenance's writer puts it. */
const MASK = '[masked]';
/** They change where a build fetches from, not what it is; a stranger's proxy is not used. */
const PROXY = /^(?:https?|ftp|all|no)_proxy$/i;
/** Attributes that leave the image as it is, or that are planned again. */
const WITHOUT_EFFECT =
  /^(?:no-cache|frontend\.caps|image-resolve-mode|cache-from|cache-imports|cache-to|multi-platform|platform|filename|cmdline|source|cgroup-parent|vcs:.*|attest:.*|local-sessionid:.*|localsessionid:.*|contextkey|dockerfilekey|contextsubdir)$/;

/** Flags for the same build, and its obstacles. Pure; hostile `record` text stays in one word. */
export function rebuildWords(record: RecordedBuild, given: GivenInputs): RebuildWords {
  const words: string[] = [];
  const labels: Record<string, string> = {};
  const obstacles = [
    ...record.otherLocals
      .filter((name) => name !== CLOCK_CONTEXT)
      .map((name) => `it was given the folder ${shown(name)}`),
  ];
  const own = new Set(given.buildArgs.map((text) => text.split('=', 1)[0] ?? ''));
  for (const [key, value] of Object.entries(record.args).sort(([a], [b]) => byCodeUnit(a, b))) {
    const [kind, name] = split(key);
    const isMasked = value.includes(MASK);
    if (kind === 'build-arg' && (PROXY.test(name) || own.has(name))) continue;
    if (isMasked) obstacles.push(`the value of ${shown(key)} is masked`);
    else if (kind === 'build-arg') words.push(...buildArg(record, name, value));
    else if (kind === 'label') setOwn(labels, name, value);
    else if (kind === 'context' && name === CLOCK_CONTEXT) continue;
    else if (kind === 'context') words.push(...imageContext(name, value, obstacles));
    else words.push(...attribute(key, value, obstacles));
  }
  obstacles.push(...ungiven('secret', record.secrets, given.secrets.map(idOf)));
  obstacles.push(...ungiven('SSH agent', record.ssh, given.ssh.map(sshId)));
  if (!record.isComplete) obstacles.push('the provenance leaves build arguments out (mode=min)');
  return {
    words: [
      ...words,
      ...given.buildArgs.map((text) => `--build-arg=${text}`),
      ...given.secrets.map((text) => `--secret=${text}`),
      ...given.ssh.map((text) => `--ssh=${text}`),
    ],
    labels,
    obstacles,
    doubts: record.secrets
      .filter(({ id, optional }) => optional && !given.secrets.map(idOf).includes(id))
      .map(({ id }) => `it may have been given the secret ${shown(id)}`),
  };
}

function split(key: string): readonly [string, string] {
  const colon = key.indexOf(':');
  return colon < 0 ? [key, ''] : [key.slice(0, colon), key.slice(colon + 1)];
}

/** Our record sets the epoch of our builds; buildx adds it to the arguments automatically. */
function buildArg({ builder }: RecordedBuild, name: string, value: string): readonly string[] {
  if (name === 'SOURCE_DATE_EPOCH' && builder === 'scoville') return [];
  return [`--build-arg=${name}=${value}`];
}

/** Anyone can get an image that replaces a name, but not the publisher's folder or repository. */
function imageContext(name: string, value: string, obstacles: string[]): readonly string[] {
  if (value.startsWith('docker-image://') && /^[\w./:@-]+$/.test(name))
    return [`--build-context=${name}=${value}`];
  obstacles.push(`it was given the context ${shown(name)}`);
  return [];
}

function attribute(key: string, value: string, obstacles: string[]): readonly string[] {
  if (WITHOUT_EFFECT.test(key)) return [];
  if (key === 'target') return [`--target=${value}`];
  if (key === 'shm-size') return [`--shm-size=${value}`];
  if (key === 'ulimit') return value.split(',').map((one) => `--ulimit=${one}`);
  if (key === 'add-hosts')
    return value.split(',').map((one) => `--add-host=${one.replace('=', ':')}`);
  if (key === 'force-network-mode' && value === 'none') return ['--network=none'];
  if (key === 'force-network-mode' && value !== 'host') return [];
  obstacles.push(
    key === 'force-network-mode'
      ? 'it was built in the network of its host, which a stranger’s build is not given'
      : `it was built with ${shown(key)}, which cannot be repeated`,
  );
  return [];
}

function ungiven(
  what: string,
  wanted: readonly RecordedMount[],
  given: readonly string[],
): readonly string[] {
  return wanted
    .filter(({ id, optional }) => !optional && !given.includes(id))
    .map(({ id }) => `it was given the ${what} ${shown(id)}`);
}

function idOf(secret: string): string {
  return /(?:^|,)id=([^,]*)/.exec(secret)?.[1] ?? '';
}

function sshId(text: string): string {
  return text.split('=', 1)[0] ?? '';
}

function setOwn(record: Record<string, string>, key: string, value: string): void {
  Object.defineProperty(record, key, { value, enumerable: true, configurable: true });
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
