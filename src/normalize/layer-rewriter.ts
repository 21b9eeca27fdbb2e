import { layerPath, TarError } from '../image/tar/tar-header.ts';
import type { TarHandler } from '../image/tar/tar-reader.ts';
import { tarHeader, tarPadding } from '../image/tar/tar-writer.ts';
import type { LayerEntry, TarEntry } from '../model/image.ts';
import {
  type Finding,
  type PathRule,
  type ReportRule,
  type RewriteRule,
  type Rule,
  type RuleContext,
  SNIFF_BYTES,
  type StampLedger,
} from './rule.ts';

/** A rule that wants to see what is in a file. */
type ContentRule = RewriteRule | ReportRule;

function contentRules(
  rules: readonly Rule[],
  file: LayerEntry,
  context: RuleContext,
): ContentRule[] {
  const { size } = file.entry;
  if (size === 0) return [];
  return rules.filter(
    (rule): rule is ContentRule =>
      (rule.kind === 'rewrite' || (rule.kind === 'report' && size <= rule.largest)) &&
      rule.applies(file, context),
  );
}

/** Those whose bytes the file starts with. */
function rulesFor(rules: readonly ContentRule[], head: Uint8Array): ContentRule[] {
  return rules.filter(
    ({ startsWith }) => startsWith?.some((bytes) => isPrefix(bytes, head)) ?? true,
  );
}

/** How much of the file the rules need in one piece. */
function neededBytes(rules: readonly ContentRule[], size: number): number {
  return Math.max(
    0,
    ...rules.map((rule) =>
      rule.kind === 'rewrite' ? Math.min(rule.headBytes ?? size, size) : size,
    ),
  );
}

function isPrefix(bytes: Uint8Array, head: Uint8Array): boolean {
  return bytes.length <= head.length && bytes.every((byte, i) => byte === head[i]);
}

interface Dropped {
  readonly entry: TarEntry;
  /** Where its content begins in the archive. */
  readonly contentStart: number;
}

/** What a link to a left-out file becomes: a link to the file's heir, or, if first, that heir. */
type LinkTarget =
  { readonly kind: 'moved'; readonly linkname: string } | (Dropped & { readonly kind: 'heir' });

/** Files that were left out and may still be linked to by entries that are kept. */
class LinkTable {
  readonly #files = new Map<string, Dropped & { heir?: string }>();

  dropped(path: string, file: Dropped): void {
    this.#files.set(path, { ...file });
  }

  /** Adds a link that was left out: links to it mean the same file. */
  alias(path: string, target: string | undefined): void {
    const file = target === undefined ? undefined : this.#files.get(target);
    if (file !== undefined) this.#files.set(path, file);
  }

  /** What the kept link `name` to `target` must become; undefined where its file is still there. */
  resolve(target: string | undefined, name: string): LinkTarget | undefined {
    const file = target === undefined ? undefined : this.#files.get(target);
    if (file === undefined) return undefined;
    if (file.heir !== undefined) return { kind: 'moved', linkname: file.heir };
    file.heir = name;
    return { kind: 'heir', entry: file.entry, contentStart: file.contentStart };
  }
}

/** Bytes of the new archive; or a part of the old one, to be read again. */
export type Output = Uint8Array | { readonly from: number; readonly size: number };

export interface Touched {
  readonly path: string;
  readonly rule: string;
}

export interface Report extends Finding {
  readonly path: string;
  readonly rule: string;
}

const HARD_LINK_REMEDY =
  'Whether the build’s cache gives links or copies depends on who filled it: link in a RUN, or copy files apart.';
const TOO_LARGE_REMEDY =
  'It is too large to be read as a whole: its times stay as the build wrote them.';

/** A file whose first `need` bytes are being gathered. */
interface Held {
  readonly entry: TarEntry;
  readonly context: RuleContext;
  rules: readonly ContentRule[];
  hasSniffed: boolean;
  need: number;
  bytes: Uint8Array;
  filled: number;
}

