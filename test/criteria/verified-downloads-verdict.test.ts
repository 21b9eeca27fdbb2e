import { expect, test } from 'vitest';
import { verifiedDownloads } from '../../src/criteria/verified-downloads.ts';
import type { Download } from '../../src/model/build-analysis.ts';
import { judgesAs } from './criterion-table.ts';
import { build, buildDoing, download, factsOf, range, replaying } from './facts-builder.ts';

const doing = (...given: readonly Partial<Download>[]) =>
  factsOf({ build: buildDoing({ downloads: given.map((one) => download(one)) }) });
const check = { method: 'sha256sum -c', range: range(6) };

judgesAs(verifiedDownloads, [
  {
    name: 'checksum',
    facts: doing({ verifiedBy: check }),
    outcome: 'pass',
    says: '1 download verified',
  },
  {
    name: 'ADD --checksum',
    facts: doing({ kind: 'add', verifiedBy: { ...check, method: 'ADD --checksum' } }),
    outcome: 'pass',
    says: 'verified',
  },
  {
    name: 'git at a commit',
    facts: doing({ kind: 'git', verifiedBy: { ...check, method: 'commit' } }),
    outcome: 'pass',
    says: 'verified',
  },
  {
    name: 'checksum from the same origin',
    facts: doing({ verifiedBy: { ...check, weak: 'same origin' } }),
    outcome: 'pass',
    says: '1 weakly',
  },
  {
    name: 'nothing verifies it',
    facts: doing({}),
    outcome: 'fail',
    says: 'line 5: nothing verifies it',
  },
  {
    name: 'a checksum clears its own download alone',
    facts: doing({ verifiedBy: check }, { range: range(8) }),
    outcome: 'fail',
    says: 'line 8',
  },
  { name: 'curl | sh', facts: doing({ pipedToShell: true }), outcome: 'fail', says: 'interpreter' },
  {
    name: 'curl | sh with a checksum of something',
    facts: doing({ pipedToShell: true, verifiedBy: check }),
    outcome: 'fail',
    says: 'interpreter',
  },
  {
    name: 'a check that cannot stop the build',
    facts: doing({ ineffectiveCheck: { ...check, reason: '|| true' } }),
    outcome: 'fail',
    says: 'cannot stop the build: || true',
  },
  { name: 'ADD https', facts: doing({ kind: 'add' }), outcome: 'fail', says: 'nothing verifies' },
  {
    name: 'git clone of a branch',
    facts: doing({ kind: 'git' }),
    outcome: 'fail',
    says: 'nothing verifies',
  },
  {
    name: 'pip from a URL',
    facts: doing({ kind: 'pip-url' }),
    outcome: 'fail',
    says: 'nothing verifies',
  },
  {
    name: 'an address that is not constant',
    facts: doing({ url: undefined }),
    outcome: 'fail',
    says: 'nothing verifies',
  },
  {
    name: 'shell that could not be read',
    facts: factsOf({ build: buildDoing({ unread: [{ range: range(4), reason: 'syntax' }] }) }),
    outcome: 'unknown',
    says: 'line 4',
  },
  {
    name: 'ok- downloads nothing',
    facts: doing(),
    outcome: 'not-applicable',
    says: 'downloads nothing',
  },
  {
    name: 'no Dockerfile',
    facts: factsOf({ build: build() }),
    outcome: 'unknown',
    says: 'no Dockerfile',
  },
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
  {
    name: 'replayed by its digest: weak, since nobody asked its publisher',
    facts: replayed({ url: TOOL }, TOOL),
    outcome: 'pass',
    says: '1 weakly',
  },
  {
    name: 'a check of its own is stronger than a replay',
    facts: replayed({ url: TOOL, verifiedBy: check }, TOOL),
    outcome: 'pass',
    says: '1 download verified',
  },
  {
    name: 'another address was replayed',
    facts: replayed({ url: TOOL }, `${TOOL}2`),
    outcome: 'fail',
    says: 'nothing verifies it',
  },
  {
    name: 'a replay without addresses',
    facts: replayed({ url: TOOL }),
    outcome: 'fail',
    says: 'nothing verifies it',
  },
  {
    name: 'an address that is not constant',
    facts: replayed({ url: undefined }, TOOL),
    outcome: 'fail',
    says: 'nothing verifies it',
  },
  {
    name: 'what BuildKit fetches itself is not replayed',
    facts: replayed({ url: TOOL, kind: 'add' }, TOOL),
    outcome: 'fail',
    says: 'nothing verifies it',
  },
  {
    name: 'curl | sh, replayed',
    facts: replayed({ url: TOOL, pipedToShell: true }, TOOL),
    outcome: 'fail',
    says: 'interpreter',
  },
  {
    name: 'a repository of git, by what it is asked first',
    facts: replayed(
      { url: 'https://example.com/a', kind: 'git' },
      'https://example.com/a.git/info/refs?service=git-upload-pack',
    ),
    outcome: 'pass',
    says: '1 weakly',
  },
]);
