import { describe, expect, test } from 'vitest';
import { runSmokeCommand, smokeEnvironment } from '../../src/build/docker-containers.ts';
import type { ToolResult } from '../../src/lib/run-tool.ts';
import { fakeRun } from '../fakes/fake-run.ts';

const PLACE = { container: 'c', image: 'i', port: 4711 };
const LIMITS = { timeoutMs: 1, signal: new AbortController().signal, cwd: '/' };

describe('smokeEnvironment', () => {
  test('names container, image and the address', () => {
    expect(smokeEnvironment(PLACE)).toEqual({
      SCOVILLE_CONTAINER: 'c',
      SCOVILLE_IMAGE: 'i',
      SCOVILLE_PORT: '4711',
      SCOVILLE_URL: 'http://127.0.0.1:4711',
    });
    expect(smokeEnvironment({ ...PLACE, port: undefined })).toEqual({
      SCOVILLE_CONTAINER: 'c',
      SCOVILLE_IMAGE: 'i',
    });
  });
});

describe('runSmokeCommand', () => {
  const said = (result: ToolResult): Promise<string | undefined> =>
    runSmokeCommand(
      fakeRun([{ command: 'sh', args: ['-c', 'ask'], result }]).run,
      'ask',
      PLACE,
      LIMITS,
    );

  test('0 is an answer', async () => {
    expect(await said({ ended: 'exit', exitCode: 0, stdout: 'x', stderr: '' })).toBeUndefined();
  });

  test.each<[ToolResult, string]>([
    [{ ended: 'exit', exitCode: 7, stdout: '', stderr: 'refused\n' }, 'refused\nexit code 7'],
    [{ ended: 'timeout', stdout: '', stderr: '' }, 'it took too long and was stopped'],
    [{ ended: 'signal', signal: 'SIGKILL', stdout: '', stderr: '' }, 'ended by SIGKILL'],
  ])('%o is none', async (result, text) => {
    expect(await said(result)).toBe(text);
  });

  test('an interrupt is thrown', async () => {
    await expect(said({ ended: 'aborted' })).rejects.toThrow('interrupted');
  });
});
