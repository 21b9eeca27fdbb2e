import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { Sigstore } from '../trust/stand-in.ts';
import { bases, discard, output, OWN, own, registry, Scoville } from './harness.ts';

describe('trust.bases', () => {
  const scoville = new Scoville();
  const place = `${registry}/e2e/bases-${OWN}`;
  let folder = '';
  const at = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'scoville-bases-e2e-'));
    const key = { cwd: folder, env: { COSIGN_PASSWORD: '' } };
    for (const name of ['publisher', 'other'])
      await output('cosign', ['generate-key-pair', '--output-key-prefix', name], key);
    for (const name of ['signed', 'by-other', 'unsigned']) {
      writeFileSync(at('Dockerfile'), `FROM ${bases.busybox}\nLABEL name=${name}\n`);
      const args = ['buildx', 'build', '--provenance=false', '--push', '-t', `${place}/${name}:1`];
      await output('docker', [...args, folder]);
    }
    const sign = ['sign', '--tlog-upload=false', '--yes', '--key'];
    await output('cosign', [...sign, at('publisher.key'), `${place}/signed:1`], key);
    await output('cosign', [...sign, at('other.key'), `${place}/by-other:1`], key);
    writeFileSync(
      at('none.json'),
      '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
    );
    mkdirSync(join(scoville.home, 'config'), { recursive: true });
    const trust = `trust:\n  bases: ['${place}/*']\n  keys: [${at('publisher.pub')}]\n`;
    writeFileSync(join(scoville.home, 'config', 'config.yaml'), `offline: true\n${trust}`);
  });
  afterAll(() => {
    scoville.remove();
    discard([...['signed', 'by-other', 'unsigned'].map((name) => `${place}/${name}:1`)]);
    rmSync(folder, { recursive: true, force: true });
  });

  const from = (...names: readonly string[]): void => {
    const lines = names.map((name) => `FROM ${place}/${name}:1`);
    writeFileSync(at('Dockerfile'), `${lines.join('\n')}\nRUN echo ${OWN} > /hello\n`);
  };

  test('a base that its publisher signed is used, is evidence, and is a material with its signer', async () => {
    from('signed');
    const report = ['--report', `json=${at('report.json')}`];
    await scoville.expect(0, ['build', ...report, '--push', '-t', `${place}/app:1`, folder]);
    const scorecard = JSON.parse(await output('cat', [at('report.json')])) as Scorecard;
    expect(JSON.stringify(scorecard)).toContain('signature of');
    const statement = await output('cosign', [
      ...['verify-attestation', '--new-bundle-format', '--insecure-ignore-tlog', '--key'],
      ...[scoville.publicKey, '--trusted-root', at('none.json')],
      ...['--type', 'https://slsa.dev/provenance/v1', `${place}/app:1`],
    ]);
    const { payload } = JSON.parse(statement.split('\n')[0] ?? '') as { payload: string };
    const said = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
      predicate: {
        buildDefinition: {
          resolvedDependencies: { uri: string; annotations?: { signedBy: string } }[];
        };
      };
    };
    const [base] = said.predicate.buildDefinition.resolvedDependencies;
    expect(base?.annotations?.signedBy).toContain('publisher.pub');
  });

  test.each([
    ['unsigned', 'no signature of this digest is attached'],
    ['by-other', 'no signature of this digest verifies'],
  ])('%s is not used, and nothing is built', async (name, reason) => {
    from('signed', name);
    const ended = await scoville.expect(2, ['build', '-t', own('never:1'), folder]);
    expect(ended.stderr).toContain(`${place}/${name}:1 is not used`);
    expect(ended.stderr).toContain(reason);
  });

  test('a project’s own keys do not help, nor does its own trust.bases', async () => {
    from('by-other');
    const theirs = `trust:\n  bases: []\n  keys: [other.pub]\n  images: ['*']\n`;
    writeFileSync(at('.scoville.yaml'), theirs);
    const ended = await scoville.expect(2, ['build', '-t', own('never:1'), folder]);
    rmSync(at('.scoville.yaml'));
    expect(ended.stderr).toContain('is not used');
  });

  test('a registry that does not answer: refused, and soon', async () => {
    writeFileSync(at('Dockerfile'), 'FROM localhost:1/gone:1\n');
    const { home } = scoville;
    writeFileSync(join(home, 'config', 'config.yaml'), "trust:\n  bases: ['localhost:1/*']\n");
    const before = Date.now();
    const ended = await scoville.expect(2, ['build', '-t', own('never:1'), folder]);
    expect(ended.stderr).toContain('localhost:1/gone:1 is not used');
    expect(Date.now() - before).toBeLessThan(30_000);
  });
});

