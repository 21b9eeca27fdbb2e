import { createHash } from 'node:crypto';
import type { ContentRequest, LayerCollector, LayerEntry } from '../../model/walk.ts';
import type { LayerSecret, SecretFacts, SuppressedLayerSecret } from '../layer-facts.ts';
import { ContentScan, PIECE, type PlacedSecret, type ScanShared } from './content-scan.ts';
import { gitDirectoryOf, isCredentialFile } from './credential-files.ts';
import { ScanBudget } from './scan-budget.ts';
import { harmlessReason } from './secret-places.ts';
import { isToken } from './secret-rules.ts';
import { type FoundSecret, secretsInBytes } from './secret-text.ts';
import { markOf, masked } from './secret-value.ts';

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
  const closedFiles: { path: string; kinds: string; hash: string | undefined }[] = [];
  const lists = new PackageLists();
  /** What may turn out to be published, once all lists are known. */
  const pending: { secret: LayerSecret; mark: string | undefined; hash: string }[] = [];
  let scan: ContentScan | undefined;
  let scannedFiles = 0;
  let moreGaps = 0;

  const keep = (secret: LayerSecret, mark?: string, hash?: string): void => {
    const { path, inside, rule } = secret;
    if (hash !== undefined && !isToken(rule)) {
      pending.push({ secret, mark, hash });
      return;
    }
    const name = inside === undefined ? path : `${path}!/${inside}`;
    sort(secret, mark, rule === GIT_DIRECTORY ? undefined : harmlessReason(name, rule));
  };
  const sort = (
    secret: LayerSecret,
    mark: string | undefined,
    reason: string | undefined,
  ): void => {
    if (reason === undefined && secrets.length < MAX_FINDINGS)
      secrets.push(mark === undefined ? secret : { ...secret, mark });
    else if (reason !== undefined && suppressed.length < MAX_FINDINGS)
      suppressed.push({ ...secret, reason });
  };
  const names = new EntryNames(shared.budget, (path, { rule, value }) => {
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
      keep({ rule: GIT_DIRECTORY, masked: '', path, offset: 0 });
    }
    const request = wanted(found);
    if (request.want === 'none') return;
    scannedFiles += 1;
    if (request.want === 'stream') scan?.end();
    else new ContentScan(path, shared).whole(content ?? new Uint8Array());
    scan = undefined;
    if (PackageLists.matches(path) && content !== undefined) lists.add(content);
    const secretsHere = shared.found.length === 0 ? [] : once(shared.found.splice(0));
    const hash =
      secretsHere.length > 0 && content !== undefined
        ? PackageLists.hash(path, content)
        : undefined;
    for (const { value, ...secret } of secretsHere)
      keep({ ...secret, masked: masked(value), path }, markOf(value), hash);
    if (closed.size > 0 && harmlessReason(path, 'packed') === undefined) {
      const own = content === undefined ? undefined : PackageLists.hash(path, content);
      closedFiles.push({ path, kinds: [...closed].join(', '), hash: own });
    }
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
      for (const { secret, mark, hash } of pending)
        if (lists.lists(secret.path, hash)) sort(secret, mark, PUBLISHED);
        else keep(secret, mark);
      note('names of files');
      for (const { path, kinds, hash } of closedFiles)
        if (!OF_APT.test(path) && (hash === undefined || !lists.lists(path, hash))) {
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

const LIST = /^var\/lib\/dpkg\/(?:info\/[^/]+\.md5sums|status\.d\/[^/]+\.md5sums)$/;
/**
 * Where distributions put files. Applications that somebody packs are seldom here: they go to
 * /opt, /srv, /etc, /usr/local.
 */
const PLACE = /^usr\/(?!local\/)|^lib(?:64)?\//;
const MOST_KEPT = 32 * 1024 * 1024;

/**
 * What the lists of Debian's packages in a layer say of its files: one that is there bit for bit as
 * its package ships it is published, and what looks like a secret in it everybody has. Lists that
 * are too many are not kept: their files then count as any other.
 */
class PackageLists {
  readonly #lists: Buffer[] = [];
  #kept = 0;

  /** True for the list of a package. */
  static matches(path: string): boolean {
    return LIST.test(path);
  }

  add(content: Uint8Array): void {
    this.#kept += content.length;
    if (this.#kept <= MOST_KEPT) this.#lists.push(Buffer.from(content));
  }

  /** The hash to ask with of a file that a package may have brought; undefined for other files. */
  static hash(path: string, content: Uint8Array): string | undefined {
    return PLACE.test(path) ? createHash('md5').update(content).digest('hex') : undefined;
  }

  /** True where a package of the layer lists the file with this hash. */
  lists(path: string, hash: string): boolean {
    const line = `${hash}  ${path}\n`;
    return this.#lists.some((list) => list.includes(line, 0, 'latin1'));
  }
}

const ENOUGH = 64 * 1024;

/**
 * Secrets in what an entry is called: its path, what it links to, its attributes and comments.
 * Names are gathered, since reading each alone would cost more than its file.
 */
class EntryNames {
  readonly #budget: ScanBudget;
  readonly #found: (path: string, secret: FoundSecret) => void;
  #lines: string[] = [];
  #paths: string[] = [];
  #length = 0;

  constructor(budget: ScanBudget, found: (path: string, secret: FoundSecret) => void) {
    this.#budget = budget;
    this.#found = found;
  }

  add({ path, entry }: LayerEntry): void {
    let line = `${path}\t${entry.linkname}`;
    for (const [name, value] of Object.entries(entry.pax))
      if (!/^(?:path|linkpath|size|[amc]time)$/.test(name)) line += `\t${name}\t${value}`;
    this.#lines.push(line.includes('\n') ? line.replaceAll('\n', ' ') : line);
    this.#paths.push(path);
    this.#length += line.length;
    if (this.#length >= ENOUGH) this.flush();
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    const bytes = Buffer.from(this.#lines.join('\n'), 'utf8');
    const found = secretsInBytes(bytes, false, this.#budget);
    for (const secret of found) {
      const line = bytes.subarray(0, secret.at).filter((byte) => byte === 10).length;
      this.#found(this.#paths[line] ?? '', secret);
    }
    this.#lines = [];
    this.#paths = [];
    this.#length = 0;
  }
}
