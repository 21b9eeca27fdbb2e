import type { LayoutStore } from '../image/layout/store.ts';
import type { TaggedManifest } from '../image/referrers.ts';
import type { BuildAnalysis, Recording, SharedRecordings } from '../model/build-analysis.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import type { LinkedTarget } from '../model/events.ts';
import type { Descriptor, Platform } from '../model/image.ts';
import type { LockFile } from '../model/lock.ts';
import type { ImageComparison, ImageContents } from '../model/report.ts';
import type { Scorecard } from '../model/scorecard.ts';
import type { FetchStore } from '../reproduce/fetch-store.ts';
import type { VexDocument } from '../scan/vex-documents.ts';
import type { SignedBases } from '../trust/bases.ts';
import type { ProfileFile } from '../trust/profile-artifact.ts';
import type { KeptAttachments } from '../trust/renew-verdict.ts';
import type { Signer } from '../trust/signer.ts';
import type { Builder } from './buildx.ts';
import type { ParsedBuild } from './command-line.ts';
import type { ContextSource } from './context-source.ts';
import type { DockerInfo } from './docker.ts';
import type { BuildTimes, BuiltPlatform, FinalImage } from './image-under-build.ts';
import type { FoundLock } from './lock-file.ts';
import type { BuildPlan, PassthroughPlan } from './plan.ts';
import type { FoundImage, Registries } from './registries.ts';

export interface PassedOn {
  readonly kind: 'passthrough';
  readonly plan: PassthroughPlan;
  readonly source: ContextSource;
}

export interface BuildEngine {
  /** Undefined where only a builder is there: a job in a cluster has no engine. */
  readonly docker: DockerInfo | undefined;
  /** `--builder` to add, where the engine's own cannot export. */
  readonly added: string | undefined;
  readonly name: string | undefined;
  /** The builder that the user chose, where it is not the engine itself. */
  readonly elsewhere: Builder | undefined;
  readonly seesLocal: boolean;
  readonly platform: Platform;
}

/** Read and planned: all that is known before BuildKit starts. */
export interface Build {
  readonly kind: 'build';
  readonly plan: BuildPlan;
  readonly parsed: ParsedBuild;
  readonly source: ContextSource;
  readonly dockerfile: DockerfileModel | undefined;
  /** What the Dockerfile and the files of its context say, as they are when it is first asked. */
  readonly analysis: () => BuildAnalysis | undefined;
  readonly store: LayoutStore;
  readonly engine: BuildEngine;
  readonly images: readonly FoundImage[];
  readonly registries: Registries;
  readonly lock: FoundLock | undefined;
  /** What is promised of vulnerabilities; empty where nothing is graded. */
  readonly vex: readonly VexDocument[];
  /** Security profiles to attach; none where nothing is signed. */
  readonly profiles: readonly ProfileFile[];
  readonly together: {
    readonly linked: readonly LinkedTarget[];
    /** By lock file, what they have recorded so far; each adds to it. Undefined alone. */
    readonly shared: SharedRecordings | undefined;
  };
  readonly attached: Attached;
}

export const ALONE: Build['together'] = { linked: [], shared: undefined };

/** What a build that is done again has other than the first one. */
interface Attached {
  /** What RUNs are given, from the lock's own store where none is named. */
  readonly replayed:
    { readonly recording: Recording; readonly store: FetchStore | undefined } | undefined;
  /** The folder of another clock for RUNs. */
  readonly clock: string | undefined;
  /** The context lies elsewhere, with other times and another umask. */
  readonly elsewhere: boolean;
}

export const NOTHING_ATTACHED: Attached = {
  replayed: undefined,
  clock: undefined,
  elsewhere: false,
};

export interface Built extends Build {
  readonly exported: readonly BuiltPlatform[];
  readonly recording: Recording | undefined;
  readonly times: BuildTimes;
  readonly bases: SignedBases;
  readonly signer: Signer | undefined;
}

export type Proof = Pick<ImageComparison, 'reproducible' | 'differences' | 'source'>;

/** Layers are rewritten; nothing forbids to sign the image. */
export interface Checked extends Built {
  readonly image: FinalImage;
  /** What to keep in the lock file; undefined where there is none to write. */
  readonly builtLock: LockFile | undefined;
  readonly proof: Proof | undefined;
}

/** Looked up when the image may go to Docker already. */
export interface Attesting extends Checked {
  /** What is attached to the image already and stays. */
  readonly kept: KeptAttachments;
}

/** What an image carries when it is published, and how it was judged. */
export interface AttestedImage {
  readonly referrers: readonly Descriptor[];
  readonly tagged: readonly TaggedManifest[];
  readonly scorecard: Scorecard | undefined;
  readonly contents: readonly ImageContents[];
}

export interface Attested extends Checked, AttestedImage {}
