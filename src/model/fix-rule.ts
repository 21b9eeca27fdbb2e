import type { BuildAnalysis } from './build-analysis.ts';
import type { Digest } from './digest.ts';
import type { DockerfileSource } from './dockerfile-source.ts';
import type { DockerfileModel } from './dockerfile.ts';
import type { LeftBehind } from './left-behind.ts';
import type { ImageConfig } from './oci.ts';
import type { Package } from './packages.ts';
import type { ProposedEdit, Refusal } from './planned-edit.ts';
import { formatReference, type ImageReference, withDefaultTag } from './reference.ts';
import type { Result } from './result.ts';

/** What is known of an image that a stage stands on. */
export interface BaseImage {
  readonly config: ImageConfig;
  /** Name to uid by its etc/passwd; undefined where it has none or its layers were not read. */
  readonly passwd?: Readonly<Record<string, number>>;
  readonly packages?: readonly Pick<Package, 'type' | 'name' | 'version'>[];
  /** Paths of its setuid and setgid files. */
  readonly elevated?: readonly string[];
  /** True where a path is in it; undefined where its layers were not read. */
  readonly has?: (path: string) => boolean;
}

/** A file that an address led to just now. */
export interface FetchedFile {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** Kinds of facts that rules ask for; each is gathered only where a wanted rule needs it. */
export type FixNeed = 'digests' | 'versions' | 'hashes' | 'bases' | 'context' | 'git';

/** A package that a build installed. */
export type InstalledVersion = Pick<Package, 'name' | 'version'> & { readonly type: string };

/** The name that identifies an image: by its tag, if any, whatever digest an edit has added. */
export function baseKey({ digest, ...reference }: ImageReference): string {
  const tagged = reference.tag === undefined && digest !== undefined;
  return formatReference(tagged ? { ...reference, digest } : withDefaultTag(reference));
}

/** What was found for the rules. An error says why it is unknown; absent if nobody asked for it. */
export interface FixFacts {
  /** Digests of images by full reference with its tag (`docker.io/library/node:22`). */
  readonly digests: ReadonlyMap<string, Result<Digest>>;
  /** Packages that a stage installed, or with a build all that it contains, by stage index. */
  readonly versions: ReadonlyMap<number, Result<readonly InstalledVersion[]>>;
  /** Files by address. */
  readonly hashes: ReadonlyMap<string, Result<FetchedFile>>;
  /** Images by `baseKey` of their reference. */
  readonly bases: ReadonlyMap<string, Result<BaseImage>>;
  /** Names at the top of the build context; undefined where it is not known. */
  readonly context: readonly string[] | undefined;
  /** Text of the ignore file that holds for this Dockerfile; undefined where there is none. */
  readonly ignoreFile: string | undefined;
  /** Address of the repository, for a label. */
  readonly repository: string | undefined;
}

export interface FixOptions {
  /** Ask again for digests of references that are pinned and have a tag. */
  readonly refresh: boolean;
  /** Freeze package archives at this date (`20261124T000000Z`) instead of pinning packages. */
  readonly freeze?: string;
  /** Where distroless images are: `gcr.io/distroless`, or a mirror of it. */
  readonly distroless: string;
}

export interface FixInput {
  readonly source: DockerfileSource;
  readonly model: DockerfileModel;
  readonly analysis: BuildAnalysis;
  /** What the build leaves in the image. */
  readonly left: () => LeftBehind;
  /** Indexes of the stages that the image is made of, base first. */
  readonly imageStages: readonly number[];
  /** Names of the arguments that `--build-arg` gives. */
  readonly givenArguments: readonly string[];
  /** Text of a file of the build context by its path in it; undefined where there is none. */
  readonly contextFile: (path: string) => string | undefined;
  readonly facts: FixFacts;
  readonly options: FixOptions;
}

export interface FixPlan {
  readonly edits: readonly ProposedEdit[];
  readonly refusals: readonly Omit<Refusal, 'rule' | 'criterion'>[];
}

interface Breakage {
  readonly what: string;
  readonly shownBy?: string;
}

/**
 * One remedy as edits: pure, and with nothing left to do where it has been applied. docs/fix.md has
 * a section about each.
 */
export interface FixRule {
  readonly id: string;
  readonly title?: string;
  readonly help?: string;
  readonly breaks?: readonly Breakage[];
  /** The criterion that it serves. */
  readonly criterion?: string;
  /** The `scoville lint` rule whose ignore comments apply to it, if that is not the criterion. */
  readonly lint?: string;
  readonly needs: readonly FixNeed[];
  readonly plan: (input: FixInput) => FixPlan;
}
