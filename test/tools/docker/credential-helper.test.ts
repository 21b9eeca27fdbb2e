import { describe, expect, test } from 'vitest';
import type { ToolResult } from '../../../src/model/run.ts';
import { askCredentialHelper } from '../../../src/tools/docker/credential-helper.ts';
import { fakeRun } from '../../fakes/fake-run.ts';

const ask = (result: { exitCode?: number; stdout?: string } | ToolResult, name = 'pass') => {
  const fake = fakeRun([{ command: `docker-credential-${name}`, args: ['get'], result }]);
  return { fake, answer: askCredentialHelper(fake.run, name, 'registry.example.org') };
};

describe('askCredentialHelper', () => {
  test('the server goes in on stdin, the credentials come out', async () => {
    const stdout = '{"ServerURL":"registry.example.org","Username":"me","Secret":"s3"}';
    const { fake, answer } = ask({ stdout });
    expect(await answer).toEqual({ ok: true, value: { username: 'me', secret: 's3' } });
    expect(fake.runs[0]?.stdin).toEqual(Buffer.from('registry.example.org\n'));
  });

  test('none stored is no error', async () => {
    const { answer } = ask({ exitCode: 1, stdout: 'credentials not found in native keychain\n' });
    expect(await answer).toEqual({ ok: true, value: undefined });
  });

  test.each([
    [{ exitCode: 1, stdout: 'gpg: no agent\n' }, 'docker-credential-pass: gpg: no agent'],
    [{ stdout: 'junk s3cret' }, 'docker-credential-pass gave no credentials'],
    [{ ended: 'not-found' } as const, 'docker-credential-pass is not on PATH'],
  ])('%j', async (result, error) => {
    expect(await ask(result).answer).toEqual({ ok: false, error });
  });

  test.each(['../../tmp/x', '', '-x', 'a b'])('%j is no name of a helper', async (name) => {
    expect((await askCredentialHelper(fakeRun([]).run, name, 'r')).ok).toBe(false);
  });
});
