import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { askCredentialHelper } from '../../src/image/credential-helper.ts';
import { runTool, type ToolResult } from '../../src/lib/run-tool.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const ask = (result: { exitCode?: number; stdout?: string } | ToolResult, name = 'pass') => {
  const fake = fakeRun([{ command: `docker-credential-${name}`, args: ['get'], result }]);
  return { fake, answer: askCredentialHelper(fake.run, name, 'registry.example.org') };
};

describe('askCredentialHelper', () => {
  test('the server goes in on stdin as Docker gives it, the credentials come out', async () => {
    const stdout = '{"ServerURL":"registry.example.org","Username":"me","Secret":"s3"}';
    const { fake, answer } = ask({ stdout });
    expect(await answer).toEqual({ username: 'me', secret: 's3' });
    expect(fake.runs[0]?.stdin).toEqual(Buffer.from('registry.example.org'));
  });

  test('none stored is no error', async () => {
    const { answer } = ask({ exitCode: 1, stdout: 'credentials not found in native keychain\n' });
    expect(await answer).toBeUndefined();
  });

  // As encoding/json decodes the first value, whatever the case of its keys.
  test.each([
    ['{"Username":"u","Secret":"a}\\"{"}\nupdate available\n', { username: 'u', secret: 'a}"{' }],
    ['{"username":"u","SECRET":"s"}', { username: 'u', secret: 's' }],
    ['{"Secret":"s","Username":null}', { username: '', secret: 's' }],
    ['{}', { username: '', secret: '' }],
  ])('%j', async (stdout, answer) => {
    expect(await ask({ stdout }).answer).toEqual(answer);
  });

  test.each([
    [{ exitCode: 1, stdout: 'gpg: decryption failed: hunter2' }, 'it ended with 1'],
    [{ exitCode: 2, stdout: 'no entry; credentials not found here' }, 'it ended with 2'],
    [{ stdout: 'junk hunter2' }, 'it gave no credentials'],
    [{ stdout: '{"Username":"u","Secret":7}' }, 'it gave no credentials'],
    [{ stdout: '["hunter2"]' }, 'it gave no credentials'],
    [{ ended: 'not-found' } as const, 'it is not on PATH'],
    [{ ended: 'aborted' } as const, 'it was stopped'],
  ])('%j', async (result, error) => {
    const said = await ask(result).answer.then(JSON.stringify, (thrown: unknown) => String(thrown));
    expect(said).toContain(error);
    expect(said).not.toContain('hunter2');
  });

  test.each(['../../tmp/x', '', '-x', 'a b'])('%j is no name of a helper', async (name) => {
    await expect(askCredentialHelper(fakeRun([]).run, name, 'r')).rejects.toThrow('not the name');
  });
});

describe('a real helper', () => {
  const asked = async (script: string, timeoutMs?: number): Promise<unknown> => {
    const folder = temporaryFolder();
    const path = join(folder, 'docker-credential-x');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    return askCredentialHelper((run) => runTool({ ...run, env }), 'x', 'r', timeoutMs).catch(
      (error: unknown) => (error as Error).message,
    );
  };

  test('that hangs, its own child too, is given up', async () => {
    const started = performance.now();
    expect(await asked('sleep 60', 300)).toBe('it did not answer in 1 s');
    expect(performance.now() - started).toBeLessThan(40_000);
  });

  test('that does not read its input answers all the same', async () => {
    const answer = await asked(`exec <&-; printf '{"Username":"u","Secret":"s"}'`);
    expect(answer).toEqual({ username: 'u', secret: 's' });
  });

  test('that prints megabytes gave nothing', async () => {
    expect(await asked('head -c 8000000 /dev/zero | tr "\\0" "{"')).toBe('it gave no credentials');
    expect(await asked('head -c 8000000 /dev/zero | tr "\\0" x; exit 1')).not.toContain('xxxx');
  });
});
