import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lockedPackages, lockText } from '../../src/build/plan-lock.ts';
import { parseLock } from '../../src/config/lock.ts';
import type { LockFile } from '../../src/model/lock.ts';
import { lock } from './lock-given.ts';

async function readBack(text: string): Promise<LockFile> {
  const read = await parseLock(text, 'f.lock');
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
}

test('is YAML with its keys in one order', async () => {
  expect(await lockText(lock())).toBe(
    `# What this image takes from outside: keep it in git beside the Dockerfile. \`scoville lock\` refreshes it (docs/lock.md).

schemaVersion: 1
dockerfile: Dockerfile
target: app
images:
  docker.io/library/node:22:
    digest: sha256:${'a'.repeat(64)}
    platforms:
      linux/amd64: sha256:${'b'.repeat(64)}
  docker.io/library/own:1:
    digest: sha256:${'c'.repeat(64)}
    local: true
epoch:
  seconds: 1769904000
  reason: creation time of docker.io/library/node:22
builder:
  docker: 26.1.5
  buildx: 0.13.1
  frontend: dockerfile.v0
normaliser: 1-safe
snapshots:
  - snapshot.debian.org/debian 20260301T000000Z
remotes:
  https://example.com/a.txt: sha256:${'d'.repeat(64)}
packages:
  linux/amd64:
    deb:
      - curl 8.14.1-2
      - jq 1.7
    npm:
      - "@scope/x 1.0.0"
      - y 2.10
  linux/arm64: {}
`,
  );
});

test('is read back as it was written', async () => {
  expect(await readBack(await lockText(lock()))).toEqual(lock());
});

test('takes packages of any name and version', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ name: fc.string({ unit: 'binary', maxLength: 40 }), version: fc.string() }),
        { maxLength: 8 },
      ),
      async (found) => {
        const packages = lockedPackages(
          found.map(({ name, version }) => ({
            type: 'npm' as const,
            name,
            version,
            purl: '',
            licenses: [],
            location: {
              path: 'p',
              layer: [...lock().images.values()][0]?.digest ?? ('' as never),
            },
          })),
          [],
        );
        const given = lock({ packages: new Map([['linux/amd64', packages]]) });
        expect(await readBack(await lockText(given))).toEqual(given);
      },
    ),
    { numRuns: 200 },
  );
});
