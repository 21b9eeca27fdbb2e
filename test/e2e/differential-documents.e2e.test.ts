import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runDocuments } from '../differential/documents/run-documents.ts';
import { startClassicEngine } from './classic-engine.ts';
import { isWhole } from './rows.ts';

test('what both stores of Docker read of odd documents is what we read, or refuse', async () => {
  const spoolDir = mkdtempSync(join(tmpdir(), 'scoville-odd-'));
  const engines = await Promise.all([startClassicEngine(true), startClassicEngine(false)]);
  const [containerd, overlay2] = engines.map(({ host }) => host);
  try {
    const found = await runDocuments(
      { containerd, overlay2 },
      {
        ...{ seed: 1, cases: isWhole ? 60 : 15, until: Date.now() + 600_000 },
        ...{ spoolDir, log: () => undefined },
      },
    );
    expect(found.differences).toEqual([]);
    expect(found.read).toBeGreaterThan(0);
  } finally {
    await Promise.all(engines.map((engine) => engine.stop()));
    rmSync(spoolDir, { recursive: true, force: true });
  }
});
