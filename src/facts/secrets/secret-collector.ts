import type { ContentRequest, LayerCollector, LayerEntry } from '../../model/walk.ts';
import type { LayerSecret, SecretFacts, SuppressedLayerSecret } from '../layer-facts.ts';
import { ContentScan, PIECE, type PlacedSecret, type ScanShared } from './content-scan.ts';
import { gitDirectoryOf, isCredentialFile } from './credential-files.ts';
import { EntryNames } from './entry-names.ts';
import { PackageLists } from './package-lists.ts';
import { ScanBudget } from './scan-budget.ts';
import { harmlessReason } from './secret-places.ts';
import { isToken } from './secret-rules.ts';
import { markOf, masked } from './secret-value.ts';

const MAX_FINDINGS = 1000;
const MAX_GAPS = 100;
const GIT_DIRECTORY = 'git-directory';
const PUBLISHED = 'a file that a package of the distribution ships, unchanged';
/** Nothing that is a secret is shorter, but what stands in a file made for it. */
const SMALLEST = 16;

function wanted({ path, entry }: LayerEntry): ContentRequest {
  if (entry.type !== 'file' || entry.size === 0) return { want: 'none' };
  if (entry.size < SMALLEST && !isCredentialFile(path)) return { want: 'none' };
  return entry.size <= PIECE ? { want: 'all', cap: PIECE } : { want: 'stream' };
}

/** Without what the bytes of an archive show of a stored member that shows it too; there more may follow it. */
function once(found: readonly PlacedSecret[]): readonly PlacedSecret[] {
  const inside = found.filter((one) => one.inside !== undefined);
  return found.filter(
    (one) =>
      one.inside !== undefined ||
      !inside.some(({ rule, value }) => rule === one.rule && one.value.startsWith(value)),
  );
}

/** Secrets in the files of a layer, whatever their size, and in their names; values are masked here and go no further. */
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
    },
    pieces: [],
  };
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
