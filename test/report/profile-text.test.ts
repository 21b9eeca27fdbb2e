import { expect, test } from 'vitest';
import { profileText } from '../../src/report/command-texts.ts';

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
