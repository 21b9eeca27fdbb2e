import { describe, expect, test } from 'vitest';
import {
  createArguments,
  parseContainerState,
  parseImageService,
} from '../../src/build/docker-containers.ts';

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
