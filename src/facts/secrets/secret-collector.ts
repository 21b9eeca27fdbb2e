import type { EntrySink } from '../../image/formats/inflate.ts';
import { given } from '../../lib/json.ts';
import type {
  FoundSecrets,
  SecretFinding,
  SecretsFact,
  SuppressedSecret,
} from '../../model/facts.ts';
import {
  type ContentRequest,
  type LayerCollector,
  type LayerEntry,
  plainEntry,
} from '../../model/image.ts';
import { isSystemType } from '../../model/packages.ts';
import type { FileTree } from '../filesystem.ts';
import type {
  LayerSecret,
  PlacedLayer,
  SecretFacts,
  SuppressedLayerSecret,
} from '../layer-facts.ts';
import {
  credentialsIn,
  gitDirectoryOf,
  harmlessReason,
  isCredentialFile,
  isKeyStoreName,
  keyStoreRule,
} from './credential-files.ts';
import {
  holdsGzip,
  isDatabase,
  MAX_DEPTH,
  isTar,
  openerOf,
  ScanBudget,
  zipAtEnd,
} from './open-content.ts';
import {
  type FileSums,
  inModule,
  isPlaceOfPackages,
  PackageLists,
  sumsOf,
} from './package-files.ts';
import { type FoundSecret, lineAt, lookThrough, secretsInBytes } from './secret-text.ts';
import { markOf, masked } from './secret-value.ts';
import { encodedViews, joinedViews, wideViews } from './secret-views.ts';

/** A secret with its line, from 1; in programs and deep in large files, with its first byte. */
export interface PlacedSecret {
  readonly rule: string;
  readonly value: string;
  readonly line?: number;
  readonly offset?: number;
  /** The member of an archive that contains it, archives within it divided by `!/`. */
  readonly inside?: string;
}

/** What all contents of one file share: the file and what is packed in it. */
export interface ScanShared {
  readonly budget: ScanBudget;
  readonly found: PlacedSecret[];
  /** Reports what is packed in a way that is not opened. */
  readonly unopened: (kind: string) => void;
}

/** Content up to this size is scanned in one piece, what is larger in pieces of it. */
export const PIECE = 1024 * 1024;
/** What two pieces share: a match in its first half is found in the later piece, with context. */
const SHARED = 16 * 1024;
const CONTEXT = SHARED / 2;

export function isBinary({ buffer, byteOffset, length }: Uint8Array): boolean {
  return Buffer.from(buffer, byteOffset, Math.min(length, 1024)).includes(0);
}

/** Secrets in a piece of bytes, also where it is spelled as UTF-16, base64 or hexadecimal. */
export function secretsInPiece(
  bytes: Uint8Array,
  binary: boolean,
  budget: ScanBudget,
  depth = 0,
): readonly FoundSecret[] {
  if (!budget.spend(0)) return [];
  const { hits, wide, encoded } = lookThrough(bytes);
  const found = [...secretsInBytes(bytes, binary, budget, hits)];
  const spend = (length: number): boolean => {
    budget.decoded -= length;
    if (budget.decoded < 0) budget.gap('it contains too much base64');
    return budget.decoded >= 0;
  };
  // What decodes to something packed is read as a file of its own; its place is that of its text.
  const packed = (content: Uint8Array, at: number): void => {
    if ((budget.packed -= 1) < 0) {
      budget.gap('it contains too many archives in base64');
      return;
    }
    const unopened = (kind: string): void => {
      budget.gap(`it contains what is packed and not opened: ${kind} in base64`);
    };
    const shared: ScanShared = { budget, found: [], unopened };
    new ContentScan('content', shared, undefined, depth + 1).whole(content);
    found.push(...shared.found.map(({ rule, value }) => ({ rule, value, at })));
  };
  const views = [
    ...wideViews(bytes, wide),
    ...(depth < MAX_DEPTH ? encodedViews(bytes, encoded, spend, packed) : []),
  ];
  if (views.length === 0) return found;
  const { text, placeOf } = joinedViews(views);
  for (const secret of secretsInPiece(text, false, budget, depth + 1))
    found.push({ ...secret, at: placeOf(secret.at) });
  return found;
}

