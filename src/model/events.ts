import type { BuildAnalysis } from './build-analysis.ts';
import type { DockerfileModel } from './dockerfile.ts';
import type { Digest } from './reference.ts';
import type { Scorecard } from './scorecard.ts';
import type { Settings } from './settings.ts';

export type Phase =
  | 'plan'
  | 'open'
  | 'build'
  | 'normalise'
  | 'prove'
  | 'compare'
  | 'inspect'
  | 'verify'
  | 'attest'
  | 'grade'
  | 'gate'
  | 'load'
  | 'push'
  | 'copy';

/** Steps within phases with a line of their own in a checklist; several may run at once. */
export const PARTS = ['sbom', 'sign', 'scan'] as const;
export type Part = (typeof PARTS)[number];

/** A build step from BuildKit's progress stream. */
export interface BuildStep {
  readonly digest: string;
  readonly name: string;
  readonly state: 'started' | 'done' | 'cached' | 'failed';
  readonly seconds?: number;
  readonly error?: string;
}

/** Messages from the pipeline to a screen or a log; consumers switch over `kind`. */
export type PipelineEvent =
  /** What this run will do after its plan, in order, unless something stops it. */
  | { readonly kind: 'steps-planned'; readonly steps: readonly (Phase | Part)[] }
  | {
      readonly kind: 'part';
      readonly part: Part;
      readonly state: 'started' | 'done';
      /** Its subject, or its result. */
      readonly detail?: string;
      readonly seconds?: number;
    }
  | {
      readonly kind: 'phase-started';
      readonly phase: Phase;
      readonly detail?: string;
      /** Bytes to read. */
      readonly bytes?: number;
    }
  | {
      readonly kind: 'phase-done';
      readonly phase: Phase;
      readonly detail: string;
      readonly seconds: number;
      readonly cached?: boolean;
      readonly failed?: boolean;
    }
  | { readonly kind: 'phase-off'; readonly phase: Phase; readonly reason: string }
  /** buildx works: until it ends, nobody waits for what is done here. */
  | { readonly kind: 'buildx-started'; readonly settings: Settings }
  | { readonly kind: 'build-step'; readonly step: BuildStep }
  | { readonly kind: 'build-log'; readonly step: string; readonly text: string }
  /** Bytes moved by a build step, over all its downloads and uploads. */
  | {
      readonly kind: 'step-transfer';
      readonly step: string;
      readonly done: number;
      readonly total: number;
    }
  | { readonly kind: 'build-warning'; readonly text: string }
  /** A line of the build as in buildx's plain mode, including those of `raw`. */
  | { readonly kind: 'build-line'; readonly text: string }
  /** A line of BuildKit's rawjson stream, for `--progress=rawjson`. */
  | { readonly kind: 'build-json'; readonly text: string }
  /** A line of buildx outside its progress: errors with the Dockerfile around them. */
  | { readonly kind: 'raw'; readonly text: string }
  | {
      readonly kind: 'transfer';
      readonly phase: 'load' | 'push' | 'copy' | 'normalise';
      readonly digest: Digest;
      readonly done: number;
      readonly total: number;
    }
  | {
      readonly kind: 'file-normalised';
      readonly layer: Digest;
      readonly path: string;
      readonly rule: string;
    }
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string; readonly nextStep?: string }
  /** Before the verdict is signed; not where the last one was recalled. */
  | { readonly kind: 'scored'; readonly scorecard: Scorecard; readonly settings: Settings }
  | {
      readonly kind: 'judged';
      readonly scorecard: Scorecard;
      readonly unchanged: boolean;
      /** Of the gate. */
      readonly isShort: boolean;
      readonly settings: Settings;
    };

export type EventSink = (event: PipelineEvent) => void;

/** A flag for buildx: name and value of a known one, or another as typed. */
export type BuildxFlag =
  | { readonly name: string; readonly value: string }
  | { readonly name: undefined; readonly words: readonly string[] };

export type Flagged = Pick<BuildInvocation, 'flags'>;

/** A call of `docker buildx build` as data; tools/buildx makes the words. */
export interface BuildInvocation {
  /** Our values of `--output`; the user's are in `flags` if buildx does the whole build. */
  readonly outputs: readonly string[];
  /** `--metadata-file` that is ours. */
  readonly metadataFile?: string;
  /** In order: the last of a flag with one value counts. */
  readonly flags: readonly BuildxFlag[];
  /** PATH, URL or `-`. */
  readonly context: string;
  /** To add to the environment of buildx. */
  readonly env: Readonly<Record<string, string>>;
}

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
  /** Undefined where the definition does not set it. */
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

/** A target of the same bake that another uses as named context (`target:NAME`), as built. */
export interface LinkedTarget {
  /** Name of the context. */
  readonly context: string;
  /** Name of the target. */
  readonly target: string;
  /** Of the target's index. */
  readonly digest: Digest;
  /** diffIDs of its layers, base first, a list a platform. */
  readonly layers: readonly (readonly Digest[])[];
  /** Undefined where its Dockerfile is unknown. */
  readonly dockerfile: DockerfileModel | undefined;
  readonly analysis: BuildAnalysis | undefined;
}

/** How a target ended. `held`: good enough, but not published since another target failed. */
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
