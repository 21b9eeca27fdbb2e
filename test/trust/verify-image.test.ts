import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ToolResult } from '../../src/lib/run-tool.ts';
import { type Descriptor, MEDIA_TYPE, type OpenedImage } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { PREDICATE_TYPE } from '../../src/model/statement.ts';
import type { TrustedSigners } from '../../src/trust/trusted-signers.ts';
import { reproductionStatement } from '../../src/trust/verdict.ts';
import { type VerifyDemands, verifyImage } from '../../src/trust/verify-image.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { MemoryImage } from '../fakes/opened-image.ts';

const KEY: TrustedSigners = {
  named: true,
  signers: [{ signer: { kind: 'key', publicKey: 'k.pub' }, name: 'k.pub' }],
};
const NOTHING: VerifyDemands = { types: [], minLevel: undefined };

/**
 * A bundle whose signature is good, bad or not to be checked, for the fake cosign reads it there.
 */
function attach(
  image: MemoryImage,
  subject: Descriptor,
  type: string,
  predicate: unknown = {},
  signature: 'good' | 'bad' | 'unknown' = 'good',
): void {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: type,
    subject: [{ digest: { sha256: subject.digest.slice('sha256:'.length) } }],
    predicate,
  };
  image.attach({
    kind: 'referrer',
    subject,
    mediaType: MEDIA_TYPE.sigstoreBundle,
    bytes: Buffer.from(
      JSON.stringify({
        mediaType: MEDIA_TYPE.sigstoreBundle,
        verificationMaterial: { publicKey: { hint: signature } },
        dsseEnvelope: {
          payloadType: MEDIA_TYPE.inToto,
          payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
          signatures: [{ sig: 'AA==' }],
        },
      }),
    ),
  });
}

const ANSWERS: Readonly<Record<string, ToolResult>> = {
  good: { ended: 'exit', exitCode: 0, stdout: '', stderr: '' },
  bad: { ended: 'exit', exitCode: 1, stdout: '', stderr: 'Error: could not verify envelope\n' },
  unknown: { ended: 'exit', exitCode: 1, stdout: '', stderr: 'Error: KMS is away\n' },
};

function verify(
  opened: OpenedImage,
  demands: Partial<VerifyDemands> = {},
  trusted: TrustedSigners = KEY,
) {
  const { run } = fakeRun([
    {
      command: 'cosign',
      args: ['attest-blob', '--help'],
      result: {
        stdout: readFileSync(
          new URL('../fixtures/cosign/2.5.0/attest-blob-help.txt', import.meta.url),
          'utf8',
        ),
      },
    },
    {
      command: 'cosign',
      args: ['verify-blob-attestation'],
      result: ({ args }) => {
        const bundle = readFileSync(args[args.indexOf('--bundle') + 1] ?? '', 'utf8');
        const hint = /"hint":"(\w+)"/.exec(bundle)?.[1] ?? '';
        const answer = ANSWERS[hint];
        if (answer === undefined) throw new Error(`no answer for ${hint}`);
        return Promise.resolve(answer);
      },
    },
  ]);
  return verifyImage(contextOf(run, temporaryFolder()), opened, trusted, {
    ...NOTHING,
    ...demands,
  });
}

const summary = (level: number, timeVerified: string, verificationResult = 'PASSED') => ({
  verificationResult,
  timeVerified,
  verifiedLevels: Array.from({ length: level }, (_, i) => `CHPS_LEVEL_${i + 1}`),
});

/** As a grade states it. */
const TESTS = { result: 'PASSED', configuration: [{ name: 'CHPs' }] };

