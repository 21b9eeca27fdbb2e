import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import { notationConfigDirs, policyFor, verifyNotation } from '../../src/trust/notation.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const policy = (level: string, more: object = {}, scopes = ['r.example/app']) =>
  JSON.stringify({
    version: '1.0',
    trustPolicies: [
      { name: 'mine', registryScopes: scopes, signatureVerification: { level, ...more } },
    ],
  });

describe('policyFor', () => {
  test.each([
    ['strict', {}, true],
    ['permissive', {}, true],
    ['audit', {}, false],
    ['skip', {}, false],
    ['strict', { override: { authenticity: 'log' } }, false],
    ['strict', { override: { expiry: 'log' } }, true],
  ])('%s %j enforces: %s', (level, more, enforces) => {
    expect(policyFor(policy(level, more), 'r.example/app')).toEqual({
      ok: true,
      value: { name: 'mine', enforces },
    });
  });

  test('a statement for all speaks where none names the repository', () => {
    expect(policyFor(policy('strict', {}, ['*']), 'r.example/other').ok).toBe(true);
    expect(policyFor(policy('strict'), 'r.example/other')).toEqual({
      ok: false,
      error: 'the trust policy of notation has no statement for r.example/other',
    });
    expect(policyFor('no JSON', 'r.example/app').ok).toBe(false);
  });
});

describe('verifyNotation', () => {
  const subject = digestOf('image');
  const ask = async (
    document: string | undefined,
    result: Parameters<typeof fakeRun>[0][number]['result'],
    scope: string | undefined = 'r.example/app',
  ) => {
    const dir = temporaryFolder();
    if (document !== undefined) writeFileSync(join(dir, 'trustpolicy.json'), document);
    const fake = fakeRun([
      {
        command: 'notation',
        args: ['verify', '--oci-layout', '--scope', 'r.example/app', `/layout@${subject}`],
        result,
      },
    ]);
    const answer = await verifyNotation(fake.run, {
      layoutDir: '/layout',
      subject,
      scope,
      configDirs: [dir],
    });
    return { answer, runs: fake.runs };
  };

  test('a good end under a policy that enforces is verified', async () => {
    expect((await ask(policy('strict'), { exitCode: 0 })).answer).toEqual({
      outcome: 'verified',
      verifiedBy: 'trust policy mine of notation',
    });
  });

  test('under a policy that does not, notation is not even asked', async () => {
    const { answer, runs } = await ask(policy('audit'), { exitCode: 0 });
    expect([answer.outcome, runs.length]).toEqual(['unknown', 0]);
  });

  test.each([
    ['no policy', undefined, { exitCode: 0 }],
    ['no notation', policy('strict'), { ended: 'not-found' }],
    ['no end', policy('strict'), { ended: 'timeout', stdout: '', stderr: '' }],
    ['another error', policy('strict'), { exitCode: 1, stderr: 'Error: no such layout\n' }],
  ] as const)('%s is unknown', async (_, document, result) => {
    expect((await ask(document, result)).answer.outcome).toBe('unknown');
  });

  test('a refusal fails', async () => {
    const stderr = `Warning: experimental\nError: signature verification failed for all the signatures associated with /layout@${subject}\n`;
    expect((await ask(policy('strict'), { exitCode: 1, stderr })).answer.outcome).toBe('failed');
  });
});

test('its configuration is where notation looks for it', () => {
  expect(notationConfigDirs({ XDG_CONFIG_HOME: '/x', HOME: '/h' }, 'linux')).toEqual([
    '/x/notation',
  ]);
  expect(notationConfigDirs({ HOME: '/h' }, 'linux')).toEqual(['/h/.config/notation']);
  expect(notationConfigDirs({ HOME: '/h' }, 'darwin')).toEqual([
    '/h/Library/Application Support/notation',
  ]);
});
