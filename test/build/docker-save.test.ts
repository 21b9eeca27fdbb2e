import { expect, test } from 'vitest';
import { localImages } from '../../src/build/docker.ts';
import { Interrupted } from '../../src/lib/errors.ts';
import type { ToolResult } from '../../src/lib/run-tool.ts';
import { digestOf } from '../../src/model/reference.ts';
import { fakeRun } from '../fakes/fake-run.ts';

const ID = digestOf('image');

function saving(end: ToolResult, chunks: readonly string[] = []) {
  return fakeRun([
    {
      command: 'docker',
      args: ['save', ID],
      result: async (run) => {
        for (const chunk of chunks) await run.onStdout?.(Buffer.from(chunk));
        return end;
      },
    },
  ]);
}

const exit = (exitCode: number, stderr = ''): ToolResult => ({
  ended: 'exit',
  exitCode,
  stdout: '',
  stderr,
});

test('an image is found by its name', async () => {
  const stdout = JSON.stringify({ Id: ID, RepoTags: ['app:1'] });
  const { run } = fakeRun([{ command: 'docker', args: ['image', 'inspect'], result: { stdout } }]);
  expect((await localImages(run).find('app:1'))?.id).toBe(ID);
});

test('none of that name is undefined', async () => {
  const result = { exitCode: 1, stderr: 'Error response from daemon: No such image: app:1' };
  const { run } = fakeRun([{ command: 'docker', args: ['image', 'inspect'], result }]);
  expect(await localImages(run).find('app:1')).toBeUndefined();
});

test('the tar is handed on as it comes', async () => {
  const taken: string[] = [];
  const { run, runs } = saving(exit(0), ['a', 'b']);
  await localImages(run).save(ID, (chunk) => {
    taken.push(Buffer.from(chunk).toString());
    return Promise.resolve();
  });
  expect(taken).toEqual(['a', 'b']);
  expect(runs[0]?.args).toEqual(['save', ID]);
});

test.each([
  ['Error response from daemon: reference does not exist', 'no longer has the image'],
  ['Error response from daemon: No such image: x', 'no longer has the image'],
  [
    'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?',
    'cannot connect to Docker',
  ],
  ['write /x: no space\u001b[2J left on device', 'docker save failed: write /x: no space left'],
  ['', 'docker save failed: exit code 1'],
])('%j', async (stderr, message) => {
  const { run } = saving(exit(1, stderr));
  await expect(localImages(run).save(ID, () => Promise.resolve())).rejects.toThrow(message);
});

test('an abort is no failure', async () => {
  const { run } = saving({ ended: 'aborted' });
  const save = localImages(run).save(ID, () => Promise.resolve());
  await expect(save).rejects.toBeInstanceOf(Interrupted);
});
