import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { fixesOf } from '../../src/build/update-lock.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import type { LockChange } from '../../src/model/lock.ts';
import { updateDatabase } from '../../src/scan/update-database.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { advisory, affects, exportZip, putExport } from '../fakes/made-export.ts';
import { pkg } from '../scan/osv-support.ts';

let home = '';
beforeEach(() => {
  home = temporaryFolder();
});

const osRelease = { id: 'debian', versionId: '13' };
const packages = [
  pkg('deb', 'libssl3t64', '3.5.1-3', { source: { name: 'openssl', version: '3.5.1-3' } }),
  pkg('deb', 'jq', '1.7-2'),
];
const update = (name: string, before: string, after: string): LockChange => ({
  subject: 'package',
  name,
  platform: 'linux/amd64',
  before,
  after,
});
const OPENSSL = update('deb libssl3t64', '3.5.1-1', '3.5.1-3');
const JQ = update('deb jq', '1.7-1', '1.7-2');

test('names what a new version fixes by its source package, the worst first; not what it still has', async () => {
  const context = contextOf(fakeRun([]).run, home);
  const until = (id: string, fixed: string, vector: string) =>
    advisory(id, {
      severity: [{ type: 'CVSS_V3', score: `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/${vector}` }],
      affected: [affects('Debian:13', 'openssl', [{ introduced: '0' }, { fixed }])],
    });
  putExport(
    join(home, 'osv'),
    'Debian',
    exportZip([
      until('CVE-2026-0001', '3.5.1-2', 'C:L/I:N/A:N'),
      until('CVE-2026-0002', '3.5.1-3', 'C:H/I:H/A:H'),
      until('CVE-2026-0003', '3.5.1-4', 'C:H/I:H/A:H'),
    ]),
  );
  await updateDatabase(context, {
    ecosystem: 'Debian',
    from: join(home, 'osv'),
    onProgress: () => undefined,
  });
  const found = await fixesOf(context, [OPENSSL, JQ], { packages, osRelease });
  expect(found?.get(OPENSSL)).toEqual(['CVE-2026-0002 (critical)', 'CVE-2026-0001 (medium)']);
  expect(found?.get(JQ)).toEqual([]);
});

test('says that it does not know, where there is no database', async () => {
  const events: PipelineEvent[] = [];
  const context = contextOf(fakeRun([]).run, home, { emit: (event) => events.push(event) });
  expect(await fixesOf(context, [OPENSSL], { packages, osRelease })).toBeUndefined();
  expect(events).toMatchObject([
    { kind: 'notice', text: expect.stringContaining('scoville db update') as string },
  ]);
});
