import { describe, expect, test } from 'vitest';
import {
  createArguments,
  parseContainerState,
  parseImageService,
  removeContainer,
} from '../../src/build/docker-containers.ts';
import { fakeRun } from '../fakes/fake-run.ts';

const SPEC = { name: 'c', image: 'i:1', ports: [80], env: ['A=1'], quickHealth: false } as const;

describe('createArguments', () => {
  test('gives no capability, no new privilege, and ports on the loopback address only', () => {
    expect(createArguments({ ...SPEC, rights: 'none' })).toEqual([
      'create',
      ...['--name', 'c', '--pull', 'never', '--security-opt', 'no-new-privileges'],
      ...['--pids-limit', '1024', '--cap-drop', 'ALL'],
      ...['--publish', '127.0.0.1::80', '--env', 'A=1', 'i:1'],
    ]);
  });

  test('leaves the engine’s default where a program needs it, and asks the HEALTHCHECK each second', () => {
    const args = createArguments({ ...SPEC, rights: 'default', quickHealth: true });
    expect(args).not.toContain('--cap-drop');
    expect(args.slice(-3)).toEqual(['--health-interval', '1s', 'i:1']);
  });
});

describe('parseContainerState', () => {
  test('reads a running container with its health and ports', () => {
    const said = JSON.stringify({
      state: {
        Running: true,
        ExitCode: 0,
        Health: {
          Status: 'unhealthy',
          Log: [{ Output: 'old' }, { Output: 'no\u001b[31m answer\n' }],
        },
      },
      ports: {
        '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '32768' }],
        '53/udp': null,
        '9/tcp': null,
      },
    });
    expect(parseContainerState(said)).toEqual({
      running: true,
      exitCode: 0,
      health: 'unhealthy',
      healthOutput: 'no answer',
      published: { 80: 32768 },
    });
  });

  test('an ended one has its code, and no health without a HEALTHCHECK', () => {
    const state = parseContainerState('{"state":{"Running":false,"ExitCode":127},"ports":{}}');
    expect(state).toMatchObject({
      running: false,
      exitCode: 127,
      health: undefined,
      published: {},
    });
  });

  test('is nothing where the engine said nothing', () => {
    expect(parseContainerState('')).toBeUndefined();
  });
});

describe('parseImageService', () => {
  test.each([
    ['{"ExposedPorts":{"8080/tcp":{},"80/tcp":{},"53/udp":{}}}', [80, 8080], false],
    ['{"Healthcheck":{"Test":["CMD","/health"]}}', [], true],
    ['{"Healthcheck":{"Test":["NONE"]}}', [], false],
    ['null', [], false],
  ])('%s', (config, ports, hasHealthcheck) => {
    expect(parseImageService(config)).toMatchObject({ ports, hasHealthcheck });
  });

  test.each([
    ['{"Entrypoint":["/app"],"Cmd":["-v"]}', ['/app', '-v'], []],
    ['{"Cmd":["sh"],"Healthcheck":{"Test":["CMD","/up","now"]}}', ['sh'], ['/up', 'now']],
    ['{"Healthcheck":{"Test":["CMD-SHELL","up || no"]}}', [], ['/bin/sh', '-c', 'up || no']],
    [
      '{"Shell":["/bin/ash","-ec"],"Healthcheck":{"Test":["CMD-SHELL","up"]}}',
      [],
      ['/bin/ash', '-ec', 'up'],
    ],
    ['{"Entrypoint":"/app"}', [], []],
  ])('what %s starts, and how it is asked', (config, program, healthcheck) => {
    expect(parseImageService(config)).toMatchObject({ program, healthcheck });
  });
});

describe('removeContainer', () => {
  test.each([
    [{ exitCode: 0 }, true],
    [{ exitCode: 1, stderr: 'Error response from daemon: No such container: c' }, true],
    [{ exitCode: 1, stderr: 'Cannot connect to the Docker daemon' }, false],
  ])('%o', async (result, gone) => {
    const { run, runs } = fakeRun([{ command: 'docker', args: ['rm'], result }]);
    expect(await removeContainer(run, 'c')).toBe(gone);
    expect(runs[0]?.args).toEqual(['rm', '--force', '--volumes', 'c']);
  });
});
