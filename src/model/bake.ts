import type { BuildAnalysis } from './build-analysis.ts';
import type { Digest } from './digest.ts';
import type { DockerfileModel } from './dockerfile.ts';
import type { Scorecard } from './scorecard.ts';

/** A target as `docker buildx bake --print` resolves it: inheritance, overrides, variables. */
export interface BakeTarget {
  readonly name: string;
  /** Folder, URL; `.` where the definition names none. */
  readonly context: string;
  /** By name: a folder, a URL, `docker-image://`, `oci-layout://`, or `target:NAME`. */
  readonly contexts: Readonly<Record<string, string>>;
  /** Relative to the context. */
  readonly dockerfile: string;
  readonly inline?: string;
  readonly platforms: readonly string[];
  readonly tags: readonly string[];
  readonly entitlements: readonly string[];
  /** Undefined where the definition says nothing of it. */
  readonly outputs?: readonly string[];
  /** Everything else, as flags of `docker buildx build`. */
  readonly flags: readonly string[];
}

/** All targets that a bake builds, and those that they are built from. */
export interface BakeDefinition {
  readonly targets: ReadonlyMap<string, BakeTarget>;
  /** Those that were asked for, by name or through a group; the others are only built from. */
  readonly wanted: readonly string[];
}

/** A target of the same bake that a build takes as named context (`target:NAME`), as built. */
export interface LinkedTarget {
  /** Name of the context. */
  readonly context: string;
  /** Name of the target. */
  readonly target: string;
  /** Of its index. */
  readonly digest: Digest;
  /** diffIDs of its layers, base first, a list a platform. */
  readonly layers: readonly (readonly Digest[])[];
  /** Undefined where its Dockerfile is not at hand. */
  readonly dockerfile: DockerfileModel | undefined;
  readonly analysis: BuildAnalysis | undefined;
}

/** How a target ended. `held` is good enough, but was not published since another target failed. */
export type BakeState =
  'published' | 'built' | 'linked' | 'held' | 'short' | 'failed' | 'skipped' | 'planned';

/** What the table at the end says of one target. */
export interface BakeRow {
  readonly target: string;
  readonly state: BakeState;
  /** Why it was not published, in one line. */
  readonly reason?: string;
  readonly names: readonly string[];
  readonly digest?: Digest;
  readonly scorecard?: Scorecard;
}
