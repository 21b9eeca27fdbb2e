import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { attestationsFact } from '../../src/grade/grade-image.ts';
import type { ToolRun } from '../../src/lib/run-tool.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { TrustedSigners } from '../../src/trust/trusted-signers.ts';
import { readAttachments, verifyAttachments } from '../../src/trust/verify-attached.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { MemoryImage } from '../fakes/opened-image.ts';

const HELP = {
  command: 'cosign',
  args: ['attest-blob', '--help'],
  result: {
    stdout: readFileSync(
      new URL('../fixtures/cosign/2.5.0/attest-blob-help.txt', import.meta.url),
      'utf8',
    ),
  },
};
const KEY: TrustedSigners = {
  named: true,
  signers: [{ signer: { kind: 'key', publicKey: 'k.pub' }, name: 'k.pub' }],
};

/**
 * A bundle that states `type` of the manifest, signed with a key or a certificate; what it says is
 * for the fake to judge.
 */
function bundle(
  digest: string,
  type: string,
  material: object = { publicKey: { hint: '' } },
): Buffer {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: type,
    subject: [{ digest: { sha256: digest.slice('sha256:'.length) } }],
    predicate: {},
  };
  return Buffer.from(
    JSON.stringify({
      mediaType: MEDIA_TYPE.sigstoreBundle,
      verificationMaterial: material,
      dsseEnvelope: {
        payloadType: MEDIA_TYPE.inToto,
        payload: Buffer.from(JSON.stringify(statement)).toString('base64'),
        signatures: [{ sig: 'AA==' }],
      },
    }),
  );
}

function imageWith(type = 'https://example.org/t', material?: object) {
  const image = new MemoryImage();
  const subject = image.platform();
  const digest = image.attach({
    kind: 'referrer',
    subject,
    bytes: bundle(subject.digest, type, material),
    mediaType: MEDIA_TYPE.sigstoreBundle,
    artifactType: MEDIA_TYPE.sigstoreBundle,
  });
  return { image, subject, digest };
}

async function check(
  image: MemoryImage,
  trusted: TrustedSigners,
  answer: Parameters<typeof fakeRun>[0][number]['result'],
) {
  const fake = fakeRun([
    HELP,
    { command: 'cosign', args: ['verify-blob-attestation'], result: answer },
  ]);
  const opened = image.opened();
  const read = await readAttachments(opened);
  const checked = await verifyAttachments(
    contextOf(fake.run, temporaryFolder()),
    opened,
    read,
    trusted,
  );
  return { checked, read, runs: fake.runs };
}