describe('verifyImage', () => {
  test('a signature of the digest that verifies is enough', async () => {
    const image = new MemoryImage();
    const root = image.platform();
    attach(image, root, PREDICATE_TYPE.cosignSign);
    attach(image, root, PREDICATE_TYPE.cosignSign, {}, 'bad');
    expect(await verify(image.opened())).toMatchObject({
      digest: root.digest,
      outcome: 'verified',
      reasons: [],
      signedBy: 'k.pub',
      signatures: [{ verification: 'verified' }, { verification: 'failed' }],
    });
  });

  test.each([
    ['bad', 'short', ['no signature of this digest verifies']],
    ['unknown', 'unjudged', ['no signature of this digest verifies', 'KMS is away']],
  ] as const)('one that is %s is %s', async (signature, outcome, reasons) => {
    const image = new MemoryImage();
    attach(image, image.platform(), PREDICATE_TYPE.cosignSign, {}, signature);
    expect(await verify(image.opened())).toMatchObject({
      outcome,
      reasons,
      missing: ['verified signature', 'provenance', 'SBOM', 'verdict'],
    });
  });

  test('nothing attached is short; where the place did not answer it cannot be told', async () => {
    const image = new MemoryImage();
    image.platform();
    expect((await verify(image.opened())).outcome).toBe('short');
    image.incomplete = 'the registry did not answer';
    expect(await verify(image.opened())).toMatchObject({
      outcome: 'unjudged',
      reasons: ['no signature of this digest verifies', 'the registry did not answer'],
    });
  });

  test('with nobody to verify against it cannot be told', async () => {
    const image = new MemoryImage();
    attach(image, image.platform(), PREDICATE_TYPE.cosignSign);
    expect(await verify(image.opened(), {}, { named: false, signers: [] })).toMatchObject({
      outcome: 'unjudged',
      reasons: ['no signature of this digest verifies', 'no key or identity to verify with'],
    });
  });

  test('an attestation is no signature, and an unverified one states nothing', async () => {
    const image = new MemoryImage();
    const root = image.platform();
    attach(image, root, PREDICATE_TYPE.slsaProvenanceV1);
    attach(image, root, PREDICATE_TYPE.cyclonedx, {}, 'bad');
    expect(await verify(image.opened(), { types: ['provenance', 'sbom'] })).toMatchObject({
      outcome: 'short',
      reasons: ['no signature of this digest is attached', 'no verified attestation of type sbom'],
      missing: ['signature', 'SBOM', 'verdict'],
    });
  });

  test('the newest verified verdict counts, and a failed one states no level', async () => {
    const image = new MemoryImage();
    const root = image.platform();
    attach(image, root, PREDICATE_TYPE.cosignSign);
    attach(image, root, PREDICATE_TYPE.slsaVsa, summary(3, '2026-11-01T00:00:00Z'));
    attach(image, root, PREDICATE_TYPE.slsaVsa, summary(5, '2027-01-01T00:00:00Z'), 'bad');
    expect(await verify(image.opened(), { minLevel: 3 })).toMatchObject({
      outcome: 'verified',
      level: 3,
      gradedAt: '2026-11-01T00:00:00Z',
    });
    attach(image, root, PREDICATE_TYPE.slsaVsa, summary(2, '2026-11-20T00:00:00Z'));
    expect(await verify(image.opened(), { minLevel: 3 })).toMatchObject({
      outcome: 'short',
      reasons: ['level 2 is stated, 3 is asked for'],
    });
    attach(image, root, PREDICATE_TYPE.slsaVsa, summary(4, '2026-11-21T00:00:00Z', 'FAILED'));
    const failed = await verify(image.opened(), { minLevel: 0 });
    expect(failed.reasons).toEqual(['no verified verdict states a level; 0 is asked for']);
    expect(failed.level).toBeUndefined();
  });

  test('a verified test result is counted', async () => {
    const image = new MemoryImage();
    const root = image.platform();
    attach(image, root, PREDICATE_TYPE.testResult, { ...TESTS, passedTests: ['a'] });
    expect((await verify(image.opened())).tests).toEqual({
      result: 'PASSED',
      passed: 1,
      warned: 0,
      failed: 0,
    });
  });
});

