import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ToolRun } from '../../src/lib/run-tool.ts';
import { startProfiles } from '../../src/trust/profile-artifact.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const REFUSED = 'docker: Error response from daemon: runc create failed: seccomp: no.\n';
const engine = {
  serverVersion: '26.1.5',
  containerdStore: true,
  os: 'linux',
  architecture: 'amd64',
};

/** An engine that starts a container where `starts` says so of the profile and the options. */
function started(starts: (profile: string, line: string) => boolean) {
  const profileOf = ({ args }: ToolRun): string =>
    args.find((one) => one.startsWith('seccomp='))?.slice('seccomp='.length) ?? '';
  const docker = fakeRun([
    { command: 'docker', args: ['import', '-'], result: {} },
    { command: 'docker', args: ['rmi', '--force'], result: {} },
    {
      command: 'docker',
      args: ['run', '--rm', '--pull', 'never', '--network', 'none'],
      result: (run) => {
        const isUp = starts(readFileSync(profileOf(run), 'utf8'), run.args.join(' '));
        const ended = { ended: 'exit', stdout: '', exitCode: isUp ? 0 : 125 } as const;
        return Promise.resolve({ ...ended, stderr: isUp ? '' : REFUSED });
      },
    },
  ]);
  const context = contextOf(docker.run, temporaryFolder());
  const layer = Buffer.from('{"defaultAction":"SCMP_ACT_ERRNO"}');
  const profile = { kind: 'seccomp', predicate: {}, layer, file: 'p.json' } as const;
  const start = (over: object = {}): Promise<void> =>
    startProfiles(context, [profile], { ...engine, ...over });
  return { start, asked: () => docker.runs.map(({ args }) => args[0]) };
}

test('a profile that a container starts under is asked for once', async () => {
  const { start, asked } = started(() => true);
  await start();
  await start();
  expect(asked()).toEqual(['import', 'run', 'rmi']);
});

test('one that starts with no-new-privileges alone is enough', async () => {
  const { start, asked } = started((_, line) => line.includes('no-new-privileges'));
  await start();
  expect(asked()).toEqual(['import', 'run', 'run', 'rmi']);
});

test('one that the runtime refuses ends with its line, and leaves no image', async () => {
  const { start, asked } = started((profile) => profile.includes('ALLOW'));
  await expect(start()).rejects.toThrow(
    `no container starts under the profile p.json: ${REFUSED.trim()}`,
  );
  expect(asked()).toEqual(['import', 'run', 'run', 'run', 'rmi']);
});

test('an engine that starts nothing, or of another kind, says nothing of a profile', async () => {
  await started(() => false).start();
  const { start, asked } = started(() => false);
  await start({ architecture: 's390x' });
  await start({ os: 'windows' });
  expect(asked()).toEqual([]);
});
