import { expect, test } from 'vitest';
import { profileText } from '../../src/reporters/profile-text.ts';

const SUMMARY = {
  schemaVersion: '1',
  file: 'my profile.json',
  image: 'app:profile-1',
  digest: 'sha256:1',
  platform: 'linux/amd64',
  calls: 71,
  ofDefault: 370,
  gone: ['trace'],
  refused: [],
  exercises: ['GET /'],
  confinement: 'read-only',
  startsProcesses: false,
} as const;

function steps(folder?: string): readonly string[] {
  return profileText(SUMMARY, folder)
    .split('\n')
    .filter((line) => /^(?:proven|Run it|Check it):/.test(line));
}

test('names the image where it stays', () => {
  expect(steps()).toEqual([
    'proven: app:profile-1 answers under it (read-only): GET /',
    "Run it:    docker run --security-opt seccomp='my profile.json' app:profile-1",
    "Check it:  scoville profile --check --out 'my profile.json' app:profile-1",
  ]);
});

test('names the folder where the image was made of it and is gone', () => {
  expect(steps('a;b')).toEqual([
    'proven: a;b answers under it (read-only): GET /',
    "Run it:    docker run --security-opt seccomp='my profile.json' IMAGE",
    "Check it:  scoville profile --check --out 'my profile.json' 'a;b'",
  ]);
});

test('an AppArmor profile that was not proven says so, and why', () => {
  const apparmor = { file: 'apparmor.profile', name: 'scoville-app', unplaced: 0 };
  const text = (more: { proven: boolean; reason?: string }): string =>
    profileText({ ...SUMMARY, apparmor: { ...apparmor, ...more } });
  expect(text({ proven: false, reason: 'no AppArmor here' })).toContain(
    'the AppArmor profile scoville-app. NOT proven: no AppArmor here. No build attaches it\n',
  );
  expect(text({ proven: true })).toContain('Proven: the program answers under it');
  expect(text({ proven: true })).toContain('--security-opt apparmor=scoville-app IMAGE');
});
