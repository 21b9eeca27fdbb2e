import { expect, test } from 'vitest';
import { localImages } from '../../src/build/docker.ts';
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
