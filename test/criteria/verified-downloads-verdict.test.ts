import { expect, test } from 'vitest';
import { verifiedDownloads } from '../../src/criteria/verified-downloads.ts';
import type { Download } from '../../src/model/build-analysis.ts';
import { judgesAs } from './criterion-table.ts';
import { build, buildDoing, download, factsOf, range, replaying } from './facts-builder.ts';

const doing = (...given: readonly Partial<Download>[]) =>
  factsOf({ build: buildDoing({ downloads: given.map((one) => download(one)) }) });
const check = { method: 'sha256sum -c', range: range(6) };

judgesAs(verifiedDownloads, [
  ['pass', 'checksum', doing({ verifiedBy: check }), '1 download verified'],
  [
    'pass',
    'ADD --checksum',
    doing({ kind: 'add', verifiedBy: { ...check, method: 'ADD --checksum' } }),
    'verified',
  ],
  [
    'pass',
    'git at a commit',
    doing({ kind: 'git', verifiedBy: { ...check, method: 'commit' } }),
    'verified',
  ],
  [
    'pass',
    'checksum from the same origin',
    doing({ verifiedBy: { ...check, weak: 'same origin' } }),
    '1 weakly',
  ],
  ['fail', 'nothing verifies it', doing({}), 'line 5: nothing verifies it'],
  [
    'fail',
    'a checksum clears its own download alone',
    doing({ verifiedBy: check }, { range: range(8) }),
    'line 8',
  ],
  ['fail', 'curl | sh', doing({ pipedToShell: true }), 'interpreter'],
  [
    'fail',
    'curl | sh with a checksum of something',
    doing({ pipedToShell: true, verifiedBy: check }),
    'interpreter',
  ],
  [
    'fail',
    'a check that cannot stop the build',
    doing({ ineffectiveCheck: { ...check, reason: '|| true' } }),
    'cannot stop the build: || true',
  ],
  ['fail', 'ADD https', doing({ kind: 'add' }), 'nothing verifies'],
  ['fail', 'git clone of a branch', doing({ kind: 'git' }), 'nothing verifies'],
  ['fail', 'pip from a URL', doing({ kind: 'pip-url' }), 'nothing verifies'],
  ['fail', 'an address that is not constant', doing({ url: undefined }), 'nothing verifies'],
  [
    'unknown',
    'shell that could not be read',
    factsOf({ build: buildDoing({ unread: [{ range: range(4), reason: 'syntax' }] }) }),
    'line 4',
  ],
  ['not-applicable', 'ok- downloads nothing', doing(), 'downloads nothing'],
  ['unknown', 'no Dockerfile', factsOf({ build: build() }), 'no Dockerfile'],
]);

test('credentials in an address are not shown', () => {
  const answer = verifiedDownloads.judge(
    doing({ command: 'curl https://me:secret@example.com/x' }),
  );
  expect(JSON.stringify(answer)).not.toContain('secret');
  expect(answer.evidence[0]).toMatchObject({ text: 'curl https://****@example.com/x' });
});

const replayed = (given: Partial<Download>, ...addresses: readonly string[]) =>
  factsOf({ build: replaying(buildDoing({ downloads: [download(given)] }), ...addresses) });
const TOOL = 'https://example.com/tool';

judgesAs(verifiedDownloads, [
  [
    'pass',
    'replayed by its digest: weak, since nobody asked its publisher',
    replayed({ url: TOOL }, TOOL),
    '1 weakly',
  ],
  [
    'pass',
    'a check of its own is stronger than a replay',
    replayed({ url: TOOL, verifiedBy: check }, TOOL),
    '1 download verified',
  ],
  [
    'fail',
    'another address was replayed',
    replayed({ url: TOOL }, `${TOOL}2`),
    'nothing verifies it',
  ],
  ['fail', 'a replay without addresses', replayed({ url: TOOL }), 'nothing verifies it'],
  [
    'fail',
    'an address that is not constant',
    replayed({ url: undefined }, TOOL),
    'nothing verifies it',
  ],
  [
    'fail',
    'what BuildKit fetches itself is not replayed',
    replayed({ url: TOOL, kind: 'add' }, TOOL),
    'nothing verifies it',
  ],
  ['fail', 'curl | sh, replayed', replayed({ url: TOOL, pipedToShell: true }, TOOL), 'interpreter'],
  [
    'pass',
    'a repository of git, by what it is asked first',
    replayed(
      { url: 'https://example.com/a', kind: 'git' },
      'https://example.com/a.git/info/refs?service=git-upload-pack',
    ),
    '1 weakly',
  ],
]);
