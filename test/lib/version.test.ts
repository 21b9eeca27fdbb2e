import { describe, expect, test } from 'vitest';
import { compareVersions, parseVersion, requireTool } from '../../src/lib/tool-versions.ts';
import { fakeRun } from '../fakes/fake-run.ts';

describe('parseVersion', () => {
  test.each([
    ['Docker version 26.1.5+dfsg1, build a72d7cd', '26.1.5'],
    ['Docker version 28.5.2+dfsg4, build 9cc6dea35e9a', '28.5.2'],
    ['github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3', '0.13.1'],
    ['github.com/docker/buildx v0.29.1 a1b2c3d', '0.29.1'],
    ['git version 2.47.3', '2.47.3'],
    ['git version 2.39.5 (Apple Git-154)', '2.39.5'],
    ['{"gitVersion": "v3.1.1", "goVersion": "go1.27.3"}', '3.1.1'],
    ['{"gitVersion": "devel", "goVersion": "go1.24.4"}', undefined],
    ['Version: 0.67.2\nVulnerability DB:\n  Version: 2', '0.67.2'],
    ['{"application":"grype","version":"0.100.0","goVersion":"go1.25.1"}', '0.100.0'],
    ['no version here', undefined],
  ])('%j is %j', (output, version) => {
    expect(parseVersion(output)).toBe(version);
  });
});

test('versions compare by number, not by letter', () => {
  expect(compareVersions('0.13.0', '0.9.9')).toBeGreaterThan(0);
  expect(compareVersions('1.2.3', '1.2.3')).toBe(0);
  expect(compareVersions('23.9.9', '24.0.0')).toBeLessThan(0);
});

describe('requireTool', () => {
  const buildx = (stdout: string, exitCode = 0) =>
    fakeRun([{ command: 'docker', args: ['buildx', 'version'], result: { stdout, exitCode } }]);

  test('asks once, also for two callers at once', async () => {
    const fake = buildx('github.com/docker/buildx v0.29.1 abc');
    const both = await Promise.all([
      requireTool(fake.run, 'buildx'),
      requireTool(fake.run, 'buildx'),
    ]);
    expect(both.map(({ number }) => number)).toEqual(['0.29.1', '0.29.1']);
    expect(fake.runs).toHaveLength(1);
  });

  test('an old one is refused with how to get a newer', async () => {
    const { run } = buildx('github.com/docker/buildx v0.12.1 abc');
    await expect(requireTool(run, 'buildx')).rejects.toMatchObject({
      message: 'docker buildx 0.12.1 is too old: 0.13.0 or newer is needed',
      nextStep: 'Debian: apt-get install docker-buildx; macOS: brew install docker-buildx',
    });
  });

  test('docker without the plugin counts as missing', async () => {
    await expect(requireTool(buildx('', 1).run, 'buildx')).rejects.toThrow(
      'docker buildx is not installed',
    );
  });

  test('a build without a number is taken as it is', async () => {
    const { run } = fakeRun([
      { command: 'cosign', args: ['version'], result: { stdout: '{"gitVersion": "devel"}' } },
    ]);
    expect(await requireTool(run, 'cosign')).toEqual({ tool: 'cosign', number: undefined });
  });

  test('a missing tool says how to install it', async () => {
    const { run } = fakeRun([
      { command: 'cosign', args: ['version'], result: { ended: 'not-found' } },
    ]);
    await expect(requireTool(run, 'cosign')).rejects.toMatchObject({
      message: 'cosign is not installed',
      nextStep:
        'Debian: apt-get install cosign; macOS: brew install cosign; others: https://docs.sigstore.dev/cosign/system_config/installation/',
    });
  });
});
