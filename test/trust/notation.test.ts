import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import { verifyNotation } from '../../src/trust/notation.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const policy = (level: string, more: object = {}, scopes = ['r.example/app']) =>
  JSON.stringify({
    version: '1.0',
    trustPolicies: [
      { name: 'mine', registryScopes: scopes, signatureVerification: { level, ...more } },
    ],
  });
const subject = digestOf('image');
const refusal = `Warning: experimental\nError: signature verification failed for all the signatures associated with /layout@${subject}\n`;

test.each([
  ['strict', policy('strict'), {}, 'verified', 1],
  ['permissive', policy('permissive'), {}, 'verified', 1],
  ['a statement for all', policy('strict', {}, ['*']), {}, 'verified', 1],
  ['another override', policy('strict', { override: { expiry: 'log' } }), {}, 'verified', 1],
  ['audit: not even asked', policy('audit'), {}, 'unverified', 0],
  ['skip', policy('skip'), {}, 'unverified', 0],
  ['override', policy('strict', { override: { authenticity: 'log' } }), {}, 'unverified', 0],
  ['another repository', policy('strict', {}, ['r.example/other']), {}, 'unverified', 0],
  ['no JSON', 'no JSON', {}, 'unverified', 0],
  ['no policy', undefined, {}, 'unverified', 0],
  ['no notation', policy('strict'), { ended: 'not-found' }, 'unverified', 1],
  ['no end', policy('strict'), { ended: 'timeout', stdout: '', stderr: '' }, 'unverified', 1],
  ['an error', policy('strict'), { exitCode: 1, stderr: 'Error: no layout\n' }, 'unverified', 1],
  ['a refusal', policy('strict'), { exitCode: 1, stderr: refusal }, 'failed', 1],
] as const)('%s', async (_, document, result, verification, asked) => {
  const configDir = temporaryFolder();
  if (document !== undefined) writeFileSync(join(configDir, 'trustpolicy.json'), document);
  const args = ['verify', '--oci-layout', '--scope', 'r.example/app', `/layout@${subject}`];
  const { run, runs } = fakeRun([{ command: 'notation', args, result }]);
  const request = { layoutDir: '/layout', subject, scope: 'r.example/app', configDir };
  const answer = await verifyNotation(run, request);
  expect([answer.verification, runs.length]).toEqual([verification, asked]);
  expect(answer.verifiedBy).toBe(
    verification === 'verified' ? 'trust policy mine of notation' : undefined,
  );
});
