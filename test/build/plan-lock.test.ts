import { describe, expect, test } from 'vitest';
import { describePlan } from '../../src/build/describe-plan.ts';
import { changeLines } from '../../src/build/lock-changes.ts';
import { completed, isAddition, type LockRequest, snapshotsOf } from '../../src/build/plan-lock.ts';
import { digest, dockerfile, planned } from './given.ts';
import { lock } from './lock-given.ts';

const NAME = 'docker.io/library/node:22';
const NODE = { name: NAME, digest: digest('a'), created: '2026-03-01T00:00:00Z' };
const STAGES = dockerfile('FROM node:22');
const HELD = lock({
  target: undefined as never,
  images: new Map([[NAME, { digest: digest('a'), local: false, platforms: new Map() }]]),
  snapshots: [],
});

function plan(before: LockRequest['before'], argv: readonly string[] = ['.'], resolved = [NODE]) {
  const request = {
    path: '/app/scoville.lock',
    before,
    locked: false,
    dockerfile: 'Dockerfile',
    normaliser: '1-safe',
  };
  return planned(argv, { dockerfile: STAGES, resolved, lock: request });
}

describe('a plan with a lock', () => {
  test('holds what the lock says: pins, checksums, epoch', () => {
    const made = plan(HELD);
    expect(made.lock?.drift).toEqual([]);
    expect(made.epoch).toEqual({
      seconds: 1_769_904_000,
      source: 'lock',
      reason: `lock file: creation time of ${NAME}`,
    });
    expect(made.lock?.now.epoch).toEqual(HELD.epoch);
    expect(made.sourcePolicy?.policy.rules.at(-1)).toEqual({
      action: 'CONVERT',
      selector: { identifier: 'https://example.com/a.txt', matchType: 'EXACT' },
      updates: {
        identifier: 'https://example.com/a.txt',
        attrs: { 'http.checksum': `sha256:${'d'.repeat(64)}` },
      },
    });
    expect(describePlan(made)).toContain('lock          /app/scoville.lock, enforced\n');
  });

  test('holds the time that RUNs see: the lock’s, not that of this machine’s first build', () => {
    const start = Date.parse('2026-02-03T04:05:06Z') / 1000;
    const made = plan({ ...HELD, start }, ['--repro=deterministic', '.']);
    expect(made.steady?.start).toBe(start);
    expect(made.lock?.drift).toEqual([]);
    expect(made.notices.some((text) => text.startsWith('RUNs see 2026-02-03T04:05:06Z'))).toBe(
      true,
    );
    expect(plan({ ...HELD, start }).steady).toBeUndefined();
  });

  test('the first time goes into the lock, and stays there', () => {
    const made = plan(HELD, ['--repro=deterministic', '.']);
    expect(made.lock?.now.start).toBe(made.steady?.start);
    expect(made.lock?.drift.every(isAddition)).toBe(true);
    const { start } = completed(HELD, { ...HELD, start: 5 });
    expect(start).toBe(5);
    expect(completed({ ...HELD, start: 4 }, { ...HELD, start: 5 }).start).toBe(4);
  });

  test('drift: an image that the lock lacks or that nobody found, another epoch, target, rules', () => {
    const other = lock({ images: new Map(), snapshots: [], normaliser: '0-safe' });
    const made = plan(other, ['--build-arg', 'SOURCE_DATE_EPOCH=7', '--target', 'x', '.']);
    expect(changeLines(made.lock?.drift ?? [])).toEqual([
      'target: app → x',
      `image ${NAME}: new, ${digest('a')}`,
      'epoch: 1769904000 → 7',
      'normalizer rules: 0-safe → 1-safe',
    ]);
    const lost = plan(lock({ ...HELD, images: new Map() }), ['.'], []);
    expect(changeLines(lost.lock?.drift ?? [])).toEqual([
      `image ${NAME}: new, its digest is not known`,
    ]);
  });
});

test('completed: what the lock lacks is put in, what it holds stays', () => {
  const built = lock({
    images: new Map([
      [NAME, { digest: digest('e'), local: false, platforms: new Map() }],
      ['r/new:1', { digest: digest('f'), local: false, platforms: new Map() }],
    ]),
    remotes: new Map([['https://new', 'x']]),
    packages: new Map([['linux/s390x', new Map()]]),
  });
  const next = completed(lock(), built);
  expect(next.images.get(NAME)?.digest).toBe(digest('a'));
  expect(next.images.get('r/new:1')?.digest).toBe(digest('f'));
  expect([...next.remotes.keys()].sort()).toEqual(['https://example.com/a.txt', 'https://new']);
  expect([...next.packages.keys()].sort()).toEqual(['linux/amd64', 'linux/arm64', 'linux/s390x']);
});

test('snapshot dates are found in mirrors and in apt’s own option', () => {
  const model = dockerfile(`FROM debian
RUN echo deb http://snapshot.debian.org/archive/debian-security/20260301T000000Z trixie main
RUN apt-get install --snapshot 20260302T000000Z curl
RUN echo https://snapshot.ubuntu.com/ubuntu/20260303T000000Z
RUN echo snapshot.debian.org/archive/debian/$DATE
`);
  expect(snapshotsOf(model)).toEqual([
    'apt 20260302T000000Z',
    'snapshot.debian.org/debian-security 20260301T000000Z',
    'snapshot.ubuntu.com/ubuntu 20260303T000000Z',
  ]);
  expect(snapshotsOf(undefined)).toEqual([]);
});
