import { describe, expect, test } from 'vitest';
import { MalformedProfile } from '../../src/criteria/security-profile/seccomp.ts';
import { checkProfile, makeProfile, profileComment } from '../../src/profile/make-profile.ts';
import { FORK, SERVICE, traceOf } from './traces.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;
const COMMENT = profileComment({
  image: IMAGE,
  platform: 'linux/amd64',
  when: '2026-01-02T03:04:05Z',
  exercises: ['GET /'],
  confinement: 'read-only',
});
const { document } = makeProfile(
  SERVICE,
  { architecture: 'amd64', strict: false, ioctl: true },
  COMMENT,
);

describe('checkProfile', () => {
  test('a profile fits the trace that it was made of', () => {
    expect(checkProfile(SERVICE, document, 'amd64')).toEqual({
      holds: true,
      forbidden: [],
      wider: [],
      madeFrom: { image: IMAGE, when: '2026-01-02T03:04:05Z' },
    });
  });

  test('names calls and arguments that are new, not those that the default refuses too', () => {
    const later = traceOf({
      connect: undefined,
      socket: [10, 17, 40],
      clone: [0x3d0f00, FORK],
      ioctl: [0x5421, 0x5412],
      mount: undefined,
      io_uring_setup: undefined,
    });
    expect(checkProfile(later, document, 'amd64')).toMatchObject({
      holds: false,
      forbidden: [
        'clone (flags 0x1200011)',
        'connect',
        'ioctl (request 0x5412)',
        'socket (family 0x11)',
      ],
    });
  });

  test.each([
    [{ ...document, defaultAction: 'SCMP_ACT_ALLOW' }, 'all that it does not name'],
    [{ ...document, defaultAction: 'SCMP_ACT_LOG' }, 'all that it does not name'],
    [
      {
        ...document,
        syscalls: [...document.syscalls, { names: ['mount'], action: 'SCMP_ACT_ALLOW' }],
      },
      'mount',
    ],
    [
      {
        ...document,
        syscalls: [...document.syscalls, { names: ['socket'], action: 'SCMP_ACT_ALLOW' }],
      },
      'socket',
    ],
  ])('a wider profile does not hold (%#)', (edited, words) => {
    const checked = checkProfile(SERVICE, edited, 'amd64');
    expect(checked.holds).toBe(false);
    expect(checked.wider.join()).toContain(words);
  });

  test('what is not a profile is an error', () => {
    expect(() => checkProfile(SERVICE, { any: 1 }, 'amd64')).toThrow(MalformedProfile);
  });
});
