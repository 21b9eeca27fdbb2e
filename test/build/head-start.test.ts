import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { beginBuildx } from '../../src/build/head-start.ts';
import { makeBuildFolder } from '../../src/image/layout/build-folder.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { claimAlone } from '../../src/image/owner.ts';
import type { RunTool, ToolResult, ToolRun } from '../../src/lib/run-tool.ts';
import { makeExport } from '../fakes/layouts.ts';

const root = mkdtempSync(join(tmpdir(), 'scoville-head-start-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

let made = 0;
let home = '';
beforeEach(() => {
  home = join(root, String((made += 1)));
  mkdirSync(join(home, 'project'), { recursive: true });
  mkdirSync(join(home, 'store/blobs'), { recursive: true });
  writeFileSync(join(home, 'project/Dockerfile'), 'FROM scratch\n');
});

const NOW = Date.UTC(2026, 0, 1);
const GOOD: ToolResult = { ended: 'exit', exitCode: 0, stdout: '', stderr: '' };

interface Started {
  readonly what: ToolRun;
  readonly end: (result: ToolResult) => void;
}

/** One process: `scoville build ARGS` from a folder, with what it starts. */
async function process(args: readonly string[], env: Record<string, string> = {}) {
  const started: Started[] = [];
  const run: RunTool = (what) => {
    what.onStart?.();
    return new Promise((end) => {
      started.push({ what, end });
      what.signal?.addEventListener('abort', () => {
        end({ ended: 'aborted' });
      });
    });
  };
  const head = await beginBuildx({
    args,
    env,
    cwd: home,
    paths: {
      cache: join(home, 'cache'),
      store: join(home, 'store'),
      config: join(home, 'config'),
      dockerConfig: join(home, 'docker'),
    },
    version: '1',
    now: () => NOW,
    signal: new AbortController().signal,
    run,
    client: () => Promise.resolve({ buildx: { path: '/buildx', version: 'v1' } }),
  });
  return { head, started };
}

const ARGS = ['-t', 'app', '--build-arg', 'TOKEN=a secret', 'project'];

/** What a plan starts, for a build that exports to the folder. */
function planned(folder: string, more: Partial<ToolRun> = {}): ToolRun {
  return {
    command: 'docker',
    args: ['buildx', 'build', `--output=dest=${folder}`, '--build-arg=TOKEN=a secret', 'project'],
    env: {
      EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: join(folder, 'policy.json'),
      BUILDX_GIT_INFO: '0',
    },
    plugin: '/buildx',
    cwd: home,
    timeoutMs: { unlimited: 'a build runs as long as it runs' },
    ...more,
  };
}

/** What it may be started early with. */
const own = (folder: string, text = '{"rules":[]}') => ({
  folder,
  file: { path: join(folder, 'policy.json'), text },
});

/** A build by its plan, which is kept. */
async function before(args = ARGS, result = GOOD): Promise<void> {
  const { head, started } = await process(args);
  const { dir: folder } = await makeBuildFolder(join(home, 'store'), 0);
  const running = head.run(planned(folder), own(folder));
  await expect.poll(() => started.length).toBe(1);
  started[0]?.end(result);
  expect(await running).toEqual(result);
  await head.end();
}

const nothing = (): Promise<void> => Promise.resolve();
const builds = (): readonly string[] => readdirSync(join(home, 'store/builds'));

describe('what is planned as it was started', () => {
  test('is taken, with all that it said before and says then', async () => {
    await before();
    const { head, started } = await process(ARGS);
    const folder = head.takeFolder(nothing)?.dir ?? '';
    const [first] = started;
    expect(first?.what).toMatchObject(planned(folder));
    expect(readdirSync(folder).sort()).toEqual(['blobs', 'owner.json', 'policy.json']);
    first?.what.onStderrLine?.('one');
    first?.what.onStderrLine?.('two');
    const heard: string[] = [];
    const onStderrLine = (line: string): void => void heard.push(line);
    const running = head.run(planned(folder, { onStderrLine }), own(folder));
    await expect.poll(() => heard.length).toBe(2);
    expect(heard).toEqual(['one', 'two']);
    first?.what.onStderrLine?.('three');
    const failed: ToolResult = { ...GOOD, exitCode: 17 };
    first?.end(failed);
    expect([await running, heard, started.length]).toEqual([failed, ['one', 'two', 'three'], 1]);
    expect([head.startedIn(folder), head.startedIn('other')]).toEqual([NOW, undefined]);
    // A retry is another run.
    const again = head.run(planned(folder), own(folder));
    expect(started).toHaveLength(2);
    started[1]?.end(GOOD);
    expect(await again).toEqual(GOOD);
  });

  test('ends where the build is ended', async () => {
    await before();
    const { head, started } = await process(ARGS);
    const stop = new AbortController();
    const folder = head.takeFolder(nothing)?.dir ?? '';
    const running = head.run(planned(folder, { signal: stop.signal }), own(folder));
    stop.abort();
    expect([await running, started.length]).toEqual([{ ended: 'aborted' }, 1]);
  });

  test('is kept without the words of the user', async () => {
    await before();
    const folder = join(home, 'cache/head-starts/v1');
    const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(kept).toHaveLength(1);
    expect(kept[0]).toContain('["--build-arg=",3]');
    expect(kept[0]).not.toContain('secret');
  });
});

describe('what is not', () => {
  test.each<[string, (folder: string) => ToolRun]>([
    ['other words', (folder) => planned(folder, { args: ['buildx', 'build', 'project'] })],
    ['another variable', (folder) => planned(folder, { env: { BUILDX_GIT_INFO: '0' } })],
    ['another buildx', (folder) => planned(folder, { plugin: '/other' })],
    ['another folder', (folder) => planned(folder, { cwd: '/' })],
    ['something to read', (folder) => planned(folder, { stdin: new Uint8Array(1) })],
  ])('by %s ends, and its folder is emptied before the plan runs', async (_, plan) => {
    await before();
    const { head, started } = await process(ARGS);
    const order: string[] = [];
    const folder = head.takeFolder(() => Promise.resolve(void order.push('emptied')))?.dir ?? '';
    started[0]?.what.signal?.addEventListener('abort', () => void order.push('ended'));
    const running = head.run(plan(folder), own(folder));
    await expect.poll(() => started.length).toBe(2);
    expect(order).toEqual(['ended', 'emptied']);
    started[1]?.end(GOOD);
    expect([await running, head.startedIn(folder)]).toEqual([GOOD, undefined]);
  });

  test.each<[string, (folder: string) => ReturnType<typeof own> | undefined]>([
    ['has to wait for what comes before', () => undefined],
    ['has another text in its file', (folder) => own(folder, '{"rules":[{}]}')],
    [
      'read another Dockerfile',
      (folder) => {
        writeFileSync(join(home, 'project/Dockerfile'), 'FROM other\n');
        return own(folder);
      },
    ],
  ])('where the plan %s is not taken', async (_, ownOf) => {
    await before();
    const { head, started } = await process(ARGS);
    const folder = head.takeFolder(nothing)?.dir ?? '';
    const running = head.run(planned(folder), ownOf(folder));
    await expect.poll(() => started.length).toBe(2);
    started[1]?.end(GOOD);
    expect(await running).toEqual(GOOD);
  });

  test('is run by the plan where it has said too much', async () => {
    await before();
    const { head, started } = await process(ARGS);
    const folder = head.takeFolder(nothing)?.dir ?? '';
    for (let i = 0; i < 17; i++) started[0]?.what.onStderrLine?.('x'.repeat(1024 * 1024));
    const heard: string[] = [];
    const running = head.run(
      planned(folder, { onStderrLine: (line) => void heard.push(line) }),
      own(folder),
    );
    await expect.poll(() => started.length).toBe(2);
    started[1]?.end(GOOD);
    expect([await running, heard]).toEqual([GOOD, []]);
  });
});

describe('nothing is started early', () => {
  const project = (): string => join(home, 'project');
  test.each<[string, () => void]>([
    [
      'another Dockerfile',
      () => {
        writeFileSync(join(project(), 'Dockerfile'), 'FROM other\n');
      },
    ],
    [
      'settings',
      () => {
        writeFileSync(join(project(), '.scoville.yaml'), '');
      },
    ],
    [
      'settings of a folder above',
      () => {
        writeFileSync(join(home, '.scoville.yml'), '');
      },
    ],
    [
      'settings of one’s own',
      () => {
        mkdirSync(join(home, 'config'));
        writeFileSync(join(home, 'config/config.yaml'), '');
      },
    ],
    [
      'the choice of another builder',
      () => {
        mkdirSync(join(home, 'docker/buildx'), { recursive: true });
        writeFileSync(join(home, 'docker/buildx/current'), '{"Name":"other"}');
      },
    ],
    [
      'the end of a repository',
      () => {
        rmSync(join(home, '.git'), { recursive: true });
      },
    ],
    [
      'a change that has the same size and time',
      () => {
        const file = join(project(), 'Dockerfile');
        const { mtime } = statSync(file);
        writeFileSync(file, 'FROM scratcH\n');
        utimesSync(file, mtime, mtime);
      },
    ],
  ])('after %s', async (_, change) => {
    mkdirSync(join(home, '.git'));
    const file = join(project(), 'Dockerfile');
    utimesSync(file, 1, 1);
    await before();
    expect((await process(ARGS)).started).toHaveLength(1);
    change();
    expect((await process(ARGS)).started).toEqual([]);
  });

  test.each<[string, readonly string[], Record<string, string>]>([
    ['other words', [...ARGS, '--no-cache'], {}],
    ['another environment', ARGS, { BUILDX_BUILDER: 'other' }],
  ])('by %s', async (_, args, env) => {
    await before();
    expect((await process(args, env)).started).toEqual([]);
  });

  test('by the plan before, which had to wait', async () => {
    await before();
    const { head, started } = await process(ARGS);
    const folder = head.takeFolder(nothing)?.dir ?? '';
    const running = head.run(planned(folder), undefined);
    await expect.poll(() => started.length).toBe(2);
    started[1]?.end(GOOD);
    await running;
    expect((await process(ARGS)).started).toEqual([]);
  });

  test.each<[string, (kept: string) => string]>([
    ['another command', (kept) => kept.replace('"build"', '"bake"')],
    ['another variable', (kept) => kept.replace('"BUILDX_GIT_INFO"', '"LD_PRELOAD"')],
  ])('by an entry with %s', async (_, change) => {
    await before();
    const folder = join(home, 'cache/head-starts/v1');
    for (const name of readdirSync(folder))
      writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')));
    expect((await process(ARGS)).started).toEqual([]);
  });

  test('after a build that failed', async () => {
    await before(ARGS, { ...GOOD, exitCode: 1 });
    expect((await process(ARGS)).started).toEqual([]);
  });

  test('while the store is pruned', async () => {
    await before();
    await claimAlone(join(home, 'store/prune.json'));
    const { head, started } = await process(ARGS);
    expect(started).toEqual([]);
    expect(head.takeFolder(nothing)).toBeDefined();
  });
});

test('an entry names no other folder', async () => {
  await before();
  const folder = join(home, 'cache/head-starts/v1');
  for (const name of readdirSync(folder)) {
    const kept = readFileSync(join(folder, name), 'utf8');
    writeFileSync(join(folder, name), kept.replace('"policy.json"', '"../../../policy.json"'));
  }
  const { head, started } = await process(ARGS);
  expect(started).toHaveLength(1);
  expect(existsSync(join(home, 'policy.json'))).toBe(false);
  await head.end();
});

test('what nobody asked for ends, and what it exported goes', async () => {
  await before();
  const count = builds().length;
  const { head, started } = await process(ARGS);
  const made = builds().at(-1) ?? '';
  expect(builds()).toHaveLength(count + 1);
  const { blobs } = await openStore(join(home, 'store'));
  const { image, provenance, exported } = await makeExport(blobs);
  const index = JSON.stringify({ schemaVersion: 2, manifests: [exported] });
  writeFileSync(join(home, 'store/builds', made, 'index.json'), index);
  await head.end();
  // It has the values of build arguments.
  const left = await Promise.all([image.config, provenance].map(({ digest }) => blobs.has(digest)));
  expect(left).toEqual([true, false]);
  expect(started[0]?.what.signal?.aborted).toBe(true);
  expect(builds()).toHaveLength(count);
});
