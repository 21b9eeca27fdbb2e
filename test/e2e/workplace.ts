import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { Scoville } from './harness.ts';

/** A new folder for this file, or the `describe` that asks for it; it goes with its end. */
export function folderHere(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `scoville-${name}-`));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The same for a scoville with a home of its own. */
export function scovilleHere(): Scoville {
  const scoville = new Scoville();
  afterAll(() => {
    scoville.remove();
  });
  return scoville;
}
