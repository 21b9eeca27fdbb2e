import { expect, test } from 'vitest';
import { decideEpoch, type EpochInputs } from '../../src/build/annotations.ts';

const NOTHING: EpochInputs = {
  buildArgument: undefined,
  environment: undefined,
  dockerfileDefault: undefined,
  baseImages: [],
};

function epoch(inputs: Partial<EpochInputs>) {
  const decision = decideEpoch({ ...NOTHING, ...inputs });
  return decision.ok ? decision.value : decision.error;
}

test('what the user says goes first: flag, environment, Dockerfile', () => {
  const all = { buildArgument: '1', environment: '2', dockerfileDefault: '3' };
  expect(epoch(all)).toMatchObject({ seconds: 1, source: 'build-arg' });
  expect(epoch({ ...all, buildArgument: undefined })).toMatchObject({
    seconds: 2,
    reason: 'SOURCE_DATE_EPOCH of the environment',
  });
  expect(epoch({ dockerfileDefault: '3' })).toMatchObject({ seconds: 3, source: 'dockerfile' });
  expect(epoch({ environment: '0' })).toMatchObject({ seconds: 0 });
});

test('else the oldest base image', () => {
  const baseImages = [
    { name: 'a', created: '2026-05-01T00:00:00Z' },
    { name: 'b', created: '2025-05-01T00:00:00.999Z' },
    { name: 'c', created: undefined },
    { name: 'd', created: 'yesterday' },
  ];
  expect(epoch({ baseImages, environment: 'context' })).toEqual({
    seconds: 1_746_057_600,
    source: 'base-image',
    reason: 'creation time of b, the oldest base image',
  });
});

test.each(['1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z'])('never before 1980: %s', (created) => {
  expect(epoch({ baseImages: [{ name: 'distroless', created }] })).toEqual({
    seconds: 315_532_800,
    source: 'base-image',
    reason: 'creation time of distroless, moved up to 1980-01-01',
  });
});

test.each(['soon', '-1', '1.5', '9'.repeat(13), '253402300800'])('%s is refused', (environment) => {
  expect(epoch({ environment })).toBe(
    `invalid SOURCE_DATE_EPOCH: "${environment}" is not a number of seconds up to the year 9999`,
  );
});
