import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { attestationsFact } from '../../src/grade/grade-image.ts';
import { type RunTool, runTool } from '../../src/lib/run-tool.ts';
import type { AttestationsFact } from '../../src/model/facts.ts';
import { type Descriptor, MEDIA_TYPE } from '../../src/model/image.ts';
import type { Digest } from '../../src/model/reference.ts';
import { PREDICATE_TYPE } from '../../src/model/statement.ts';
import { generateKeyPair, signPayload, signStatement } from '../../src/trust/cosign.ts';
import { OWN_KEY, type TrustedSigners } from '../../src/trust/trusted-signers.ts';
import { readAttachments, verifyAttachments } from '../../src/trust/verify-attached.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { MemoryImage } from '../fakes/opened-image.ts';
import { folderHere } from './workplace.ts';

const second = process.env['SCOVILLE_SECOND_TOOLCHAIN'] ?? '';
const hasSecond = existsSync(join(second, 'ready'));
const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** The signature alone, base64. */
const signBlob = async (...call: Parameters<typeof signPayload>): Promise<string> => {
  const text = Buffer.from(await signPayload(...call)).toString();
  return (JSON.parse(text) as { messageSignature: { signature: string } }).messageSignature
    .signature;
};
const onPath = runTool;
const onSecondPath: RunTool = (run) =>
  runTool({
    ...run,
    env: { ...run.env, PATH: `${join(second, 'bin')}:${process.env['PATH'] ?? ''}` },
  });

