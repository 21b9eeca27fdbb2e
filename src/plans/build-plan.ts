import { join } from 'node:path';
import type { BuildInvocation } from '../model/build-invocation.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import type { Settings } from '../model/settings.ts';
import type { SteadyInputs } from '../model/steady-inputs.ts';
import type { GitFacts, PlannedAnnotations } from './annotations.ts';
import type { AttestPlan } from './attest-plan.ts';
import type { EpochDecision } from './epoch.ts';
import type { NeededImage, ResolvedImage } from './external-images.ts';
import type { Destination } from './flags/output-plan.ts';
import type { ParsedBuild } from './flags/parse-build-args.ts';
import type { LockRequest, PlannedLock } from './lock/plan-lock.ts';
import type { Pin, SourcePolicy } from './source-policy.ts';

export interface BuildInputs {
  readonly parsed: ParsedBuild;
  /** With what the command line says above what files say. */
  readonly settings: Settings;
  readonly git: GitFacts | undefined;
  /** Undefined where the Dockerfile is not at hand: a URL or stdin as context. */
  readonly dockerfile: DockerfileModel | undefined;
  readonly resolved: readonly ResolvedImage[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Name of the context's folder, where it is one. */
  readonly contextName: string | undefined;
  /** Milliseconds since 1970; used where nothing else dates the image. */
  readonly now: number;
  /** Seconds since 1970: when the first build of this began. */
  readonly startedAt: number;
  readonly paths: BuildPaths;
  /** Where a lock file is enforced or written. */
  readonly lock?: LockRequest | undefined;
  /** For a rebuild of a published image: what it says of itself, instead of git and settings. */
  readonly recorded?: RecordedValues | undefined;
}

/** What a published image took from its surroundings. */
export interface RecordedValues {
  readonly epoch: EpochDecision | undefined;
  readonly steady: SteadyInputs | undefined;
  /** RFC 3339. */
  readonly created: string;
  readonly annotations: PlannedAnnotations;
}

/** Where the parts of one build are put. */
export interface BuildPaths {
  /** OCI layout directory that BuildKit exports into. */
  readonly layout: string;
  readonly metadataFile: string;
  readonly sourcePolicyFile: string;
}

/** Progress display; BuildKit always gets rawjson. `quiet` prints the image ID, `none` nothing. */
export type ProgressStyle = 'auto' | 'plain' | 'tty' | 'rawjson' | 'quiet' | 'none';

/** Everything that a build will do, before it does anything. */
export interface BuildPlan {
  readonly kind: 'build';
  readonly invocation: BuildInvocation;
  readonly layout: string;
  readonly metadataFile: string;
  /** Write it to `file` before the build. */
  readonly sourcePolicy: PlannedPolicy | undefined;
  /** Undefined where nothing is normalised and the user set none. */
  readonly epoch: EpochDecision | undefined;
  /** What RUNs are given, by `--repro=deterministic`. */
  readonly steady: SteadyInputs | undefined;
  /** `created` of config and annotations, RFC 3339. */
  readonly created: string;
  /** `os/arch[/variant]`; empty for the builder's own. */
  readonly platforms: readonly string[];
  /** Full names of the image. */
  readonly names: readonly string[];
  readonly destinations: readonly Destination[];
  /** For outputs that are not images, where the user wants some beside it. */
  readonly others?: BuildInvocation;
  /** `compression=` of an output, where the user gave one. */
  readonly compression: string | undefined;
  readonly annotations: PlannedAnnotations;
  readonly attest: AttestPlan;
  /** RUNs are behind a proxy that records what they fetch, or replays what the lock has. */
  readonly hermetic: 'record' | 'replay' | undefined;
  /** Absent where there is none and none is asked for. */
  readonly lock?: PlannedLock;
  readonly needed: readonly NeededImage[];
  readonly settings: Settings;
  /** Scan and grade the image. */
  readonly grade: boolean;
  /** Publish what was recorded beside the image. */
  readonly withInputs: boolean;
  /** Build once more elsewhere, and state what came of it. */
  readonly prove: boolean;
  readonly progress: ProgressStyle;
  /** The user's own files, written when the build is done. */
  readonly userFiles: { readonly iidFile?: string; readonly metadataFile?: string };
  /** Lines for stderr. */
  readonly notices: readonly string[];
  /**
   * What the context is a checkout of, by the names that buildx has for it: `source`, `revision`
   * with `-dirty` behind it where files differ from the commit, `localdir:context` and
   * `localdir:dockerfile`.
   */
  readonly vcs?: Readonly<Record<string, string>> & { readonly revision: string };
}

export interface PlannedPolicy {
  readonly file: string;
  readonly policy: SourcePolicy;
  readonly pins: readonly Pin[];
}

/** buildx does the whole build; nothing is signed or graded. */
export interface PassthroughPlan {
  readonly kind: 'passthrough';
  readonly invocation: BuildInvocation;
  /** One line for stderr. */
  readonly reason: string;
}

/** Where a build's files lie in its own folder, which is the layout too. */
export function buildPaths(directory: string): BuildPaths {
  return {
    layout: directory,
    metadataFile: join(directory, 'buildx-metadata.json'),
    sourcePolicyFile: join(directory, 'source-policy.json'),
  };
}