describe('trust.bases, of a publisher without keys', () => {
  const scoville = new Scoville();
  const place = `${registry}/e2e/keyless-bases-${OWN}`;
  const ISSUER = 'https://oauth2.sigstore.dev/auth';
  const PUBLISHER = 'release@publisher.example';
  const TAG = `bases-e2e:${OWN}`;
  let sigstore: Sigstore;
  let folder = '';

  async function publish(name: string, label = name): Promise<void> {
    writeFileSync(join(folder, 'Dockerfile'), `FROM ${bases.busybox}\nLABEL name=${label}\n`);
    const args = ['buildx', 'build', '--provenance=false', '--push', '-t', `${place}/${name}:1`];
    await output('docker', [...args, folder]);
  }

  async function sign(name: string, by: Sigstore, email: string): Promise<void> {
    const token = await by.token({ iss: ISSUER, sub: email, email, email_verified: 'true' });
    const services = ['--fulcio-url', by.url, '--rekor-url', by.url, '--identity-token', token];
    await output('cosign', ['sign', '--yes', ...services, `${place}/${name}:1`], {
      env: by.trustEnv,
    });
  }

  /** Trusts the publisher's identity, by this root alone. */
  function trust(trustedRoot: string): void {
    const identity = `{ subject: ${PUBLISHER}, issuer: '${ISSUER}' }`;
    const text = `trust:\n  bases: ['${place}/*']\n  identities: [${identity}]\n  trustedRoot: ${trustedRoot}\n`;
    writeFileSync(join(scoville.home, 'config', 'config.yaml'), text);
  }

  async function build(name: string, code: number): Promise<string> {
    writeFileSync(
      join(folder, 'Dockerfile'),
      `FROM ${place}/${name}:1\nRUN echo ${OWN} > /hello\n`,
    );
    const report = ['--report', `json=${join(folder, 'report.json')}`];
    const args = ['build', '--scanner=none', ...report, '-t', TAG, folder];
    return (await scoville.expect(code, args)).stderr;
  }

  beforeAll(async () => {
    sigstore = await Sigstore.start();
    folder = mkdtempSync(join(tmpdir(), 'scoville-bases-e2e-'));
    mkdirSync(join(scoville.home, 'config'), { recursive: true });
    for (const name of ['signed', 'by-other', 'of-other-root']) await publish(name);
    await sign('signed', sigstore, PUBLISHER);
    await sign('by-other', sigstore, 'somebody@else.example');
    const other = await Sigstore.start();
    await sign('of-other-root', other, PUBLISHER);
    other.stop();
    trust(sigstore.trustedRoot);
  });
  afterAll(() => {
    sigstore.stop();
    scoville.remove();
    const names = ['signed', 'by-other', 'of-other-root'].map((name) => `${place}/${name}:1`);
    discard([TAG, ...names]);
    rmSync(folder, { recursive: true, force: true });
  });

  test('a base that the identity signed is used, and is evidence', async () => {
    await build('signed', 0);
    const report = await output('cat', [join(folder, 'report.json')]);
    expect(report).toContain(`signature of ${PUBLISHER} (${ISSUER})`);
  });

  test.each(['by-other', 'of-other-root'])('%s is not used', async (name) => {
    const said = await build(name, 2);
    expect(said).toContain(`${place}/${name}:1 is not used`);
    expect(said).toContain('no signature of this digest verifies');
  });

  test('one that took the place of the signed one, without a signature, is not used', async () => {
    await publish('signed', 'replaced');
    expect(await build('signed', 2)).toContain('no signature of this digest is attached');
  });
});
