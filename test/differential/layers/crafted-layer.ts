import type { Packing } from './pack-layer.ts';

/** How a header's fields are written. */
export type Dialect = 'ustar' | 'gnu' | 'v7' | 'star' | 'gnu-prefix';
export type Numbers = 'octal' | 'base256' | 'spaces' | 'nul';

/** One entry of a crafted layer, with what stands before it. Text is one character a byte. */
export interface CraftedEntry {
  /** The type flag's character. */
  readonly flag: string;
  readonly name: string;
  readonly link?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly content?: string;
  /** What the header says in place of the content's length. */
  readonly size?: number;
  readonly major?: number;
  readonly minor?: number;
  readonly dialect?: Dialect;
  readonly numbers?: Numbers;
  readonly prefix?: string;
  readonly checksum?: 'signed' | 'bad' | 'spaces';
  /** Records of an extended header before it, in their order. */
  readonly pax?: readonly (readonly [string, string])[];
  /** The extended header's own text, in place of `pax`. */
  readonly rawPax?: string;
  /** Texts of extended headers before that one, and of global headers behind it. */
  readonly earlierPax?: readonly string[];
  readonly globals?: readonly string[];
  /** GNU long names and links before it, as they are. */
  readonly longNames?: readonly string[];
  readonly longLinks?: readonly string[];
  /** Blocks of zeros before it. */
  readonly zerosBefore?: number;
}

export interface CraftedLayer {
  readonly entries: readonly CraftedEntry[];
  /** Bytes to cut from the end, the mark of the end included. */
  readonly cut?: number;
  /** Text behind the end. */
  readonly trailing?: string;
  readonly packing?: Packing;
}

/** A stack of layers, lowest first. */
export type Stack = readonly CraftedLayer[];
