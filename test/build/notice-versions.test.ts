import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noticeVersions } from '../../src/build/engine.ts';
import type { PipelineContext } from '../../src/model/context.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const cache = (): string => join(temporaryFolder(), 'cache');

/** The warnings for an engine and a buildx, with a cache that may have been told before. */
async function told(engine: string, buildx: string, folder: string): Promise<readonly string[]> {
  const events: PipelineEvent[] = [];
  const { run } = fakeRun([
    {
      command: 'docker',
      args: ['buildx', 'version'],
      result: { stdout: buildx, exitCode: buildx === '' ? 1 : 0 },
    },
  ]);
  const context = {
    run,
    paths: { cache: folder },
    emit: (event: PipelineEvent) => events.push(event),
  } as unknown as PipelineContext;
  const info = { serverVersion: engine, containerdStore: true, os: 'linux', architecture: 'amd64' };
  await noticeVersions(context, info);

  return events.map((event) =>
    event.kind === 'warning'
      ? `${event.text}${event.nextStep === undefined ? '' : ' + next'}`
      : '?',
  );
}

test('what is newer or older is told of once for each version, the older with what mends it', async () => {
  const folder = cache();
  expect(await told('29.0.1', 'buildx v0.12.1', folder)).toEqual([
    expect.stringMatching(/^docker 29\.0\.1 is newer than 28\.5, .*docker load takes/),
    expect.stringMatching(/^docker buildx 0\.12\.1 is older than 0\.13, .*rawjson.* \+ next$/),
  ]);
  expect(await told('29.0.1', 'buildx v0.12.1', folder)).toEqual([]);
  expect(await told('29.0.2', 'buildx v0.12.1', folder)).toHaveLength(1);
});

test('where nothing can be remembered it is told again', async () => {
  const folder = cache();
  mkdirSync(folder);
  // A file in the folder's place: root may write anywhere else.
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(folder, 'told'), '');
  chmodSync(join(folder, 'told'), 0o444);
  const again = expect.stringMatching(/^docker 29/) as string;
  expect(await told('29.0.1', 'v0.13.1', folder)).toContainEqual(again);
  expect(await told('29.0.1', 'v0.13.1', folder)).toContainEqual(again);
});
