import { expect, test } from 'vitest';
import { seccompFlaw } from '../../src/model/profile.ts';
import { REFUSED, STRICTER, TAKEN } from './seccomp-profiles.ts';

test.each(TAKEN)('%s is taken', (_, profile) => {
  expect(seccompFlaw({ ...profile })).toBeUndefined();
});

test.each([...REFUSED, ...STRICTER])('%s is refused', (_, profile, said) => {
  expect(seccompFlaw({ ...profile })).toContain(said);
});
