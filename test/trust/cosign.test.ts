import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { ToolRun } from '../../src/lib/run-tool.ts';
import {
  cosignSaid,
  cosignUserError,
  signStatement,
  verificationFailure,
} from '../../src/trust/cosign.ts';
import { type Signer, verifyAttached } from '../../src/trust/trusted-signers.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { yamlTable } from '../fakes/table.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/cosign/${name}`, import.meta.url));
const recorded = (name: string): string => readFileSync(fixture(name), 'utf8');
const TABLES = yamlTable('test/trust/cosign.yaml') as {
  readonly signing: readonly [file: string, message: string][];
  readonly verifying: readonly [file: string, outcome: string][];
  readonly asked: readonly [signer: Signer, type: string | null, asked: string][];
  readonly keys: readonly [ref: string, said: string, message: string, nextStep: string][];
};
const key: Signer = { kind: 'key', publicKey: 'k.pub' };

const bundle = Buffer.from('{}');
/** Where the last call had its files, by the path of its bundle. */
const folderOf = (runs: readonly ToolRun[]): string => {
  const args = runs.at(-1)?.args ?? [];
  return dirname(args[args.indexOf('--bundle') + 1] ?? '');
};

/** A cosign with the help of that version. */
const cosign = (version: string, command: string, result: object) =>
  fakeRun([
    {
      command: 'cosign',
      args: ['attest-blob', '--help'],
      result: { stdout: recorded(`${version}/attest-blob-help.txt`) },
    },
    { command: 'cosign', args: ['signing-config', 'create'], result: { stdout: '{}' } },
    { command: 'cosign', args: [command], result },
  ]);

describe.each(['2.5.0', '3.1.1'])('cosign %s', (version) => {
  test.each(TABLES.signing)('%s: %s', (file, message) => {
    expect(cosignUserError(recorded(`${version}/${file}`), 'k.key')?.message).toBe(message);
  });

  test.each(TABLES.verifying)('verifying, %s counts as %s', (file, outcome) => {
    expect(verificationFailure(recorded(`${version}/${file}`))).toBe(outcome);
  });

  test('what it said is one line, without its noise', () => {
    expect(cosignSaid(recorded(`${version}/wrongkey.err`))).toBe(
      'failed to verify signature: could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1',
    );
  });

  test.each(TABLES.asked)('is asked for %j, type %s', async (signer, type, asked) => {
    const { run, runs } = cosign(version, asked.split(' ', 1)[0] ?? '', {});
    const request = { bundle, blob: '/m', signer, predicateType: type ?? undefined };
    expect(await verifyAttached(run, request)).toEqual({ outcome: 'verified' });
    const words = asked.replace('NEW ', version === '2.5.0' ? '--new-bundle-format ' : '');
    const folder = folderOf(runs);
    expect(
      runs
        .at(-1)
        ?.args.map((one) => (one.startsWith(`${folder}/`) ? 'FILE' : one))
        .join(' '),
    ).toBe(words);
    expect([folder.length > 1, existsSync(folder)]).toEqual([true, false]);
  });
});

test.each([
  [1, recorded('2.5.0/wrongkey.err'), { outcome: 'failed' }],
  [
    1,
    'Error: getting trusted root: no route to host\n',
    { outcome: 'unknown', reason: 'getting trusted root: no route to host' },
  ],
])(
  'exit code %s tells a bad signature from one that was not checked',
  async (exitCode, stderr, answer) => {
    const { run } = cosign('2.5.0', 'verify-blob', { exitCode, stderr });
    const request = { bundle, blob: '/m', signer: key };
    expect(await verifyAttached(run, { ...request, predicateType: undefined })).toMatchObject(
      answer,
    );
  },
);

test.each([
  [{ ended: 'not-found' } as const, 'cosign is not installed'],
  [
    { stdout: 'Flags:\n  --key\n  --bundle' },
    'this cosign is too old: it cannot write sigstore bundles',
  ],
])('a cosign that is missing or too old is the user’s to mend', async (result, message) => {
  const { run } = fakeRun([{ command: 'cosign', args: ['attest-blob', '--help'], result }]);
  const request = { bundle, blob: '/m', signer: key };
  await expect(verifyAttached(run, { ...request, predicateType: undefined })).rejects.toMatchObject(
    { name: 'UserError', message },
  );
});

test.each(TABLES.keys)('what is said of %s', (ref, said, message, nextStep) => {
  const error = cosignUserError(`Error: ${said}\nerror during command execution: ${said}\n`, ref);
  expect(error?.message).toBe(message);
  expect(error?.nextStep).toMatch(new RegExp(nextStep));
});

describe('signing', () => {
  const sign = (bundle: string, stderr = '') =>
    cosign('2.5.0', 'attest-blob', async (run: ToolRun) => {
      if (stderr !== '') return { ended: 'exit', exitCode: 1, stdout: '', stderr };
      copyFileSync(bundle, run.args[run.args.indexOf('--bundle') + 1] ?? '');
      return Promise.resolve({ ended: 'exit', exitCode: 0, stdout: '', stderr: '' });
    });
  const signed = (run: Parameters<typeof signStatement>[0]) =>
    signStatement(
      run,
      { kind: 'key', ref: 'k.key', password: 'swordfish' },
      { predicateType: 'https://example.org/t', predicate: {}, manifestPath: '/m' },
    );

  test('gives the bundle, keeps the password out of the arguments, leaves nothing behind', async () => {
    const { run, runs } = sign(fixture('2.5.0/bundle.json'));
    expect(Buffer.from(await signed(run))).toEqual(readFileSync(fixture('2.5.0/bundle.json')));
    expect(JSON.stringify(runs.map(({ args }) => args))).not.toContain('swordfish');
    expect(runs.at(-1)?.env).toEqual({ COSIGN_PASSWORD: 'swordfish' });
    expect(existsSync(folderOf(runs))).toBe(false);
  });

  test('a wrong password is the user’s to mend', async () => {
    const { run } = sign('', recorded('2.5.0/wrong.err'));
    await expect(signed(run)).rejects.toMatchObject({
      name: 'UserError',
      message: 'wrong password for the signing key k.key',
      nextStep: 'set COSIGN_PASSWORD to the password of the key',
    });
  });
});
