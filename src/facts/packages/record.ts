import type { UnpackBudget } from '../../formats/unpack-budget.ts';
import { hasControls } from '../../model/clean-text.ts';
import type { LayerEntry } from '../../model/walk.ts';
import type { RawPackage } from '../layer-facts.ts';
import type { OwnedFile } from './ownership.ts';

export interface RecordContent {
  readonly packages: readonly RawPackage[];
  /** Why it may contain more than was read. A damaged file gives what could be read, and this. */
  readonly unreadable?: string;
  readonly owned?: Iterable<OwnedFile>;
  readonly files?: { readonly record: string; readonly paths: Iterable<string> };
  /** Licenses that a file beside the record states. */
  readonly licenses?: readonly string[];
}

/** What all readers of records say of the files that they read. */
interface FileReader {
  /**
   * The distribution's own record of what is installed. It is never part of a package, though
   * packages list it: rpm's own package has its database as `%ghost`.
   */
  readonly isDatabase?: true;
}

/** A small file that records packages: where such files lie, how much of one is read, and how. */
export interface RecordReader extends FileReader {
  readonly matches: (path: string) => boolean;
  /** Bytes. What lies behind is not read, and said to be unread unless `head` is set. */
  readonly cap: number;
  /** The record stands at the file's beginning: what lies behind `cap` does not matter. */
  readonly head?: true;
  readonly read: (content: Uint8Array, path: string) => RecordContent;
}

/** Reads a large file as it comes; keeps a bounded part of it. */
export interface RecordStream {
  readonly push: (bytes: Uint8Array) => void;
  readonly end: () => RecordContent;
}

/** What a layer's records may still cost together; those beyond it are not read, but reported. */
export interface ReadBudget extends UnpackBudget {
  /** Places in programs that look like a list of packages. */
  looks: number;
}

/** A file of any size that may record packages. */
export interface StreamReader extends FileReader {
  readonly matches: (path: string, entry?: LayerEntry['entry']) => boolean;
  readonly start: (entry: LayerEntry, budget: ReadBudget) => RecordStream;
}

/** No image has as many; a layer that claims more is made to fill the memory. */
export const MAX_PACKAGES = 500_000;

export const NOTHING: RecordContent = { packages: [] };

export function unreadable(reason: string): RecordContent {
  return { packages: [], unreadable: reason };
}

/** True for a name or version fit for a report and a purl: bounded, without control characters. */
export function isPlainText(text: unknown, most = 512): text is string {
  return typeof text === 'string' && text !== '' && text.length <= most && !hasControls(text);
}

export function textOf(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('utf8');
}

/** Lines one by one: a list of all would take many times the text. */
export function* linesOf(text: string): Generator<string> {
  let from = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
    yield text.slice(from, end);
    from = end + 1;
  }
  yield text.slice(from);
}
