import { expect, test } from 'vitest';
import { pathsOf } from '../../src/cli/paths.ts';
import { fakeIo } from './command-io.ts';

function paths(env: Record<string, string>) {
  return pathsOf(fakeIo({ env, homeDir: '/home/user', cwd: '/work/app' }).io);
}

const DEFAULT = {
  store: '/home/user/.local/share/scoville/layout',
  cache: '/home/user/.cache/scoville',
  config: '/home/user/.config/scoville',
  dockerConfig: '/home/user/.docker',
};

test('are below home by default', () => {
  expect(paths({})).toEqual(DEFAULT);
});

test('follow the XDG variables', () => {
  expect(
    paths({ XDG_DATA_HOME: '/data', XDG_CACHE_HOME: '/cache', XDG_CONFIG_HOME: '/etc/me' }),
  ).toEqual({
    ...DEFAULT,
    store: '/data/scoville/layout',
    cache: '/cache/scoville',
    config: '/etc/me/scoville',
  });
});

test('a relative XDG folder is ignored, as the specification asks', () => {
  expect(paths({ XDG_DATA_HOME: 'data', XDG_CACHE_HOME: '' })).toEqual(DEFAULT);
});

test('SCOVILLE_HOME is above all of them', () => {
  expect(paths({ SCOVILLE_HOME: '/ci/home', XDG_DATA_HOME: '/data' })).toEqual({
    store: '/ci/home/layout',
    cache: '/ci/home/cache',
    config: '/ci/home/config',
    dockerConfig: '/home/user/.docker',
  });
});

test.each(['SCOVILLE_HOME', 'DOCKER_CONFIG', 'BUILDX_CONFIG'])(
  'a relative %s is refused: the project at hand would choose what is in it',
  (name) => {
    expect(() => paths({ [name]: 'my conf' })).toThrow(
      expect.objectContaining({
        message: `${name}=my conf is relative, so any project could be what it names`,
        nextStep: `${name}='/work/app/my conf', if you mean this folder`,
      }),
    );
  },
);

test('set to nothing is as good as not set', () => {
  expect(paths({ SCOVILLE_HOME: '', DOCKER_CONFIG: '', BUILDX_CONFIG: '' })).toEqual(DEFAULT);
});