describe('verifyAttachments', () => {
  test('hands cosign the bundle and the manifest, in a folder of its own that goes', async () => {
    const { image, subject } = imageWith();
    let seen = '';
    const { checked } = await check(image, KEY, (run: ToolRun) => {
      seen = run.args.at(-1) ?? '';
      expect(digestOf(readFileSync(seen))).toBe(subject.digest);
      expect(statSync(dirname(seen)).mode & 0o777).toBe(0o700);
      return Promise.resolve({ ended: 'exit', exitCode: 0, stdout: '', stderr: '' });
    });
    expect(checked).toMatchObject([{ verification: 'verified', verifiedBy: 'k.pub' }]);
    expect([seen !== '', existsSync(dirname(seen))]).toEqual([true, false]);
  });

  test('a refusal fails, what could not be checked is unverified', async () => {
    const { image } = imageWith();
    const refused = await check(image, KEY, {
      exitCode: 1,
      stderr: 'Error: failed to verify signature: could not verify envelope: no match\n',
    });
    expect(refused.checked[0]?.verification).toBe('failed');
    const open = await check(image, KEY, { exitCode: 1, stderr: 'Error: no route to KMS\n' });
    expect(open.checked[0]).toMatchObject({
      verification: 'unverified',
      reason: 'no route to KMS',
    });
  });

  test('a refused certificate says first whom it names, and a root that does not fit which file', async () => {
    const read = JSON.parse(
      readFileSync(new URL('../fixtures/keyless/bundle.json', import.meta.url), 'utf8'),
    ) as { verificationMaterial: { certificate: object } };
    const { certificate } = read.verificationMaterial;
    const { image } = imageWith('https://example.org/t', { certificate });
    const refused = async (stderr: string): Promise<string | undefined> => {
      const signer = {
        kind: 'identity',
        identity: { exact: 'me' },
        issuer: { exact: 'https://i' },
        trustedRoot: '/root.json',
      } as const;
      const trusted = { named: true, signers: [{ signer, name: 'me' }] };
      const { checked } = await check(image, trusted, { exitCode: 1, stderr });
      expect(checked[0]?.verification).not.toBe('verified');
      return checked[0]?.reason;
    };
    const named = 'its certificate names https://example.org/builder (https://issuer.example): ';
    expect(await refused('Error: no matching CertificateIdentity found\n')).toBe(
      `${named}not signed by me (no matching CertificateIdentity found)`,
    );
    const untrusted = 'failed to verify leaf certificate: leaf certificate verification failed';
    const unlogged =
      'failed to verify log inclusion: not enough verified log entries from transparency log: 0 < 1';
    for (const said of [untrusted, unlogged])
      expect(await refused(`Error: ${said}\n`)).toContain(
        `the trusted root /root.json does not vouch for it: name the trusted_root.json of the sigstore that signed (${said})`,
      );
  });

  test('a certificate is not asked of with a key, nor a key with an identity', async () => {
    const { image } = imageWith('https://example.org/t', { certificate: { rawBytes: 'AA==' } });
    const { checked, runs } = await check(image, KEY, { exitCode: 0 });
    expect(checked[0]).toMatchObject({
      verification: 'unverified',
      reason: expect.stringContaining('--certificate-identity') as string,
    });
    expect(runs).toEqual([]);
  });

  test('sigstore that cannot be reached is asked once', async () => {
    const { image, subject } = imageWith('https://example.org/t', {
      certificate: { rawBytes: 'AA==' },
    });
    const more = bundle(subject.digest, 'https://example.org/u', {
      certificate: { rawBytes: 'AA==' },
    });
    // One at a time, so that the second sees the first's answer: more than are under way at once.
    for (let i = 0; i < 8; i += 1)
      image.attach({
        kind: 'referrer',
        subject,
        bytes: Buffer.concat([more, Buffer.alloc(i, ' ')]),
        mediaType: MEDIA_TYPE.sigstoreBundle,
      });
    const identity: TrustedSigners = {
      named: true,
      signers: [
        {
          name: 'me',
          signer: { kind: 'identity', identity: { exact: 'me' }, issuer: { exact: 'https://i' } },
        },
      ],
    };
    const { checked, runs } = await check(image, identity, {
      exitCode: 1,
      stderr: 'Error: tuf refresh failed: no such host\n',
    });
    expect(new Set(checked.map((c) => c.reason))).toEqual(
      new Set([
        'sigstore’s trusted root cannot be had, --trusted-root FILE names one (tuf refresh failed: no such host)',
      ]),
    );
    expect(runs.filter(({ args }) => args[0] === 'verify-blob-attestation').length).toBeLessThan(5);
  });

  test('offline, nobody is asked for over the network, and the answer is open', async () => {
    const { image } = imageWith('https://example.org/t', { certificate: { rawBytes: 'AA==' } });
    const me = {
      kind: 'identity',
      identity: { exact: 'me' },
      issuer: { exact: 'https://i' },
    } as const;
    const offline = (signer: TrustedSigners['signers'][number]['signer']): TrustedSigners => ({
      named: true,
      offline: true,
      signers: [{ name: 'me', signer }],
    });
    const asked = await check(image, offline(me), { exitCode: 0 });
    expect(asked.checked[0]).toEqual(
      expect.objectContaining({
        verification: 'unverified',
        isUnchecked: true,
        reason:
          'sigstore’s trusted root is fetched from the network, which is not to be used: --trusted-root FILE names one',
      }),
    );
    expect(asked.runs).toEqual([]);
    const withRoot = await check(image, offline({ ...me, trustedRoot: '/root.json' }), {
      exitCode: 0,
    });
    expect(withRoot.checked[0]?.verification).toBe('verified');

    const { image: keyed } = imageWith();
    const kms = await check(keyed, offline({ kind: 'key', publicKey: 'awskms:///alias/x' }), {
      exitCode: 0,
    });
    expect(kms.checked[0]).toMatchObject({
      verification: 'unverified',
      reason: 'the key is asked for over the network, which is not to be used',
    });
    const local = await check(keyed, offline({ kind: 'key', publicKey: 'pkcs11:token=x' }), {
      exitCode: 0,
    });
    expect(local.checked[0]?.verification).toBe('verified');
  });

  test('a missing cosign stops whoever named a key, and nobody else', async () => {
    const { image } = imageWith();
    const missing = { ended: 'not-found' } as const;
    await expect(check(image, KEY, missing)).rejects.toThrow('cosign is not installed');
    const { checked } = await check(image, { ...KEY, named: false }, missing);
    expect(checked[0]?.verification).toBe('unverified');
  });
});

