import { expect, test } from 'vitest';
import { bundleOrigin } from '../../src/trust/bundle.ts';

const entry = (logIndex: string) => ({ logIndex, integratedTime: '1700000000' });
const origin = (verificationMaterial: unknown) =>
  bundleOrigin(
    Buffer.from(
      JSON.stringify({
        mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
        verificationMaterial,
        messageSignature: {},
      }),
    ),
  );

test('the entry of a log, and its time', () => {
  expect(origin({ tlogEntries: [entry('7')] })).toEqual({
    logIndex: 7,
    time: '2023-11-14T22:13:20Z',
  });
});

test('of two entries nobody knows which one cosign has checked', () => {
  expect(origin({ tlogEntries: [entry('7'), entry('9')] })).toEqual({});
});
