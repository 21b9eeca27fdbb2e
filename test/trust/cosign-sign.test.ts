import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ToolRun } from '../../src/lib/run-tool.ts';
import { signStatement } from '../../src/trust/cosign-sign.ts';
import { fakeRun } from '../fakes/fake-run.ts';

const recorded = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/cosign/${name}`, import.meta.url));
const request = {
  manifestPath: '/m',
  predicateType: 'https://example.org/t',
  predicatePath: '/p',
  key: { kind: 'key', ref: 'k.key', password: 'swordfish' },
} as const;
describe('signStatement', () => {
  let scratchDir = '';
  beforeEach(() => {
    scratchDir = mkdtempSync(join(tmpdir(), 'scoville-sign-'));
  });
  afterEach(() => {
    rmSync(scratchDir, { recursive: true });
  });
  const help = { command: 'cosign', args: ['attest-blob', '--help'] };
  const sign = (bundle: string, stderr = '') =>
    fakeRun([
      { ...help, result: { stdout: readFileSync(recorded('2.5.0/attest-blob-help.txt'), 'utf8') } },
      {
        command: 'cosign',
        args: ['attest-blob', '--yes'],
        result: async (run: ToolRun) => {
          if (stderr !== '') return { ended: 'exit', exitCode: 1, stdout: '', stderr };
          copyFileSync(bundle, run.args[run.args.indexOf('--bundle') + 1] ?? '');
          return Promise.resolve({ ended: 'exit', exitCode: 0, stdout: '', stderr: '' });
        },
      },
    ]);
  const paths = {
    ...request,
    manifestPath: recorded('2.5.0/manifest.json'),
    predicatePath: recorded('2.5.0/predicate.json'),
  };

  test('gives the bundle, keeps the password out of the arguments, leaves nothing behind', async () => {
    const { run, runs } = sign(recorded('2.5.0/bundle.json'));
    const bundle = await signStatement(run, { ...paths, scratchDir });
    expect(Buffer.from(bundle)).toEqual(readFileSync(recorded('2.5.0/bundle.json')));
    expect(JSON.stringify(runs.map(({ args }) => args))).not.toContain('swordfish');
    expect(runs.at(-1)?.env).toEqual({ COSIGN_PASSWORD: 'swordfish' });
    expect(readdirSync(scratchDir)).toEqual([]);
  });

  test('a wrong password is the user’s to mend', async () => {
    const { run } = sign('', readFileSync(recorded('2.5.0/wrong.err'), 'utf8'));
    await expect(signStatement(run, { ...paths, scratchDir })).rejects.toMatchObject({
      name: 'UserError',
      message: 'wrong password for the signing key k.key',
      nextStep: 'set COSIGN_PASSWORD to the password of the key',
    });
  });
});
