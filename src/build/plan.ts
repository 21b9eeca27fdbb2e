import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { boolOf, lastValueOf } from '../cli/flag-table.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import type { BuildInvocation, BuildxFlag } from '../model/events.ts';
import type { SteadyInputs } from '../model/lock.ts';
import type { Settings } from '../model/settings.ts';
import type { EpochDecision, PlannedAnnotations } from './annotations.ts';
import { attestationFlag, type AttestPlan } from './attest-plan.ts';
import { csvField, type Destination, type ParsedBuild } from './command-line.ts';
import type { GitFacts } from './git.ts';
import type { NeededImage, Pin, ResolvedImage, SourcePolicy } from './images.ts';
import type { LockRequest, PlannedLock } from './plan-lock.ts';

export interface BuildInputs {
  readonly parsed: ParsedBuild;
  readonly settings: Settings;
  readonly git: GitFacts | undefined;
  /** Undefined where the Dockerfile cannot be read: a URL or stdin as context. */
  readonly dockerfile: DockerfileModel | undefined;
  readonly resolved: readonly ResolvedImage[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly contextName: string | undefined;
  /** Milliseconds since 1970; used where nothing else dates the image. */
  readonly now: number;
  /** Seconds since 1970: when the first build of this began. */
  readonly startedAt: number;
  /** The build's own folder. */
  readonly layout: string;
  /** What docker leaves in the engine of a build that is pushed: its classic store has no index. */
  readonly keepsPushed?: 'all' | 'one-platform' | undefined;
  readonly lock?: LockRequest | undefined;
  /** For a rebuild of a published image: its own recorded values, instead of git and settings. */
  readonly recorded?: RecordedValues | undefined;
}

export interface RecordedValues {
  readonly epoch: EpochDecision | undefined;
  readonly steady: SteadyInputs | undefined;
  /** RFC 3339. */
  readonly created: string;
  readonly annotations: PlannedAnnotations;
}

/** Progress display; BuildKit always gets rawjson. `quiet` prints the image ID, `none` nothing. */
export type ProgressStyle = (typeof STYLES)[number];

export interface BuildPlan {
  readonly kind: 'build';
  readonly invocation: BuildInvocation;
  readonly layout: string;
  readonly sourcePolicy: PlannedPolicy | undefined;
  /** Undefined where layers are not rewritten and the user set none. */
  readonly epoch: EpochDecision | undefined;
  readonly steady: SteadyInputs | undefined;
  /** `created` of config and annotations, RFC 3339. */
  readonly created: string;
  /** `os/arch[/variant]`; empty for the builder's own. */
  readonly platforms: readonly string[];
  readonly names: readonly string[];
  readonly destinations: readonly Destination[];
  readonly others?: BuildInvocation;
  readonly compression: string | undefined;
  readonly annotations: PlannedAnnotations;
  readonly attest: AttestPlan;
  /** RUNs are behind a proxy that records what they fetch, or replays what the lock has. */
  readonly hermetic: 'record' | 'replay' | undefined;
  readonly lock?: PlannedLock;
  readonly needed: readonly NeededImage[];
  readonly settings: Settings;
  readonly grade: boolean;
  readonly withInputs: boolean;
  readonly prove: boolean;
  readonly progress: ProgressStyle;
  readonly userFiles: { readonly iidFile?: string; readonly metadataFile?: string };
  readonly notices: readonly string[];
  /** What the context is a checkout of, in buildx' names. `-dirty` ends `revision`. */
  readonly vcs?: Readonly<Record<string, string>> & { readonly revision: string };
}

export interface PlannedPolicy {
  readonly policy: SourcePolicy;
  readonly pins: readonly Pin[];
}

/** buildx does the whole build; nothing is signed or graded. */
export interface PassthroughPlan {
  readonly kind: 'passthrough';
  readonly invocation: BuildInvocation;
  readonly reason: string;
}

/** Files of a build in its own folder, which is the layout too. */
export function metadataFileOf(layout: string): string {
  return join(layout, 'buildx-metadata.json');
}

/** Named for what it says: buildx may have been started by a plan that pinned other images. */
export function policyFileOf(layout: string, { policy }: PlannedPolicy) {
  const text = JSON.stringify(policy);
  const name = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { path: join(layout, `source-policy-${name}.json`), text };
}

/** Flags of the user that the pipeline answers itself, so that buildx must not. */
const ANSWERED_HERE = new Set(
  'output load push tag annotation quiet progress iidfile metadata-file'.split(' '),
);
/** Flags that would build again what was built a moment ago. */
export const NOT_AGAIN: ReadonlySet<string> = new Set('no-cache no-cache-filter pull'.split(' '));

/** Our flags first, so that the user's win. Into an OCI layout, own layers uncompressed. */
export function imageInvocation(
  parsed: ParsedBuild,
  ours: {
    readonly layout: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly attestFlags: readonly BuildxFlag[];
    readonly env: BuildInvocation['env'];
  },
): BuildInvocation {
  return {
    outputs: [layoutOutput(ours.layout)],
    metadataFile: metadataFileOf(ours.layout),
    flags: [
      ...ours.attestFlags,
      ...Object.entries(ours.labels).map(([key, value]) => flag('label', `${key}=${value}`)),
      ...parsed.flags.filter((one) => !isAnsweredHere(one) && attestationFlag(one) === undefined),
    ],
    context: parsed.context,
    env: ours.env,
  };
}

/** Outputs that are not images, made of what the build of the image has left in the cache. */
export function otherOutputs(
  { flags, context }: ParsedBuild,
  outputs: readonly string[],
  env: BuildInvocation['env'],
): BuildInvocation {
  const kept = flags.filter((one) => !isAnsweredHere(one) && !NOT_AGAIN.has(one.name ?? ''));
  return { outputs, flags: kept, context, env };
}

export function layoutOutput(
  directory: string,
  attributes: readonly string[] = ['compression=uncompressed'],
): string {
  return ['type=oci', `dest=${directory}`, 'tar=false', ...attributes].map(csvField).join(',');
}

export function flag(name: string, value: string): BuildxFlag {
  return { name, value };
}

/** Folder of a `--build-context NAME=VALUE`; undefined for an image, layout, stage or address. */
export function namedContext(
  one: BuildxFlag,
): { readonly name: string; readonly path: string } | undefined {
  if (one.name !== 'build-context') return undefined;
  const [, name, path] = /^([^=]*)=(.*)$/s.exec(one.value) ?? [];
  if (name === undefined || path === undefined || path === '') return undefined;
  return /^(?:[a-z-]+:\/\/|target:|git@|github\.com\/)/.test(path) ? undefined : { name, path };
}

function isAnsweredHere({ name }: BuildxFlag): boolean {
  return name !== undefined && ANSWERED_HERE.has(name);
}

const STYLES = ['auto', 'plain', 'tty', 'rawjson', 'quiet', 'none'] as const;

/** `--quiet`, `--progress`, else BUILDKIT_PROGRESS. Quiet goes with `auto` alone, as in buildx. */
export function progressStyle(
  parsed: ParsedBuild,
  env: Readonly<Record<string, string | undefined>>,
): Result<ProgressStyle> {
  return styleOf(lastValueOf(parsed, 'progress'), boolOf(parsed, 'quiet') === true, env);
}

export function styleOf(
  progress: string | undefined,
  quiet: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Result<ProgressStyle> {
  const given = progress === undefined || progress === '' ? 'auto' : progress;
  if (quiet || given === 'quiet')
    return ['auto', 'quiet', 'none'].includes(given)
      ? ok('quiet')
      : err(`progress=${given} and quiet cannot be used together`);
  const wanted = (given === 'auto' && env['BUILDKIT_PROGRESS']) || given;
  const style = STYLES.find((one) => one === wanted);
  if (style === undefined) return err(`invalid progress mode ${wanted}`);
  // By the variable it keeps progress quiet, and prints no ID.
  return ok(style === 'quiet' ? 'none' : style);
}
