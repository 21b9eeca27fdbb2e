import type { TarEntry } from '../model/tar.ts';
import type { LayerEntry } from '../model/walk.ts';
import { pathPattern, treePattern } from './path-pattern.ts';
import type { StampLedger } from './stamp-ledger.ts';

/** What a rule may know beside the bytes. */
export interface RuleContext {
  /** Seconds; no time in the layer is to be later. */
  readonly epoch: number;
  /** The layer is from COPY or ADD: its times are the context's, and all become the epoch. */
  readonly copied: boolean;
  /** Relative to the image's root, as `layerPath` gives it. */
  readonly path: string;
  /** As it was found, before any rule. */
  readonly entry: TarEntry;
  readonly stamps: StampLedger;
}

/** Something that makes builds differ, for the user to fix. */
export interface Finding {
  readonly kind:
    'private-key' | 'certificate' | 'build-date' | 'machine-id' | 'hard-link' | 'too-large';
  readonly remedy: string;
}

/** docs/normaliser.md says of each what it touches, and why the image means the same afterward. */
interface RuleFacts {
  readonly id: string;
  readonly mode: 'safe' | 'aggressive';
}

/** Files (and links) that are left out of the layer, or regular files kept with no content. */
export interface PathRule extends RuleFacts {
  readonly kind: 'drop' | 'empty';
  readonly applies: (file: LayerEntry) => boolean;
  /** Folders to leave out as well: only such of which all that is below is left out too. */
  readonly appliesToFolder?: (folder: LayerEntry) => boolean;
}

/** The rule for what `files` (patterns of `pathPattern`) name. */
export function pathRule({
  files,
  ...facts
}: Omit<PathRule, 'applies' | 'appliesToFolder'> & {
  readonly files: readonly string[];
}): PathRule {
  const isMeant = pathPattern(...files);
  const isTree = treePattern(...files);
  return {
    ...facts,
    applies: ({ path }) => isMeant(path),
    appliesToFolder: ({ path }) => isTree(path),
  };
}

/** How a rule tells its files: by path, and by the first bytes where it gives any. */
interface ContentRule extends RuleFacts {
  readonly applies: (
    file: LayerEntry,
    context: { readonly copied: boolean; readonly epoch: number },
  ) => boolean;
  /** Byte sequences of which one has to stand at the start (at most SNIFF_BYTES). */
  readonly startsWith?: readonly Uint8Array[];
}

/** New content for a file; undefined if nothing changes. May change and return its input. */
export interface RewriteRule extends ContentRule {
  readonly kind: 'rewrite';
  readonly rewrite: (bytes: Uint8Array, context: RuleContext) => Uint8Array | undefined;
  /** Needs only this many first bytes and keeps their number; the rest passes at any file size. */
  readonly headBytes?: number;
}

/** Looks, and changes nothing. */
export interface ReportRule extends ContentRule {
  readonly kind: 'report';
  /** Larger files are not checked. */
  readonly largest: number;
  readonly inspect: (bytes: Uint8Array, context: RuleContext) => Finding | undefined;
}

/** Times in the entry itself. */
export interface TimeRule extends RuleFacts {
  readonly kind: 'times';
  readonly retime: (entry: TarEntry, context: RuleContext) => TarEntry;
}

export type Rule = PathRule | RewriteRule | ReportRule | TimeRule;

/** As many first bytes of a file as are read to tell what it is. */
export const SNIFF_BYTES = 16;
