import type { Descriptor } from './oci.ts';
import type { ReproMode } from './settings.ts';
import type { SteadyInputs } from './steady-inputs.ts';

/** Where a provenance says that the source of an image lies. */
export interface RecordedSource {
  /** As stated: an address of a git repository. */
  readonly url: string;
  /** Of the commit, as stated. */
  readonly revision: string;
  /** Folder of the context in the repository; empty for its root. */
  readonly context: string;
  /** The Dockerfile's path in the repository. */
  readonly dockerfile: string;
  /** BuildKit fetched it by itself: it leaves `.git` out, which a local folder has. */
  readonly byBuildKit: boolean;
  /** The working tree had changes that are in no commit. */
  readonly isDirty: boolean;
}

/** A secret or an agent of SSH that the build was given, by its id; values are in no provenance. */
export interface RecordedMount {
  readonly id: string;
  readonly optional: boolean;
}

/** What a provenance says of a build, as far as doing it again takes it. */
export interface RecordedBuild {
  /** Who made the image out of what BuildKit built: this program's normaliser, or nobody. */
  readonly builder: 'scoville' | 'buildkit';
  readonly source: RecordedSource | undefined;
  /** The frontend's attributes: `build-arg:NAME`, `label:NAME`, `target` and others. */
  readonly args: Readonly<Record<string, string>>;
  readonly secrets: readonly RecordedMount[];
  readonly ssh: readonly RecordedMount[];
  /** Names of the folders that were sent besides `context` and `dockerfile`. */
  readonly otherLocals: readonly string[];
  readonly materials: readonly {
    readonly uri: string;
    readonly digest: Readonly<Record<string, string>>;
  }[];
  readonly dockerfileText: string | undefined;
  /** False where arguments were left out (mode=min). */
  readonly isComplete: boolean;
  /** `os/arch[/variant]` that it was built on. */
  readonly platform: string | undefined;
  /** Rules that the layers were normalised by; undefined where they were not. */
  readonly normaliser: { readonly id: string; readonly mode: ReproMode } | undefined;
  /** What RUNs were given by `deterministic`; undefined where nothing. */
  readonly steady: SteadyInputs | undefined;
  /** The artifact beside the image that has what RUNs fetched; undefined where none is named. */
  readonly inputs: Descriptor | undefined;
  /** Seconds since 1970; undefined where none is recorded. */
  readonly epoch: number | undefined;
}
