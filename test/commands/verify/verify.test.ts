import { describe, expect, test } from 'vitest';
import { readFlags } from '../../../src/commands/flags.ts';
import { VERIFY } from '../../../src/commands/verify/verify-flags.ts';
import { verificationJson, verificationText } from '../../../src/commands/verify/verify-report.ts';
import { verify } from '../../../src/commands/verify/verify.ts';
import { digestOf } from '../../../src/model/digest.ts';
import type { ImageVerification } from '../../../src/model/verification.ts';
import { fakeIo } from '../command-io.ts';

const DIGEST = digestOf('image');
const answer: ImageVerification = {
  image: 'registry.example/app:1',
  digest: DIGEST,
  outcome: 'verified',
  reasons: [],
  signedBy: 'k.pub',
  signedWith: { kind: 'key' },
  missing: ['SBOM'],
  signatures: [
    {
      type: 'cosign-bundle',
      verification: 'verified',
      verifiedBy: 'k.pub',
      digest: DIGEST,
      subjects: [DIGEST],
    },
  ],
  attestations: [
    {
      type: 'https://example.org/t\u001b[31m',
      verification: 'failed',
      reason: 'not signed by k.pub',
      digest: DIGEST,
      subjects: [DIGEST],
    },
  ],
  level: 3,
  gradedAt: '2026-11-24T00:00:00Z',
  tests: { result: 'WARNED', passed: 20, warned: 2, failed: 1 },
};
const short = DIGEST.slice(0, 19);

describe('the answer', () => {
  test('for people, cleaned of what could steer a terminal', () => {
    expect(verificationText(answer).split('\n')).toEqual([
      'registry.example/app:1',
      `  ${DIGEST}`,
      `  signature   cosign-bundle verified: k.pub (${short})`,
      `  attestation https://example.org/t failed: not signed by k.pub (${short})`,
      '  level 3 (Scotch Bonnet), stated on 2026-11-24T00:00:00Z',
      '  criteria: 20 passed, 2 not judged, 1 failed',
      'verified against k.pub; signed with a key, not logged; level 3; missing: SBOM',
      '',
    ]);
  });

  test('of what is said of several the same, one line', () => {
    const [one] = answer.attestations;
    const other = { ...one, digest: `sha256:${'e'.repeat(64)}` } as typeof one;
    const attestations = [one, other, one].flatMap((item) => (item === undefined ? [] : [item]));
    const lines = verificationText({ ...answer, attestations }).split('\n');
    expect(lines.filter((line) => line.includes('attestation'))).toEqual([
      `  attestation https://example.org/t failed: not signed by k.pub (${short} and 1 more)`,
    ]);
  });

  test('what it is short of', () => {
    const bare: ImageVerification = {
      image: 'x',
      digest: DIGEST,
      outcome: 'short',
      reasons: ['no signature of this digest verifies'],
      missing: ['signature', 'provenance'],
      signatures: [],
      attestations: [],
    };
    expect(verificationText(bare).split('\n').slice(2)).toEqual([
      '  No signatures or attestations found',
      'not verified; no level; missing: signature, provenance',
      '  no signature of this digest verifies',
      '',
    ]);
    expect(verificationText({ ...bare, outcome: 'unjudged' })).toContain('could not verify');
  });

  test('short of something else, though a signature verifies', () => {
    const text = verificationText({ ...answer, outcome: 'short', reasons: ['no sbom'] });
    expect(text).toContain(
      '\nnot verified, though signed by k.pub; signed with a key, not logged; level 3; missing: SBOM\n',
    );
  });

  test('as JSON', () => {
    expect(JSON.parse(verificationJson([answer]))).toEqual({
      schemaVersion: '1',
      images: [answer],
    });
  });
});

describe('flags', () => {
  test('name who must have signed and what must be stated', () => {
    const args =
      'a --key k.pub --key awskms:///x --type sbom --min-level 3 --trusted-root r.json b';
    expect(readFlags(args.split(' '), VERIFY)).toMatchObject({
      operands: ['a', 'b'],
      flags: {
        key: ['k.pub', 'awskms:///x'],
        trustedRoot: 'r.json',
        type: ['sbom'],
        minLevel: 3,
      },
    });
  });

  test.each([
    [['--type', 'sbmo'], 'invalid value "sbmo" for --type'],
    [['--min-level', '6'], '--min-level takes a whole number from 0 to 5, not "6"'],
    [['--kye', 'x'], 'verify has no flag --kye'],
  ])('%j is refused', (args, message) => {
    expect(() => readFlags([...args, 'a'], VERIFY)).toThrow(message);
  });
});

test('without an image it says how it is called', async () => {
  await expect(verify([], fakeIo().io)).rejects.toMatchObject({
    message: 'verify needs an image',
    nextStep: 'Usage: scoville verify [flags] IMAGE...',
  });
});