/** Applies rules to passing entries; `take` collects the output. Buffers one file at a time. */
export class LayerRewriter implements TarHandler {
  readonly touched: Touched[] = [];
  readonly reports: Report[] = [];
  readonly #rules: readonly Rule[];
  readonly #layer: {
    readonly epoch: number;
    readonly copied: boolean;
    readonly stamps: StampLedger;
  };
  readonly #maxBuffered: number;
  readonly #links = new LinkTable();
  #output: Output[] = [];
  #mode: 'pass' | 'skip' | 'hold' = 'pass';
  #held: Held | undefined;
  #padding: Uint8Array = new Uint8Array(0);
  #contentStart = 0;

  constructor(options: {
    readonly rules: readonly Rule[];
    readonly epoch: number;
    readonly copied: boolean;
    readonly stamps: StampLedger;
    readonly maxBuffered: number;
  }) {
    this.#rules = options.rules;
    this.#layer = options;
    this.#maxBuffered = options.maxBuffered;
  }

  /** What to write next, in order. Its views live as long as the bytes that were last pushed. */
  take(): Output[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  onEntry(entry: TarEntry, contentStart: number): void {
    this.#contentStart = contentStart;
    this.#mode = 'pass';
    const path = layerPath(entry.name);
    if (path === undefined) throw new TarError('an entry leads out of the image');
    if (this.#rules.length === 0 || entry.type === 'other') {
      this.#open(entry);
      return;
    }
    const context: RuleContext = { ...this.#layer, path, entry };
    const rule = this.#pathRule(path, entry);
    if (rule?.kind === 'drop') this.#drop(rule, context);
    else if (rule?.kind === 'empty') this.#empty(rule, context);
    else if (entry.type === 'hardlink') this.#link(context);
    else if (entry.type === 'file') this.#file(context);
    else this.#open(this.#retimed(context));
  }

  onContent(chunk: Uint8Array): void {
    if (this.#mode === 'pass') this.#output.push(chunk);
    else if (this.#held !== undefined) this.#hold(this.#held, chunk);
  }

  onEntryEnd(): void {
    if (this.#held !== undefined) throw new TarError('a file is shorter than its header says');
    if (this.#padding.length > 0) this.#output.push(this.#padding);
    this.#padding = this.#padding.subarray(0, 0);
  }

  #pathRule(path: string, entry: TarEntry): PathRule | undefined {
    // A whiteout hides a path of a lower layer, which would show without it.
    if (/(^|\/)\.wh\.[^/]*$/.test(path)) return undefined;
    return this.#rules.find((rule): rule is PathRule => {
      if (rule.kind === 'empty')
        return entry.type === 'file' && entry.size > 0 && rule.applies({ path, entry });
      if (rule.kind !== 'drop') return false;
      if (entry.type === 'directory') return rule.appliesToFolder?.({ path, entry }) ?? false;
      return /^(file|hardlink|symlink)$/.test(entry.type) && rule.applies({ path, entry });
    });
  }

  #drop(rule: PathRule, { path, entry }: RuleContext): void {
    this.touched.push({ path, rule: rule.id });
    this.#mode = 'skip';
    if (entry.type === 'file')
      this.#links.dropped(path, { entry, contentStart: this.#contentStart });
    if (entry.type === 'hardlink') this.#links.alias(path, layerPath(entry.linkname));
  }

  #empty(rule: PathRule, context: RuleContext): void {
    this.touched.push({ path: context.path, rule: rule.id });
    this.#open({ ...this.#retimed(context), size: 0 });
    this.#mode = 'skip';
  }

  #link(context: RuleContext): void {
    const { entry, path, copied } = context;
    if (copied && this.reports.every(({ kind }) => kind !== 'hard-link'))
      this.#report(path, 'times', { kind: 'hard-link', remedy: HARD_LINK_REMEDY });
    const found = this.#links.resolve(layerPath(entry.linkname), entry.name);
    if (found === undefined) this.#open(this.#retimed(context));
    else if (found.kind === 'moved')
      this.#open({ ...this.#retimed(context), linkname: found.linkname });
    else {
      const file = { ...found.entry, name: entry.name };
      this.#open(this.#retimed({ ...context, entry: file }));
      this.#output.push({ from: found.contentStart, size: file.size });
    }
  }

  #file(context: RuleContext): void {
    const { entry, path } = context;
    const retimed = this.#retimed(context);
    const rules = contentRules(this.#rules, { path, entry }, context);
    if (rules.length === 0) {
      this.#open(retimed);
      return;
    }
    const need = Math.min(SNIFF_BYTES, entry.size);
    this.#mode = 'hold';
    this.#held = {
      entry: retimed,
      context,
      rules,
      hasSniffed: false,
      need,
      bytes: new Uint8Array(need),
      filled: 0,
    };
  }

  #hold(held: Held, chunk: Uint8Array): void {
    const taken = Math.min(held.need - held.filled, chunk.length);
    held.bytes.set(chunk.subarray(0, taken), held.filled);
    held.filled += taken;
    if (held.filled === held.need) this.#gathered(held);
    if (taken < chunk.length) this.onContent(chunk.subarray(taken));
  }

  /** The first `need` bytes are there. They say how many more are needed, or are enough. */
  #gathered(held: Held): void {
    if (!held.hasSniffed) {
      held.hasSniffed = true;
      held.rules = this.#affordable(rulesFor(held.rules, held.bytes), held);
      const need = neededBytes(held.rules, held.entry.size);
      if (need > held.filled) {
        held.need = need;
        const larger = new Uint8Array(need);
        larger.set(held.bytes);
        held.bytes = larger;
        return;
      }
    }
    this.#held = undefined;
    this.#mode = 'pass';
    const bytes = this.#rewritten(held);
    this.#open({ ...held.entry, size: held.entry.size - held.filled + bytes.length });
    this.#output.push(bytes);
  }

  #affordable(rules: readonly ContentRule[], held: Held): readonly ContentRule[] {
    if (neededBytes(rules, held.entry.size) <= this.#maxBuffered) return rules;
    return rules.filter((rule) => {
      const isAffordable = neededBytes([rule], held.entry.size) <= this.#maxBuffered;
      if (!isAffordable)
        this.#report(held.context.path, rule.id, { kind: 'too-large', remedy: TOO_LARGE_REMEDY });
      return isAffordable;
    });
  }

  #rewritten(held: Held): Uint8Array {
    let { bytes } = held;
    const { context } = held;
    for (const rule of held.rules) {
      if (rule.kind === 'report') {
        const finding = rule.inspect(bytes, context);
        if (finding !== undefined) this.#report(context.path, rule.id, finding);
        continue;
      }
      const changed = rule.rewrite(bytes, context);
      if (changed === undefined) continue;
      bytes = changed;
      this.touched.push({ path: context.path, rule: rule.id });
    }
    return bytes;
  }

  #retimed(context: RuleContext): TarEntry {
    return this.#rules.reduce(
      (entry, rule) => (rule.kind === 'times' ? rule.retime(entry, context) : entry),
      context.entry,
    );
  }

  #report(path: string, rule: string, finding: Finding): void {
    this.reports.push({ path, rule, ...finding });
  }

  #open(entry: TarEntry): void {
    this.#output.push(tarHeader(entry));
    this.#padding = tarPadding(entry.size);
  }
}
