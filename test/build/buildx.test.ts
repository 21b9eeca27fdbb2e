import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runBuild } from '../../src/build/buildx.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { fakeRun } from '../fakes/fake-run.ts';

const recorded = (name: string): string =>
  readFileSync(new URL(`../fixtures/buildx/${name}`, import.meta.url), 'utf8');
const buildx = (stderr: string, exitCode: number) =>
  fakeRun([
    {
      command: 'docker',
      args: ['buildx', 'build', '--progress=rawjson'],
      result: { stderr, exitCode },
    },
  ]);
const invocation = {
  outputs: [],
  flags: [{ name: 'tag', value: 'app' }],
  context: '..',
  env: {},
};

describe.each(['0.13.1', '0.29.1'])('runBuild with buildx %s', (version) => {
  const failed = recorded(`${version}/failed.rawjson`);
  const errorText = failed.slice(failed.indexOf('Dockerfile:2')).trimEnd();

  test('a failed build keeps its exit code and text, and is told in events', async () => {
    const events: PipelineEvent[] = [];
    const { run, runs } = buildx(failed, 1);
    const outcome = await runBuild(run, {
      invocation,
      onEvent: (event) => events.push(event),
    });
    expect(outcome).toEqual({ exitCode: 1, stdout: '', errorText });
    expect(events.filter((e) => e.kind === 'build-step' && e.step.state === 'failed')).toHaveLength(
      1,
    );
    expect(events.flatMap((e) => (e.kind === 'build-log' ? [e.text] : [])).sort()).toEqual([
      'about to fail',
      'what went wrong',
    ]);
    expect(runs[0]?.args.slice(3)).toEqual(['--tag=app', '..']);
  });
});