/**
 * Scans content of any size as it comes, keeping one piece of it: a file, or a member of an
 * archive. What it finds does not depend on how the bytes were cut. Archives are opened, and their
 * members scanned as files of their names.
 */
export class ContentScan implements EntrySink {
  readonly #path: string;
  readonly #inside: string | undefined;
  readonly #depth: number;
  readonly #shared: ScanShared;
  readonly #isCredentials: boolean;
  #opener: EntrySink | undefined;
  #piece: Uint8Array | undefined;
  #length = 0;
  /** Byte of the content that the piece begins at. */
  #start = 0;
  #binary = false;
  #isDatabase = false;
  #isTar = false;

  /** `path` in the layer; `inside` where it is a member's, `depth` archives down. */
  constructor(path: string, shared: ScanShared, inside?: string, depth = 0) {
    this.#path = path;
    this.#inside = inside;
    this.#depth = depth;
    this.#shared = shared;
    this.#isCredentials = isCredentialFile(this.#name);
  }

  get #name(): string {
    return this.#inside ?? this.#path;
  }

  push(bytes: Uint8Array): boolean {
    this.#piece ??= this.#shared.budget.pieces[this.#depth] ??= new Uint8Array(PIECE);
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + PIECE - this.#length);
      this.#piece.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
      if (this.#length === PIECE) this.#next();
    }
    return true;
  }

  end(): void {
    this.whole(this.#piece?.subarray(0, this.#length) ?? new Uint8Array());
  }

  whole(piece: Uint8Array): void {
    this.#scan(piece, true);
    this.#open(piece);
    const isOpened = this.#opener !== undefined;
    this.#opener?.end();
    if (!isOpened || this.#isTar) this.#openEnd(piece);
  }

  /** A zip behind a program; where all of it is here, it is read as a file of its own. */
  #openEnd(piece: Uint8Array): void {
    const start = zipAtEnd(piece);
    if (start === undefined) return;
    if (start === 'elsewhere' || this.#start > 0) this.#shared.unopened('zip behind other content');
    else
      new ContentScan(this.#path, this.#shared, this.#inside, this.#depth + 1).whole(
        piece.subarray(start),
      );
  }

  #next(): void {
    const piece = this.#piece ?? new Uint8Array();
    this.#scan(piece, false);
    this.#open(piece);
    piece.copyWithin(0, PIECE - SHARED);
    this.#length = SHARED;
    this.#start += PIECE - SHARED;
  }

  /** Hands what is new in the piece to what opens the content, where it is packed. */
  #open(piece: Uint8Array): void {
    const { budget, unopened } = this.#shared;
    if (this.#start === 0)
      this.#opener = openerOf(piece, this.#depth, budget, unopened, (name) => {
        const inside = this.#inside === undefined ? name : `${this.#inside}!/${name}`;
        return new ContentScan(this.#path, this.#shared, inside, this.#depth + 1);
      });
    const isNew = this.#start === 0 ? piece : piece.subarray(SHARED);
    if (this.#opener?.push(isNew) === false) this.#opener = undefined;
  }

  #scan(piece: Uint8Array, isLast: boolean): void {
    if (this.#start === 0) {
      this.#binary = isBinary(piece);
      this.#isDatabase = isDatabase(piece);
      this.#isTar = isTar(piece);
      this.#store(piece, isLast);
    }
    if (this.#isDatabase && holdsGzip(piece)) {
      this.#shared.unopened('gzip in a database');
      this.#isDatabase = false;
    }
    const from = this.#start === 0 ? 0 : CONTEXT;
    const to = isLast ? Infinity : PIECE - CONTEXT;
    const own = this.#isCredentials
      ? credentialsIn(this.#name, Buffer.from(piece).toString('latin1'))
      : [];
    const all = secretsInPiece(piece, this.#binary, this.#shared.budget, this.#depth);
    if (own.length === 0 && all.length === 0) return;
    // On one line what the file is made for is enough.
    const lines = new Set(own.map(({ at }) => lineAt(piece, at)));
    const others = all.filter(({ at }) => lines.size === 0 || !lines.has(lineAt(piece, at)));
    for (const { at, rule, value } of [...own, ...others])
      if (at >= from && at < to) this.#found(rule, value, piece, at);
  }

  #found(rule: string, value: string, piece: Uint8Array, at: number): void {
    const hasLine = this.#start === 0 && !this.#binary;
    const place = hasLine ? { line: lineAt(piece, at) } : { offset: this.#start + at };
    this.#shared.found.push({ rule, value, ...place, ...given({ inside: this.#inside }) });
  }

  /** Finds a key store by its bytes; one too large to see whole that shows no key is a gap. */
  #store(piece: Uint8Array, isLast: boolean): void {
    const rule = keyStoreRule(this.#name, piece);
    if (rule !== undefined) this.#found(rule, '', piece, 0);
    else if (!isLast && isKeyStoreName(this.#name))
      this.#shared.budget.gap('a key store of more than 1 MiB is not read to its end');
  }
}

const MAX_FINDINGS = 1000;
const MAX_GAPS = 100;
/**
 * What apt fetched: dpkg unpacked it, and its files are read where they lie. And the list of
 * packages that apt writes at every installation.
 */
const OF_APT = /^var\/(?:cache\/apt\/archives\/[^/]+\.deb|log\/apt\/eipp\.log\.xz)$/;
const GIT_DIRECTORY = 'git-directory';
const PUBLISHED = 'a file that a package of the distribution ships, unchanged';
/** Nothing that is a secret is shorter, but what is in a file made for it. */
const SMALLEST = 16;

function wanted({ path, entry }: LayerEntry): ContentRequest {
  if (entry.type !== 'file' || entry.size === 0) return { want: 'none' };
  if (entry.size < SMALLEST && !isCredentialFile(path)) return { want: 'none' };
  return entry.size <= PIECE ? { want: 'all', cap: PIECE } : { want: 'stream' };
}

function harmless({ path, inside, rule }: LayerSecret): string | undefined {
  if (rule === GIT_DIRECTORY) return undefined;
  return harmlessReason(inside === undefined ? path : `${path}!/${inside}`, rule);
}

/** Drops what an archive's bytes show if a stored member shows it too, perhaps in full. */
function once(found: readonly PlacedSecret[]): readonly PlacedSecret[] {
  const inside = found.filter((one) => one.inside !== undefined);
  return found.filter(
    (one) =>
      one.inside !== undefined ||
      !inside.some(({ rule, value }) => rule === one.rule && one.value.startsWith(value)),
  );
}

/** Secrets in a layer's files of any size, and in their names. Masks values before they go on. */
export function secretCollector(): LayerCollector<SecretFacts> {
  const secrets: LayerSecret[] = [];
  const suppressed: SuppressedLayerSecret[] = [];
  const repositories = new Set<string>();
  const gaps: { path: string; reason: string }[] = [];
  const unopened: Record<string, number> = {};
  const shared: ScanShared = {
    budget: new ScanBudget(),
    found: [],
    unopened: (kind) => {
      unopened[kind] = (unopened[kind] ?? 0) + 1;
      closed.add(kind);
    },
  };
  /** Ways in which the present file is packed and not opened. */
  const closed = new Set<string>();
  const closedFiles: { path: string; kinds: string; sums: FileSums | undefined }[] = [];
  const lists = new PackageLists();
  /** What may turn out to be a package's, once all lists are known. */
  const pending: { secret: LayerSecret; mark: string; sums: FileSums }[] = [];
  let scan: ContentScan | undefined;
  let scannedFiles = 0;
  let moreGaps = 0;

  const keep = (secret: LayerSecret, mark?: string, reason = harmless(secret)): void => {
    if (reason === undefined && secrets.length < MAX_FINDINGS)
      secrets.push({ ...secret, ...given({ mark }) });
    else if (reason !== undefined && suppressed.length < MAX_FINDINGS)
      suppressed.push({ ...secret, reason });
  };
  const names = entryNames(shared.budget, (path, { rule, value }) => {
    // The name itself is the secret.
    const shown = path.replaceAll(value, masked(value));
    keep({ rule, masked: masked(value), path: shown, inName: true }, markOf(value));
  });
  const note = (path: string): void => {
    for (const reason of shared.budget.gaps())
      if (gaps.length < MAX_GAPS) gaps.push({ path, reason });
      else moreGaps += 1;
  };
  const visit = (found: LayerEntry, content: Uint8Array | undefined): void => {
    const { path, entry } = found;
    names.add(found);
    const repository = entry.type === 'file' ? gitDirectoryOf(path) : undefined;
    if (repository !== undefined && !repositories.has(repository)) {
      repositories.add(repository);
      keep({ rule: GIT_DIRECTORY, masked: '', path });
    }
    const request = wanted(found);
    if (request.want === 'none') return;
    scannedFiles += 1;
    if (request.want === 'stream') scan?.end();
    else new ContentScan(path, shared).whole(content ?? new Uint8Array());
    scan = undefined;
    if (content !== undefined) lists.add(path, content);
    const secretsHere = shared.found.length === 0 ? [] : once(shared.found.splice(0));
    const sums = secretsHere.length > 0 ? sumsOf(path, content) : undefined;
    for (const { value, ...rest } of secretsHere) {
      const secret = { ...rest, masked: masked(value), path };
      if (sums === undefined) keep(secret, markOf(value));
      else pending.push({ secret, mark: markOf(value), sums });
    }
    if (closed.size > 0 && harmlessReason(path, 'packed') === undefined)
      closedFiles.push({ path, kinds: [...closed].join(', '), sums: sumsOf(path, content) });
    closed.clear();
    note(path);
  };
  return {
    name: 'secrets',
    wants: (found) => {
      const request = wanted(found);
      scan = request.want === 'stream' ? new ContentScan(found.path, shared) : undefined;
      return request;
    },
    chunk: (bytes) => {
      scan?.push(bytes);
    },
    visit,
    finish: () => {
      names.flush();
      for (const { secret, mark, sums } of pending) {
        const { path, rule } = secret;
        const record = lists.shippedBy(path, sums, rule);
        if (record !== undefined) keep({ ...secret, record }, mark, PUBLISHED);
        else keep({ ...secret, ...inModule(path, sums, rule) }, mark);
      }
      note('names of files');
      for (const { path, kinds, sums } of closedFiles)
        if (!OF_APT.test(path) && (sums === undefined || !lists.shippedBy(path, sums))) {
          shared.budget.gap(`it is packed and not opened: ${kinds}`);
          note(path);
        }
      return {
        secrets,
        suppressedSecrets: suppressed,
        scannedFiles,
        secretGaps: gaps,
        moreSecretGaps: moreGaps,
        unopenedFiles: unopened,
      };
    },
  };
}

const ENOUGH = 64 * 1024;

/**
 * Secrets in what an entry is called: its path, what it links to, its attributes and comments.
 * Names are gathered, since reading each alone would cost more than its file.
 */
function entryNames(budget: ScanBudget, found: (path: string, secret: FoundSecret) => void) {
  let paths: string[] = [];
  let names: Buffer[] = [];
  let length = 0;
  const flush = (): void => {
    const { text, placeOf } = joinedViews(
      names.map((name, from) => ({ text: name, from, width: 0 })),
    );
    for (const secret of secretsInBytes(text, false, budget))
      found(paths[placeOf(secret.at)] ?? '', secret);
    paths = [];
    names = [];
    length = 0;
  };
  const add = ({ path, entry }: LayerEntry): void => {
    let name = `${path}\t${entry.linkname}`;
    for (const [key, value] of Object.entries(entry.pax))
      if (!/^(?:path|linkpath|size|[amc]time)$/.test(key)) name += `\t${key}\t${value}`;
    paths.push(path);
    names.push(Buffer.from(name, 'utf8'));
    length += name.length;
    if (length >= ENOUGH) flush();
  };
  return { add, flush };
}

/** The secrets found in a layer with these files. `path` is absolute, as in the image. */
export function secretsInFiles(
  files: readonly { readonly path: string; readonly text: string }[],
): SecretFacts['secrets'] {
  const collector = secretCollector();
  for (const { path, text } of files) {
    const content = Buffer.from(text, 'utf8');
    const entry = plainEntry(path, 'file', content.length, 0o644);
    const found = { path: path.replace(/^\/+/, ''), entry };
    const { want } = collector.wants(found);
    if (want === 'stream') collector.chunk?.(content);
    collector.visit(found, want === 'all' ? content : undefined, false);
  }
  return collector.finish().secrets;
}

/** True where the place that a layer wrote is not what the final filesystem shows. */
function isDeleted(tree: FileTree, layer: PlacedLayer, path: string): boolean {
  return tree.find(path, false)?.layer !== layer.digest;
}

/** The package of a record, by its path, or by its name in the distribution. */
function packageOf({ facts }: PlacedLayer, record: string | undefined): SecretFinding['package'] {
  if (record === undefined) return undefined;
  const [item] = facts.packages.flatMap(({ path, packages }) =>
    packages.filter((one) => path === record || (isSystemType(one.type) && one.name === record)),
  );
  return item && { type: item.type, name: item.name, version: item.version };
}

function placed(
  tree: FileTree,
  layer: PlacedLayer,
  { record, ...secret }: LayerSecret,
): SecretFinding {
  const about = { where: 'layer' as const, layer: layer.digest };
  const found = { ...secret, ...about, ...given({ package: packageOf(layer, record) }) };
  return secret.inName !== true && isDeleted(tree, layer, secret.path)
    ? { ...found, deleted: true }
    : found;
}

function together(
  counts: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const [kind, count] of counts.flatMap(Object.entries<number>))
    sums[kind] = (sums[kind] ?? 0) + count;
  return sums;
}

/**
 * Secrets of all layers, of the configuration and provenance (`others`), those in files of packages
 * last. Files that a later layer deletes or replaces count too. What rules exclude is listed apart,
 * with the reason.
 */
export function secretsFact(
  tree: FileTree,
  layers: readonly PlacedLayer[],
  others: FoundSecrets,
): SecretsFact {
  const sum = (count: (layer: PlacedLayer) => number): number =>
    layers.reduce((total, layer) => total + count(layer), 0);
  const unscanned = layers.filter(({ facts }) => !facts.secretsScanned).length;
  const suppressed = layers.flatMap((layer) =>
    layer.facts.suppressedSecrets.map((secret): SuppressedSecret => ({
      ...placed(tree, layer, secret),
      reason: secret.reason,
    })),
  );
  const findings = layers.flatMap((layer) =>
    layer.facts.secrets.map((secret) => placed(tree, layer, secret)),
  );
  const isTheirs = ({ path = '' }: SecretFinding): boolean => isPlaceOfPackages(path);
  return {
    findings: [
      ...findings.filter((one) => !isTheirs(one)),
      ...others.findings,
      ...findings.filter(isTheirs),
    ],
    scannedFiles: sum(({ facts }) => facts.scannedFiles),
    suppressed,
    gaps: [...layers.flatMap(({ facts }) => facts.secretGaps), ...others.gaps],
    moreGaps: sum(({ facts }) => facts.moreSecretGaps),
    unopened: together(layers.map(({ facts }) => facts.unopenedFiles)),
    ...(unscanned === 0 ? {} : { incomplete: 'the layers were not scanned for secrets' }),
  };
}
