import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { sentDockerfile } from '../../src/build/sent-dockerfile.ts';
import { restoredProvenance } from '../../src/reproduce/recorded-fetches.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';
import { yamlTable } from '../fakes/table.ts';

const TEXT = 'FROM a\nRUN one\nFROM b\nRUN two\n';

test('BuildKit’s provenance tells of the user’s Dockerfile, and of no proxy', () => {
  const read = parseDockerfile(TEXT);
  const sent = read.ok
    ? sentDockerfile(TEXT, read.value, {
        names: () => [],
        clock: false,
        hermetic: { hashedName: '0.0', mark: 'ab', offline: new Set() },
      })
    : undefined;
  const table = JSON.stringify(yamlTable('test/build/restore-build.yaml'))
    .replaceAll('@SECRET', 'http://build:s3cr3t@172.17.0.1:1')
    .replaceAll('@ID', randomUUID())
    .replaceAll('@SENT', Buffer.from(sent?.text ?? '').toString('base64'))
    .replaceAll('@TEXT', Buffer.from(TEXT).toString('base64'));
  const { said, restored } = JSON.parse(table) as { said: unknown; restored: unknown };
  expect(restoredProvenance(said)).toEqual(restored);
});