describe('what could not be read', () => {
  const none: TrustedSigners = { named: false, signers: [] };
  const factOf = async (image: MemoryImage) => {
    const { checked, read } = await check(image, none, { exitCode: 1 });
    const opened = image.opened();
    return attestationsFact(opened, opened.root.digest, checked, read.incomplete);
  };

  test('a blob that is gone leaves the rest, and its absence proves nothing', async () => {
    const { image, digest } = imageWith();
    image.lose(digest);
    expect(await factOf(image)).toMatchObject({
      known: false,
      reason: `blob ${digest} is missing`,
    });
  });

  test('a registry that did not answer is told', async () => {
    const { image } = imageWith();
    image.incomplete = 'registry.example did not answer';
    expect(await factOf(image)).toMatchObject({
      known: true,
      value: { incomplete: 'registry.example did not answer', attestations: [{}] },
    });
  });

  test('a place that keeps no signatures may keep what BuildKit attested: that counts, and what is not there stays open', async () => {
    const { image } = imageWith();
    const reason = "Docker's store keeps no signatures";
    const opened = { ...image.opened(), withoutAttachments: reason };
    const { checked } = await check(image, { named: false, signers: [] }, { exitCode: 1 });
    const settle = 'scoville grade registry:IMAGE';
    expect(attestationsFact(opened, opened.root.digest, checked, reason)).toMatchObject({
      known: true,
      value: { incomplete: reason, settle, attestations: [{}] },
    });
    expect(attestationsFact(opened, opened.root.digest, [], reason)).toMatchObject({
      known: false,
      reason,
      settle,
    });
  });

  test('a malformed bundle is no evidence, and hides none', async () => {
    const { image, subject } = imageWith();
    const digest = image.attach({
      kind: 'referrer',
      subject,
      bytes: Buffer.from('{'),
      mediaType: MEDIA_TYPE.sigstoreBundle,
    });
    const { read } = await check(image, none, { exitCode: 1 });
    expect(read.found).toHaveLength(1);
    expect(read.unreadable).toEqual([{ digest, reason: 'the bundle is not JSON' }]);
    expect(read.incomplete).toBeUndefined();
  });

  test('another image of the name is one that nobody answers for', () => {
    const image = new MemoryImage();
    image.platform();
    const opened = image.opened();
    const namesakes = [{ ...opened.root, digest: digestOf('another') }];
    expect(
      attestationsFact({ ...opened, namesakes }, opened.root.digest, [], undefined),
    ).toMatchObject({
      known: true,
      value: {
        signatures: [],
        attestations: [],
        unsigned: `${digestOf('another')} is there under the same name, and an engine may load it: verify without --platform and digest`,
      },
    });
  });

  test('nothing at all, where every place was asked, is nothing', async () => {
    const image = new MemoryImage();
    image.platform();
    expect(await factOf(image)).toEqual({
      known: true,
      value: { signatures: [], attestations: [] },
      source: 'unverified-attestation',
    });
  });
});