describe('a second build', () => {
  const stated = (reproducible: boolean): unknown =>
    reproductionStatement(
      { reproducible, differences: reproducible ? [] : ['a: content', 'b: content'] },
      { uri: 'x', version: '1' },
    );

  test('is told apart from the criteria', async () => {
    const image = new MemoryImage();
    const root = image.platform();
    attach(image, root, PREDICATE_TYPE.testResult, stated(true));
    const answer = await verify(image.opened());
    expect(answer.tests).toBeUndefined();
    expect(answer.reproduction).toEqual({ reproducible: true, differences: 0 });
    attach(image, root, PREDICATE_TYPE.testResult, { ...TESTS, passedTests: ['a', 'b'] });
    expect((await verify(image.opened())).tests).toMatchObject({ passed: 2 });
  });

  test('that differed weighs more than one that did not, and one that is not verified weighs nothing', async () => {
    const image = new MemoryImage();
    const root = image.platform();
    attach(image, root, PREDICATE_TYPE.testResult, stated(false), 'bad');
    expect((await verify(image.opened())).reproduction).toBeUndefined();
    attach(image, root, PREDICATE_TYPE.testResult, stated(true));
    attach(image, root, PREDICATE_TYPE.testResult, stated(false));
    expect((await verify(image.opened())).reproduction).toEqual({
      reproducible: false,
      differences: 2,
    });
  });
});

describe('an image of several platforms', () => {
  const two = () => {
    const image = new MemoryImage();
    const platforms = [image.platform(), image.platform()];
    return { image, platforms, index: image.index() };
  };

  test('is covered by what is about its index', async () => {
    const { image, index } = two();
    attach(image, index, PREDICATE_TYPE.cosignSign);
    expect((await verify(image.opened())).outcome).toBe('verified');
  });

  test('is covered by what is about each platform, and not by one alone', async () => {
    const { image, platforms } = two();
    const [amd, arm] = platforms;
    if (amd === undefined || arm === undefined) throw new Error('two platforms');
    attach(image, amd, PREDICATE_TYPE.cosignSign);
    const lacking = (name: string): string =>
      `no signature verifies for the index, nor for ${name}`;
    expect(await verify(image.opened())).toMatchObject({
      outcome: 'short',
      reasons: [lacking(`linux/arm64 (${arm.digest})`)],
    });
    attach(image, arm, PREDICATE_TYPE.cosignSign);
    expect((await verify(image.opened())).outcome).toBe('verified');
    // A third that is not here cannot be looked at, signed or not.
    const digest = digestOf('elsewhere');
    const ppc = { ...arm, digest, platform: { os: 'linux', architecture: 'ppc64le' } };
    for (const [absent, name] of [
      [ppc, `linux/ppc64le (${digest})`],
      [{ ...arm, digest }, digest],
      [arm, arm.digest],
    ] as const)
      expect(await verify({ ...image.opened(), absent: [absent] })).toMatchObject({
        outcome: 'short',
        reasons: [lacking(name)],
      });
  });

  test('is not verified, whoever signed, where it lists what cannot be read as an image', async () => {
    const { image, index, platforms } = two();
    attach(image, index, PREDICATE_TYPE.cosignSign);
    const [amd] = platforms;
    if (amd === undefined) throw new Error('two platforms');
    const unread = { ...amd, mediaType: 'application/vnd.foo' };
    const answer = await verify({ ...image.opened(), unread: [unread] });
    expect(answer.outcome).toBe('short');
    expect(answer.reasons).toEqual([
      `the index lists ${amd.digest} as "application/vnd.foo", which cannot be read as an image; an engine may run it`,
    ]);
  });

  test('is not verified where an archive has another image of its name', async () => {
    const { image, index, platforms } = two();
    attach(image, index, PREDICATE_TYPE.cosignSign);
    const namesakes = platforms.slice(0, 1);
    const answer = await verify({ ...image.opened(), namesakes });
    expect(answer.outcome).toBe('short');
    expect(answer.reasons.join()).toContain(`${platforms[0]?.digest} is there under the same name`);
  });

  test('has the level of its lowest platform', async () => {
    const { image, index, platforms } = two();
    attach(image, index, PREDICATE_TYPE.cosignSign);
    platforms.forEach((platform, i) => {
      attach(image, platform, PREDICATE_TYPE.slsaVsa, summary(i + 2, '2026-11-01T00:00:00Z'));
    });
    expect((await verify(image.opened())).level).toBe(2);
  });
});

test('a place that keeps no signatures cannot tell', async () => {
  const image = new MemoryImage();
  image.platform();
  const opened = { ...image.opened(), withoutAttachments: 'Docker’s classic store keeps none' };
  expect(await verify(opened)).toMatchObject({
    outcome: 'unjudged',
    reasons: ['no signature of this digest verifies', 'Docker’s classic store keeps none'],
  });
});
