import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { readFlags } from '../../src/cli/flags.ts';
import type { ImageVerification, UnopenedImage } from '../../src/model/criterion.ts';
import { digestOf } from '../../src/model/reference.ts';
import { VERIFY } from '../../src/trust/flags.ts';
import type { CheckedAttachment } from '../../src/trust/verify-attached.ts';
import { verificationJson, verificationText } from '../../src/trust/verify-command.ts';
import { signedBy } from '../../src/trust/verify-image.ts';

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
const SCHEMA = join(import.meta.dirname, '../../schema/scoville-verify-1.json');
const unopened: UnopenedImage = {
  image: 'x',
  outcome: 'unjudged',
  reasons: ['registry.example: no such image'],
  ...{ missing: [], signatures: [], attestations: [] },
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

  test('a reason is told once', () => {
    const reason = 'the trusted root r.json does not vouch for it';
    const attestations = ['a', 'b', 'c'].flatMap((type) =>
      answer.attestations.map((one) => ({ ...one, type, reason })),
    );
    const lines = verificationText({ ...answer, attestations }).split('\n');
    expect(lines.filter((line) => line.includes('attestation'))).toEqual([
      `  attestation a failed: ${reason} (${short})`,
      `  attestation b failed, for the same reason (${short})`,
      `  attestation c failed, for the same reason (${short})`,
    ]);
  });

  test('a reason is whole up to 1,000 characters, and cleaned', () => {
    const [one] = answer.attestations;
    const reasonOf = (reason: string): string => {
      const attestations = one === undefined ? [] : [{ ...one, reason }];
      return verificationText({ ...answer, attestations });
    };
    const who = `https://gitlab.com/${'group/'.repeat(100)}shop//.gitlab-ci.yml@refs/heads/main`;
    expect(reasonOf(`its certificate names ${who}`)).toContain(`names ${who} (`);
    expect(reasonOf('x'.repeat(1001))).toContain(`failed: ${'x'.repeat(999)}… (`);
    expect(reasonOf('a\u001b[2Jb\n::error::c')).toContain('failed: a\ufffd[2Jb : :error::c (');
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

  test.each([
    ['answers', [answer]],
    ['what is short', [{ ...answer, outcome: 'short', reasons: ['no sbom'] } as const]],
    ['no image', [unopened]],
  ])('%s as JSON, by the schema', (_, answers) => {
    const validate = new Ajv2020({ strict: false }).compile(
      JSON.parse(readFileSync(SCHEMA, 'utf8')) as object,
    );
    const printed = JSON.parse(verificationJson(answers)) as { images: object[] };
    expect([validate(printed), validate.errors]).toEqual([true, null]);
    // No verdict without a digest, and none that is verified for a reason against it.
    for (const wrong of [{ digest: undefined, outcome: 'verified' }, { outcome: 'good' }]) {
      const images = printed.images.map((image) => ({ ...image, ...wrong }));
      expect(validate(JSON.parse(JSON.stringify({ ...printed, images })))).toBe(false);
    }
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

const identity = { subject: 'jane@corp.com.evil.com', issuer: 'https://issuer.example' };

test.each([
  [
    '/jane@corp/ (https://issuer.example)',
    'jane@corp.com.evil.com (https://issuer.example), which fits /jane@corp/ (https://issuer.example)',
  ],
  [
    'jane@corp.com.evil.com (https://issuer.example) (trust.identities)',
    'jane@corp.com.evil.com (https://issuer.example) (trust.identities)',
  ],
])('who signed is named, not only what was asked for: %s', (verifiedBy, named) => {
  const evidence = { proof: { kind: 'statement', signedWith: 'certificate' } };
  const checked = { evidence, verification: 'verified', verifiedBy, origin: { identity } };
  expect(signedBy([checked as unknown as CheckedAttachment])).toEqual({
    signedBy: named,
    signedWith: { kind: 'certificate', identity },
  });
});
