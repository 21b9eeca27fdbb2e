import type { LayerEntry } from '../../model/walk.ts';
import type { ScanBudget } from './scan-budget.ts';
import { type FoundSecret, secretsInBytes } from './secret-text.ts';

const ENOUGH = 64 * 1024;

/**
 * Secrets in what an entry is called: its path, what it links to, its attributes and comments. Names are gathered, since looking
 * into each by itself would cost more than its file.
 */
export class EntryNames {
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
