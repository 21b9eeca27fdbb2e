import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { given } from '../../src/lib/json.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/fake-registry.ts';
import { BadDay, isInDocker, newName, Running } from './bad-day.ts';
import { EngineProxy } from './engine-proxy.ts';
import { bases, OWN } from './harness.ts';
import { rows } from './rows.ts';

const MB = 1024 * 1024;
/**
 * From Ctrl-C to the end: a tool that does not listen is killed after 5 s. What is waited for here
 * takes a minute, so that a busy machine has time.
 */
const ENDS_WITHIN_MS = 30_000;

const day = new BadDay();
let fake: FakeRegistry;
beforeAll(async () => {
  fake = await startFakeRegistry();
});
beforeEach(() => {
  fake.requests.length = 0;
  fake.faults.length = 0;
});
afterAll(async () => {
  await fake.close();
  day.remove();
});

interface Moment {
  readonly context: string;
  /** The phase has begun when this is so. */
  readonly when: (running: Running) => boolean;
  readonly path?: string;
  /** A DOCKER_HOST. */
  readonly engine?: string;
  /** Where the image is to go; the registry comes first where it is both. */
  readonly to?: readonly ('--load' | '--push')[];
  /**
   * The image was signed and graded: the layout keeps it, for `scoville load` and `scoville push`.
   */
  readonly keeps?: boolean;
  /** No gate could forbid it: it was loaded before it was signed. */
  readonly isLoaded?: boolean;
  /** The command alone gets a signal in place of all that runs in the terminal. */
  readonly alone?: NodeJS.Signals;
}

/**
 * Presses Ctrl-C at that moment of a build, looks that nothing came of it, and builds the same
 * without.
 */
async function interrupted(moment: Moment): Promise<string> {
  const { context, when, path, engine, to = ['--load', '--push'], alone } = moment;
  const { keeps = false, isLoaded = false } = moment;
  const name = `${fake.host}/${newName()}`;
  const args = ['build', ...to, '-t', name, context];
  const env = given({ PATH: path, DOCKER_HOST: engine });
  const running = new Running(day.scoville, args, env);
  try {
    await running.until(() => when(running));
    const at = Date.now();
    if (alone === undefined) running.interrupt();
    else running.kill(alone);
    const ended = await running.ended;
    expect(Date.now() - at).toBeLessThan(ENDS_WITHIN_MS);
    expect([ended.exitCode, ended.stdout]).toEqual([130, '']);
    expect(ended.stderr).toMatch(
      /scoville: interrupted; nothing was tagged, loaded or pushed after this point\n$/,
    );
  } finally {
    running.killGroup();
  }
  expect(tagsOf(name)).toEqual([]);
  expect(await isInDocker(name)).toBe(isLoaded);
  const left = `scoville: warning: Docker has ${name} already, not signed or graded: the build did not end`;
  expect(running.stderr.includes(left)).toBe(isLoaded && !keeps);
  expect(builds().length - finished.length).toBe(keeps ? 1 : 0);
  fake.faults.length = 0;
  await day.scoville.expect(keeps ? 0 : 2, ['load', name]);
  expect(await isInDocker(name)).toBe(keeps || isLoaded);
  await day.scoville.expect(0, args.with(-1, day.context()));
  finished = builds();
  expect(await isInDocker(name)).toBe(true);
  expect(tagsOf(name)).toEqual(to.includes('--push') ? [name] : []);
  return running.stderr;
}

function builds(): readonly string[] {
  return readdirSync(join(day.scoville.home, 'layout/builds'));
}

/** How many the cache has: each context has one of its own, when it is graded. */
function scorecards(): number {
  const folder = join(day.scoville.home, 'cache/last-scorecards');
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).length : 0;
}

/** Folders of the builds that came to their end. */
let finished: readonly string[] = [];

function tagsOf(name: string): readonly string[] {
  const [, repository = '', tag = ''] = /^[^/]+\/(.+):([^:]+)$/.exec(name) ?? [];
  return fake.manifests.has(`${repository}:${tag}`) ? [name] : [];
}

