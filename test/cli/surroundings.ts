import { join } from 'node:path';
import type { DoctorContext } from '../../src/cli/doctor-checks.ts';
import { ok } from '../../src/lib/errors.ts';
import type { ToolResult } from '../../src/lib/run-tool.ts';
import { fakeRun, type ScriptedRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const NOT_FOUND: ToolResult = { ended: 'not-found' };

function info(status: readonly (readonly string[])[]): string {
  return JSON.stringify({
    ServerVersion: '29.1.0',
    DriverStatus: status,
    OSType: 'linux',
    Architecture: 'x86_64',
  });
}

export const INFO = {
  containerd: info([['driver-type', 'io.containerd.snapshotter.v1']]),
  old: info([['Backing Filesystem', 'extfs']]),
};

export const PUBLIC_KEY = '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n';

/** A machine with all that is needed; no scanner. */
export const COMPLETE: readonly ScriptedRun[] = [
  {
    command: 'docker',
    args: ['--version'],
    result: { stdout: 'Docker version 29.1.0, build 1234567\n' },
  },
  { command: 'docker', args: ['info'], result: { stdout: INFO.containerd } },
  {
    command: 'docker',
    args: ['buildx', 'version'],
    result: { stdout: 'github.com/docker/buildx v0.30.1 9e66234\n' },
  },
  {
    command: 'docker',
    args: ['buildx', 'inspect'],
    result: {
      stdout:
        'Name:   default\nDriver: docker\n\nNodes:\nName: default\nStatus: running\nPlatforms: linux/amd64, linux/386\n',
    },
  },
  { command: 'cosign', args: ['version'], result: { stdout: '{"gitVersion":"v2.5.3"}' } },
  { command: 'cosign', args: ['attest-blob'], result: { stdout: '--new-bundle-format' } },
  { command: 'cosign', args: ['public-key'], result: { stdout: PUBLIC_KEY } },
  { command: 'git', args: ['--version'], result: { stdout: 'git version 2.47.3\n' } },
  { command: 'grype', args: [], result: NOT_FOUND },
  { command: 'trivy', args: [], result: NOT_FOUND },
];

/**
 * A machine on which `runs` are answered first, then those of COMPLETE. Its folders are made for
 * the test and empty.
 */
export function machine(
  runs: readonly ScriptedRun[] = [],
  more: Partial<DoctorContext> = {},
): DoctorContext {
  const folder = temporaryFolder();
  return {
    run: fakeRun([...runs, ...COMPLETE]).run,
    env: {},
    cwd: folder,
    paths: {
      store: join(folder, 'layout'),
      cache: join(folder, 'cache'),
      config: join(folder, 'config'),
      dockerConfig: join(folder, 'docker'),
    },
    platform: 'linux',
    nodeVersion: '22.12.0',
    now: () => 1_700_000_000_000,
    signal: new AbortController().signal,
    connect: () => Promise.resolve(ok(undefined)),
    ...more,
  };
}

export function missing(command: string): ScriptedRun {
  return { command, args: [], result: NOT_FOUND };
}
