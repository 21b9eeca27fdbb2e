import type { ContentWish, LayerCollector, LayerEntry } from '../model/walk.ts';
import {
  credentialsIn,
  isBinaryName,
  isCredentialFile,
  isGitDirectoryMark,
} from './credential-files.ts';
import type { LayerSecret } from './layer-facts.ts';
import { isHarmlessPlace } from './secret-places.ts';
import { secretsInText } from './secret-text.ts';

export interface CollectedSecrets {
  readonly secrets: readonly LayerSecret[];
  readonly scannedFiles: number;
}

/** Of a larger file the first part is scanned: keys and settings are small, data is not. */
const CAP = 1024 * 1024;
const MAX_FINDINGS = 1000;
const SMALLEST = 16;

function wanted({ path, entry }: LayerEntry): ContentWish {
  if (entry.type !== 'file' || entry.size < SMALLEST) return { want: 'none' };
  if (isCredentialFile(path) || isGitDirectoryMark(path)) return { want: 'all', cap: CAP };
  return isBinaryName(path) || isHarmlessPlace(path) ? { want: 'none' } : { want: 'all', cap: CAP };
}

/** A NUL near the start tells a binary file. */
function isText(content: Uint8Array): boolean {
  return !content.subarray(0, 1024).includes(0);
}

function secretsOf(path: string, content: Uint8Array): readonly LayerSecret[] {
  if (isGitDirectoryMark(path)) return [{ rule: 'git-directory', masked: '', path, line: 1 }];
  const own = isCredentialFile(path)
    ? credentialsIn(path, Buffer.from(content).toString('latin1'))
    : [];
  const byText = isHarmlessPlace(path) ? [] : secretsInText(content, path);
  return [...own, ...byText].map((secret) => ({ ...secret, path }));
}

/** Secrets in the text files of a layer; values are masked here and go no further. */
export function secretCollector(): LayerCollector<CollectedSecrets> {
  const secrets: LayerSecret[] = [];
  let scannedFiles = 0;
  return {
    name: 'secrets',
    wants: wanted,
    visit: (found, content) => {
      if (content === undefined || wanted(found).want === 'none' || !isText(content)) return;
      scannedFiles += 1;
      if (secrets.length < MAX_FINDINGS) secrets.push(...secretsOf(found.path, content));
    },
    finish: () => ({ secrets, scannedFiles }),
  };
}