const LOADED = 'scoville: load into Docker:';

describe('Ctrl-C', () => {
  const slow = (): string =>
    day.context({ Dockerfile: `FROM ${bases.busybox}\nRUN echo begun && sleep 61 # ${OWN}\n` });

  test('while BuildKit builds', async () => {
    const stderr = await interrupted({
      context: slow(),
      when: ({ stderr: said }) => /^#\d+ (\d+\.\d+ )?begun$/m.test(said),
    });
    expect(stderr).not.toContain('scoville: build:');
  });

  test('while layers are normalised', async () => {
    const stderr = await interrupted({
      context: day.context({ content: randomBytes(48 * MB) }),
      when: ({ stderr: said }) => said.includes('scoville: build:'),
    });
    expect(stderr).not.toContain('scoville: normalize:');
  });

  test('while cosign verifies what was signed first', async () => {
    const marker = join(day.folder, 'signing');
    const stderr = await interrupted({
      context: day.context(),
      path: await day.pathWith(
        'cosign',
        `if [[ "$*" = verify-blob-attestation* ]]; then touch ${marker}; exec sleep 62; fi`,
      ),
      when: ({ stderr: said }) => existsSync(marker) && said.includes(LOADED),
      isLoaded: true,
    });
    expect(stderr).toContain('scoville: normalize:');
    expect(stderr).not.toContain('scoville: sign and attest:');
  });

  test('while Docker loads', async () => {
    const marker = join(day.folder, 'loading');
    const before = scorecards();
    const stderr = await interrupted({
      context: day.context({ content: randomBytes(4 * MB) }),
      path: await day.pathWith(
        'docker',
        `if [ "$1" = load ]; then exec 3<&0; exec "$TOOL" load < <(head -c 500000 <&3; touch ${marker}; exec sleep 64); fi`,
      ),
      // Meanwhile it is signed and graded.
      when: () => existsSync(marker) && scorecards() > before,
      to: ['--load'],
      keeps: true,
    });
    expect(stderr).not.toContain(LOADED);
  });

  test('while Docker loads, at its socket', async () => {
    const proxy = new EngineProxy(day.folder);
    await proxy.listen();
    proxy.hold = { asked: /^POST \/images\/load\?/, after: 500_000 };
    try {
      const before = scorecards();
      const stderr = await interrupted({
        context: day.context({ content: randomBytes(4 * MB) }),
        engine: proxy.host,
        when: () => proxy.isHeld && scorecards() > before,
        to: ['--load'],
        keeps: true,
      });
      expect(stderr).not.toContain(LOADED);
    } finally {
      proxy.close();
    }
  });

  test('while a registry keeps a blob waiting', async () => {
    fake.fail(/^PUT .*\/blobs\/uploads\//, { do: 'hang' }, 99);
    const stderr = await interrupted({
      context: day.context(),
      keeps: true,
      isLoaded: true,
      when: ({ stderr: said }) =>
        said.includes(LOADED) && fake.calls.some((call) => /^PUT .*\/blobs\/uploads\//.test(call)),
    });
    expect(stderr).not.toContain('scoville: push:');
  });

  test('while a registry keeps a manifest waiting', async () => {
    fake.fail(/^PUT .*\/manifests\//, { do: 'hang' }, 99);
    await interrupted({
      context: day.context(),
      keeps: true,
      isLoaded: true,
      when: ({ stderr: said }) =>
        said.includes(LOADED) && fake.calls.some((call) => /^PUT .*\/manifests\//.test(call)),
    });
  });
});

describe('a signal to the command alone', () => {
  const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  test.each(rows(SIGNALS, (_, at) => at === 0))('%s ends the build', async (alone) => {
    await interrupted({
      context: day.context({
        Dockerfile: `FROM ${bases.busybox}\nRUN echo begun ${alone} && sleep 63 # ${OWN}\n`,
      }),
      when: ({ stderr }) => /^#\d+ (\d+\.\d+ )?begun SIG[A-Z]+$/m.test(stderr),
      alone,
    });
  });
});