describe.each([
  ['the cosign on PATH', onPath, true],
  ['the second toolchain’s cosign', onSecondPath, hasSecond],
] as const)('%s', (_, run, isThere) => {
  describe.runIf(isThere)('verifies what hangs on an image', () => {
    const dir = folderHere('attached');
    const keys: Record<'mine' | 'other', string> = { mine: '', other: '' };

    beforeAll(async () => {
      for (const name of ['mine', 'other'] as const) {
        await generateKeyPair(run, join(dir, name), '');
        keys[name] = join(dir, name, 'cosign.pub');
      }
    });

    const key = (by: 'mine' | 'other') =>
      ({ kind: 'key', ref: join(dir, by, 'cosign.key'), password: '' }) as const;

    /** A statement about a manifest, signed by cosign itself. */
    async function bundleOf(
      image: MemoryImage,
      subject: Descriptor,
      type: string,
      predicate: unknown = {},
      by: 'mine' | 'other' = 'mine',
    ): Promise<Uint8Array> {
      writeFileSync(join(dir, 'manifest'), image.bytesOf(subject));
      const manifestPath = join(dir, 'manifest');
      return signStatement(run, key(by), { manifestPath, predicateType: type, predicate });
    }

    function referrer(image: MemoryImage, subject: Descriptor, bytes: Uint8Array): Digest {
      return image.attach({
        kind: 'referrer',
        subject,
        bytes,
        mediaType: MEDIA_TYPE.sigstoreBundle,
        artifactType: MEDIA_TYPE.sigstoreBundle,
      });
    }

    /** A signature as cosign up to 2 stores it. */
    async function legacySignature(
      image: MemoryImage,
      subject: Descriptor,
      options: { readonly about?: Digest; readonly payload?: Uint8Array } = {},
    ): Promise<Digest> {
      const payload = Buffer.from(
        JSON.stringify({
          critical: {
            identity: { 'docker-reference': 'registry.example/app' },
            image: { 'docker-manifest-digest': options.about ?? subject.digest },
            type: 'cosign container image signature',
          },
          optional: null,
        }),
      );
      const signature = await signBlob(run, key('mine'), payload);
      return image.attach({
        kind: 'cosign-signature-tag',
        subject,
        bytes: options.payload ?? payload,
        mediaType: SIMPLE_SIGNING,
        annotations: { 'dev.cosignproject.cosign/signature': signature },
      });
    }

    const named = (...by: readonly ('mine' | 'other')[]): TrustedSigners => ({
      named: true,
      signers: by.map((name) => ({ signer: { kind: 'key', publicKey: keys[name] }, name })),
    });
    const atHand = (): TrustedSigners => ({ ...named('mine'), named: false });

    async function fact(
      image: MemoryImage,
      trusted: TrustedSigners,
      platform?: Descriptor,
    ): Promise<AttestationsFact> {
      const opened = image.opened();
      const read = await readAttachments(opened);
      const checked = await verifyAttachments(contextOf(run, dir), opened, read, trusted);
      const digest = (platform ?? opened.platforms[0].descriptor).digest;
      const known = attestationsFact(opened, digest, checked, read.incomplete);
      if (!known.known) throw new Error(known.reason);
      return known.value;
    }
    const outcomes = ({ signatures, attestations }: AttestationsFact): readonly string[] => [
      ...signatures.map((s) => `${s.kind} ${s.verification}`),
      ...attestations.map((a) => `${a.predicateType} ${a.verification}`),
    ];

    test('bundles, the older forms, and both at once', async () => {
      const image = new MemoryImage();
      const subject = image.platform();
      referrer(image, subject, await bundleOf(image, subject, PREDICATE_TYPE.cosignSign));
      await legacySignature(image, subject);
      const provenance = await bundleOf(image, subject, PREDICATE_TYPE.slsaProvenanceV1, { a: 1 });
      referrer(image, subject, provenance);
      const { dsseEnvelope } = JSON.parse(Buffer.from(provenance).toString()) as {
        dsseEnvelope: unknown;
      };
      image.attach({
        kind: 'cosign-attestation-tag',
        subject,
        bytes: Buffer.from(JSON.stringify(dsseEnvelope)),
        mediaType: 'application/vnd.dsse.envelope.v1+json',
        annotations: { 'dev.cosignproject.cosign/signature': '' },
      });
      const found = await fact(image, named('mine'));
      expect(outcomes(found)).toEqual([
        'cosign-bundle verified',
        'cosign-tag verified',
        // One envelope that hangs in both places is one statement.
        `${PREDICATE_TYPE.slsaProvenanceV1} verified`,
      ]);
      expect(found.signatures.map((s) => s.verifiedBy)).toEqual(['mine', 'mine']);
      expect(found.attestations.map((a) => [a.source, a.predicate])).toEqual([
        ['bundle-referrer', { a: 1 }],
      ]);

      // Another key: all that is signed with a key fails. One of several suffices.
      expect(
        new Set(outcomes(await fact(image, named('other'))).map((o) => o.split(' ')[1])),
      ).toEqual(new Set(['failed']));
      expect(outcomes(await fact(image, named('other', 'mine')))[1]).toBe('cosign-tag verified');
      // A key that is merely at hand proves what it verifies and refutes nothing.
      expect(outcomes(await fact(image, atHand()))[0]).toBe('cosign-bundle verified');
      expect(outcomes(await fact(image, { ...named('other'), named: false }))[0]).toBe(
        'cosign-bundle unverified',
      );
      const nobody = await fact(image, { named: false, signers: [] });
      expect(nobody.signatures[0]).toMatchObject({
        verification: 'unverified',
        detail: 'it is signed with a key: --key FILE verifies it',
      });
    });

    test('a signature over the manifest’s bytes', async () => {
      const image = new MemoryImage();
      const subject = image.platform();
      const payload = image.bytesOf(subject);
      const signature = await signBlob(run, key('mine'), payload);
      const digest = createHash('sha256').update(payload).digest('base64');
      const bundle = {
        mediaType: MEDIA_TYPE.sigstoreBundle,
        verificationMaterial: { publicKey: { hint: '' } },
        messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest }, signature },
      };
      referrer(image, subject, Buffer.from(JSON.stringify(bundle)));
      expect(outcomes(await fact(image, named('mine')))).toEqual(['cosign-bundle verified']);
      expect(outcomes(await fact(image, named('other')))).toEqual(['cosign-bundle failed']);
    });

    test('what was changed after it was signed fails', async () => {
      const image = new MemoryImage();
      const subject = image.platform();
      const bundle = await bundleOf(image, subject, PREDICATE_TYPE.slsaVsa, { level: 1 });
      const text = Buffer.from(bundle).toString();
      const payload = /"payload": ?"([^"]+)"/.exec(text)?.[1] ?? '';
      const forged = Buffer.from(payload, 'base64').toString().replace('"level":1', '"level":5');
      referrer(
        image,
        subject,
        Buffer.from(text.replace(payload, Buffer.from(forged).toString('base64'))),
      );
      const good = Buffer.from(
        JSON.stringify({
          critical: {
            identity: { 'docker-reference': 'another' },
            image: { 'docker-manifest-digest': subject.digest },
            type: 'cosign container image signature',
          },
        }),
      );
      await legacySignature(image, subject, { payload: good });
      const found = await fact(image, named('mine'));
      expect(outcomes(found)).toEqual(['cosign-tag failed', `${PREDICATE_TYPE.slsaVsa} failed`]);
      expect(found.attestations[0]?.predicate).toEqual({ level: 5 });
    });

    test('what was signed for another digest and copied over is seen as such', async () => {
      const other = new MemoryImage();
      const elsewhere = other.platform({ author: 'elsewhere' });
      const image = new MemoryImage();
      const subject = image.platform();
      await legacySignature(image, subject, { about: elsewhere.digest });
      referrer(image, subject, await bundleOf(other, elsewhere, PREDICATE_TYPE.cosignSign));
      referrer(image, subject, await bundleOf(other, elsewhere, PREDICATE_TYPE.slsaProvenanceV1));
      const found = await fact(image, named('mine'));
      expect(found.signatures).toMatchObject([
        { verification: 'failed', detail: expect.stringContaining(elsewhere.digest) as string },
        { verification: 'failed', detail: expect.stringContaining(elsewhere.digest) as string },
      ]);
      expect(found.attestations).toMatchObject([
        { verification: 'unverified', subjects: [elsewhere.digest] },
      ]);
    });

    test('each platform has its own, and what is about the index is everybody’s', async () => {
      const image = new MemoryImage();
      const amd = image.platform();
      const arm = image.platform();
      const index = image.index();
      referrer(image, index, await bundleOf(image, index, PREDICATE_TYPE.cosignSign));
      referrer(image, arm, await bundleOf(image, arm, PREDICATE_TYPE.slsaProvenanceV1));
      expect(outcomes(await fact(image, named('mine'), amd))).toEqual(['cosign-bundle verified']);
      expect(outcomes(await fact(image, named('mine'), arm))).toEqual([
        'cosign-bundle verified',
        `${PREDICATE_TYPE.slsaProvenanceV1} verified`,
      ]);
    });

    test('a statement with several subjects covers each of them', async () => {
      const image = new MemoryImage();
      const subject = image.platform();
      const made = await bundleOf(image, subject, 'https://example.org/t', { a: 1 });
      // cosign signs one subject; several are signed here with its key, as builders do.
      const parsed = JSON.parse(Buffer.from(made).toString()) as {
        dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] };
      };
      const statement = JSON.parse(
        Buffer.from(parsed.dsseEnvelope.payload, 'base64').toString(),
      ) as { subject: unknown[] };
      statement.subject.unshift({ name: 'other', digest: { sha256: 'f'.repeat(64) } });
      const body = Buffer.from(JSON.stringify(statement));
      const type = parsed.dsseEnvelope.payloadType;
      const signed = Buffer.concat([
        Buffer.from(`DSSEv1 ${type.length} ${type} ${body.length} `),
        body,
      ]);
      const sig = await signBlob(run, key('mine'), signed);
      parsed.dsseEnvelope.payload = body.toString('base64');
      parsed.dsseEnvelope.signatures = [{ sig }];
      referrer(image, subject, Buffer.from(JSON.stringify(parsed)));
      expect(outcomes(await fact(image, named('mine')))).toEqual([
        'https://example.org/t verified',
      ]);
    });

    describe('keyless', () => {
      const fixture = (name: string): Buffer =>
        readFileSync(new URL(`../fixtures/keyless/${name}`, import.meta.url));
      interface Layer {
        readonly payload?: string;
        readonly envelope?: string;
        readonly annotations: Readonly<Record<string, string>>;
      }
      const layer = (name: string): Layer => JSON.parse(fixture(name).toString()) as Layer;
      const identity = (name: string, issuer = 'https://issuer.example'): TrustedSigners => ({
        named: true,
        signers: [
          {
            name,
            signer: {
              kind: 'identity',
              identity: name.startsWith('^') ? { pattern: name } : { exact: name },
              issuer: { exact: issuer },
              trustedRoot: fileURLToPath(
                new URL('../fixtures/keyless/trusted-root.json', import.meta.url),
              ),
            },
          },
        ],
      });

      function keylessImage(): MemoryImage {
        const image = new MemoryImage();
        const subject = image.platform();
        const { payload = '', annotations } = layer('signature.json');
        image.attach({
          kind: 'cosign-signature-tag',
          subject,
          bytes: Buffer.from(payload),
          mediaType: SIMPLE_SIGNING,
          annotations,
        });
        referrer(image, subject, fixture('bundle.json'));
        for (const name of ['attestation.json', 'attestation-intoto-entry.json']) {
          const attested = layer(name);
          image.attach({
            kind: 'cosign-attestation-tag',
            subject,
            bytes: Buffer.from(attested.envelope ?? ''),
            mediaType: 'application/vnd.dsse.envelope.v1+json',
            annotations: attested.annotations,
          });
        }
        return image;
      }

      const PROVENANCE = PREDICATE_TYPE.slsaProvenanceV02;

      test.each(['https://example.org/builder', '^https://example\\.org/'])(
        'by %s verifies in every form that a bundle can say',
        async (name) => {
          expect(outcomes(await fact(keylessImage(), identity(name)))).toEqual([
            'cosign-tag verified',
            `${PROVENANCE} verified`,
            `${PROVENANCE} verified`,
            // An old kind of log entry cannot be checked: no reason to say that it is wrong.
            `${PROVENANCE} unverified`,
          ]);
        },
      );

      test.each([
        ['https://example.org/other', undefined],
        ['https://example.org/builder', 'https://other.example'],
      ])('by %s of %s fails', async (name, issuer) => {
        const found = outcomes(await fact(keylessImage(), identity(name, issuer)));
        expect(found.slice(0, 3)).toEqual([
          'cosign-tag failed',
          `${PROVENANCE} failed`,
          `${PROVENANCE} failed`,
        ]);
      });

      test('is not what a key is asked for', async () => {
        const found = await fact(keylessImage(), named('mine'));
        expect(found.signatures[0]).toMatchObject({
          verification: 'unverified',
          detail: expect.stringContaining('--certificate-identity') as string,
        });
      });
    });

    test('the user’s own key is known by its name', async () => {
      const image = new MemoryImage();
      const subject = image.platform();
      referrer(image, subject, await bundleOf(image, subject, PREDICATE_TYPE.cosignSign));
      const own: TrustedSigners = {
        named: false,
        signers: [{ signer: { kind: 'key', publicKey: keys.mine }, name: OWN_KEY }],
      };
      expect((await fact(image, own)).signatures[0]?.verifiedBy).toBe(OWN_KEY);
    });
  });
});
