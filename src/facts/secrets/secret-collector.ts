import type { ContentWish, LayerCollector, LayerEntry } from '../../model/walk.ts';
import type { LayerSecret, SuppressedLayerSecret } from '../layer-facts.ts';
import {
  credentialsIn,
  gitDirectoryOf,
  isCredentialFile,
  isPackedName,
} from './credential-files.ts';
import { isKeyStoreName, keyStoreRule } from './secret-key-stores.ts';
import { harmlessReason } from './secret-places.ts';
import { PIECE, type PlacedSecret, secretsInPiece, SecretStream } from './secret-stream.ts';
import { ScanBudget } from './secret-text.ts';

export interface CollectedSecrets {
  readonly secrets: readonly LayerSecret[];
  readonly suppressedSecrets: readonly SuppressedLayerSecret[];
  readonly scannedFiles: number;
  readonly partlyReadFiles: number;
}

const MAX_FINDINGS = 1000;
const GIT_DIRECTORY = 'git-directory';
/** Nothing that is a secret is shorter, but what stands in a file made for it. */
const SMALLEST = 16;

function isSpecial(path: string): boolean {
  return isCredentialFile(path) || isKeyStoreName(path);
}

function wanted({ path, entry }: LayerEntry): ContentWish {
  if (entry.type !== 'file' || entry.size === 0) return { want: 'none' };
  if (isSpecial(path)) return { want: 'all', cap: PIECE };
  if (entry.size < SMALLEST || isPackedName(path)) return { want: 'none' };
  return entry.size <= PIECE ? { want: 'all', cap: PIECE } : { want: 'stream' };
}

/** What a file holds by its name, and then by its text; on one line the name's word is enough. */
function together(
  own: readonly PlacedSecret[],
  byText: readonly PlacedSecret[],
): readonly PlacedSecret[] {
  const line = (found: PlacedSecret): number => ('line' in found ? found.line : -1);
  const lines = new Set(own.map(line));
  return [...own, ...byText.filter((found) => !lines.has(line(found)))];
}

/** Secrets in the files of a layer, whatever their size; values are masked here and go no further. */
export function secretCollector(): LayerCollector<CollectedSecrets> {
  const secrets: LayerSecret[] = [];
  const suppressed: SuppressedLayerSecret[] = [];
  const repositories = new Set<string>();
  const budget = new ScanBudget();
  const stream = new SecretStream(budget);
  let scannedFiles = 0;
  let partlyReadFiles = 0;

  const keep = (path: string, found: readonly PlacedSecret[]): void => {
    for (const { rule, masked, ...place } of found) {
      const secret = { rule, masked, path, ...place };
      const reason = rule === GIT_DIRECTORY ? undefined : harmlessReason(path, rule);
      if (reason === undefined && secrets.length < MAX_FINDINGS) secrets.push(secret);
      else if (reason !== undefined && suppressed.length < MAX_FINDINGS)
        suppressed.push({ ...secret, reason });
    }
  };
  const visitSpecial = (path: string, content: Uint8Array): void => {
    const store = keyStoreRule(path, content);
    if (store !== undefined) keep(path, [{ rule: store, masked: '', offset: 0 }]);
    const own = isCredentialFile(path)
      ? credentialsIn(path, Buffer.from(content).toString('latin1'))
      : [];
    keep(path, together(own, secretsInPiece(content, budget)));
  };
  const visit = (found: LayerEntry, content: Uint8Array | undefined, truncated: boolean): void => {
    const { path, entry } = found;
    const repository = entry.type === 'file' ? gitDirectoryOf(path) : undefined;
    if (repository !== undefined && !repositories.has(repository)) {
      repositories.add(repository);
      keep(path, [{ rule: GIT_DIRECTORY, masked: '', offset: 0 }]);
    }
    const wish = wanted(found);
    if (wish.want === 'none') return;
    scannedFiles += 1;
    if (wish.want === 'stream') keep(path, stream.end());
    else if (isSpecial(path)) visitSpecial(path, content ?? new Uint8Array());
    else keep(path, secretsInPiece(content ?? new Uint8Array(), budget));
    if (budget.fellShort() || truncated) partlyReadFiles += 1;
  };
  return {
    name: 'secrets',
    wants: wanted,
    chunk: (bytes) => {
      stream.push(bytes);
    },
    visit,
    finish: () => ({ secrets, suppressedSecrets: suppressed, scannedFiles, partlyReadFiles }),
  };
}
