import type { Digest } from './digest.ts';
import type { TarEntry } from './tar.ts';

/** In what an entry of two layers is not the same. */
export type DifferenceKind =
  | 'presence'
  | 'type'
  | 'content'
  | 'mode'
  | 'owner'
  | 'mtime'
  | 'link'
  | 'attributes'
  | 'device'
  | 'order';

/** All that a layer says of an entry; equal records mean equal tar bytes, except for the place. */
export interface EntryRecord extends Omit<TarEntry, 'name' | 'linkname' | 'typeflag'> {
  readonly path: string;
  readonly link: string;
  /** Of its content; undefined for what has none. */
  readonly content?: Digest;
}

/** An entry that is not the same in two layers; `undefined` on the side that lacks it. */
export interface EntryDifference {
  readonly path: string;
  readonly kinds: readonly DifferenceKind[];
  readonly first: EntryRecord | undefined;
  readonly second: EntryRecord | undefined;
}

/** What kind of file it is, by its first bytes, and where the two are not the same. */
export interface ContentDifference {
  readonly format:
    | 'gzip'
    | 'brotli'
    | 'zip'
    | 'tar'
    | 'ar'
    | 'elf'
    | 'pyc'
    | 'sqlite'
    | 'png'
    | 'pdf'
    | 'key'
    | 'text'
    | 'binary';
  /** One line, of names and numbers and at most a short piece of text. */
  readonly detail: string;
}

/** A stage of a Dockerfile that another one copies files from. */
export interface CopiedStage {
  /** As the COPY names it. */
  readonly name: string;
  /** Lines of the RUNs that can have written the file, from 1: its own, and of stages it needs. */
  readonly runLines: readonly number[];
  /** Of the instruction that wrote it, in whatever stage; absent where that is not known. */
  readonly line?: number;
}

/** A difference with its explanation. */
export interface ImageDifference {
  /** Digest of the first image's layer; undefined for differences outside the layers. */
  readonly layer: Digest | undefined;
  /** Place of the layer, from 0; undefined outside the layers. */
  readonly layerIndex: number | undefined;
  readonly platform: string;
  /** Path in the image; of a document, the field (`config.created`). */
  readonly path: string;
  readonly kind: DifferenceKind | 'config' | 'layers';
  /** What is written differently: `content, mtime`, or the two values. */
  readonly detail: string;
  /** A class of volatile content; `unexplained` where none is known. */
  readonly class: string;
  readonly cause: string;
  readonly remedy: string | undefined;
  /** Line of the Dockerfile that wrote the layer, from 1. */
  readonly line: number | undefined;
  /** Where that line copies out of another stage: one of its RUNs made the file. */
  readonly copiedFrom?: CopiedStage;
  /** The instruction behind the layer, as its history tells. */
  readonly instruction: string | undefined;
  /** What diffoscope sees of the two contents, several lines; absent where it was not asked. */
  readonly deeper?: string;
}

/** Two images held against each other. */
export interface ImageComparison {
  readonly schemaVersion: '1';
  readonly reproducible: boolean;
  readonly first: { readonly name: string; readonly digest: Digest };
  readonly second: { readonly name: string; readonly digest: Digest };
  readonly platforms: readonly {
    readonly platform: string;
    readonly first: Digest | undefined;
    readonly second: Digest | undefined;
  }[];
  readonly differences: readonly ImageDifference[];
  /** Differences that were found and are not listed, since there are too many. */
  readonly omitted: number;
  /** Of a published image that was built again: where its source was fetched from. */
  readonly source?: RebuiltSource;
}

/** What a published image was built again from. */
interface RebuiltSource {
  readonly url: string;
  /** A whole commit id. */
  readonly revision: string;
  /** Key or identity that signed the provenance naming them; absent where it was not verified. */
  readonly verifiedBy?: string;
}
