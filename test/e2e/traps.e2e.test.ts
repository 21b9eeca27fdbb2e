import {
  chmodSync,
  existsSync,
  linkSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { written } from '../fakes/written.ts';
import { printedBy } from './containers.ts';
import { bases, type Ended, output, own, run } from './harness.ts';
import { until } from './until.ts';
import { folderHere, scovilleHere } from './workplace.ts';

/**
 * Traps 3.1 to 3.10 that were measured on plain BuildKit flags: what each does to a build through
 * scoville.
 */

interface Manifest {
  readonly layers: readonly { readonly digest: string }[];
  readonly config: { readonly digest: string };
  readonly manifests?: readonly { readonly digest: string }[];
}
interface Config {
  readonly history: readonly { readonly created_by?: string; readonly created?: string }[];
}
interface Built {
  readonly ended: Ended;
  readonly digest: string;
  readonly layers: readonly string[];
  readonly config: Config;
}

const scoville = scovilleHere();
const NAME = own('scoville-traps:1');
const folder = folderHere('traps');
let count = 0;

function context(name: string, files: Readonly<Record<string, string>>): string {
  return written(join(folder, name), files);
}

/** Commits all of a folder, at a time in seconds since 1970. */
async function commit(dir: string, time: number): Promise<void> {
  const date = `@${time} +0000`;
  const env = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  const git = (...args: string[]) =>
    output('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: dir,
      env,
    });
  if (!existsSync(join(dir, '.git'))) await git('init', '-q');
  await git('add', '.');
  await git('commit', '-qm', 'x');
}

const QUIET = ['--no-interactive', '--sign=false', '--scanner=none', '--grade=false'];

async function built(dir: string, ...flags: string[]): Promise<Built> {
  count += 1;
  const layout = join(folder, `layout-${count}`);
  const to = ['--output', `type=oci,tar=false,dest=${layout}`];
  const ended = await scoville.expect(0, ['build', ...QUIET, ...to, ...flags, dir]);
  const read = (digest: string) =>
    JSON.parse(readFileSync(join(layout, 'blobs', digest.replace(':', '/')), 'utf8')) as unknown;
  const root = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as Manifest;
  let digest = root.manifests?.[0]?.digest ?? '';
  let manifest = read(digest) as Manifest;
  while (manifest.manifests !== undefined) {
    digest = manifest.manifests[0]?.digest ?? '';
    manifest = read(digest) as Manifest;
  }
  const config = read(manifest.config.digest) as Config;
  return { ended, digest, layers: manifest.layers.map((layer) => layer.digest), config };
}

test('trap 3.1: cached and clean builds of a commit are the same, and a layer keeps its digest from commit to commit', async () => {
  const dir = context('commits', {
    Dockerfile: `FROM ${bases.busybox}\nRUN echo dependencies > /dep\nCOPY app /app\n`,
    '.dockerignore': '.git\n',
    app: 'one',
  });
  const now = Math.floor(Date.now() / 1000);
  await commit(dir, now - 100);
  const first = await built(dir, '--no-cache');
  writeFileSync(join(dir, 'app'), 'two');
  await commit(dir, now);
  const cached = await built(dir);
  const clean = await built(dir, '--no-cache');
  expect(clean.digest).toBe(cached.digest);
  expect(cached.layers.at(-1)).not.toBe(first.layers.at(-1));
  expect(cached.layers.at(-2)).toBe(first.layers.at(-2));
});

test('trap 3.2: it does not matter whose times and hard links filled the cache', async () => {
  // Content of its own: BuildKit’s cache goes by that, whoever else uses the engine.
  const files = {
    Dockerfile: `FROM scratch\nCOPY . /\n`,
    '.dockerignore': '.git\n',
    a: folder,
    b: folder,
  };
  const [first, second] = [context('linked/app', files), context('apart/app', files)];
  rmSync(join(first, 'b'));
  linkSync(join(first, 'a'), join(first, 'b'));
  for (const [dir, time] of [
    [first, 1_200_000_000],
    [second, 1_300_000_000],
  ] as const) {
    utimesSync(join(dir, 'a'), time, time);
    await commit(dir, 1_250_000_000);
  }
  const linked = await built(first);
  const apart = await built(second, '--no-cache');
  expect(apart.digest).toBe(linked.digest);
  expect((await built(second)).digest).toBe(linked.digest);
});

describe('trap 3.5 and 3.6: SOURCE_DATE_EPOCH offered to each RUN', () => {
  test('keeps the cache of a RUN from commit to commit, and the clock runs: apt and certificates need the day', async () => {
    const now = Math.floor(Date.now() / 1000);
    const dir = context('offered', {
      Dockerfile: `FROM ${bases.debian}\nRUN test "$(date +%s)" -ge ${now} && echo "$SOURCE_DATE_EPOCH" > /epoch\nCOPY app /app\n`,
      '.dockerignore': '.git\n',
      app: 'one',
    });
    await commit(dir, now - 100);
    const first = await built(dir, '--repro=aggressive');
    writeFileSync(join(dir, 'app'), 'two');
    await commit(dir, now);
    const second = await built(dir, '--repro=aggressive');
    expect(second.ended.stderr).toMatch(/^#\d+ CACHED$/m);
    expect(second.layers.at(-2)).toBe(first.layers.at(-2));
    // What it costs is told in docs/reproducibility.md: the history shows the ARG.
    const texts = second.config.history.map((entry) => entry.created_by ?? '');
    expect(texts.filter((text) => text.startsWith('ARG SOURCE_DATE_EPOCH'))).toHaveLength(1);
    const safe = await built(dir);
    const plain = safe.config.history.map((entry) => entry.created_by ?? '');
    expect(plain.some((text) => text.startsWith('ARG '))).toBe(false);
  });
});

test('trap 3.7: a build that fails in a RUN, at the gate or in the export leaves the tag where it was', async () => {
  const dir = context('tagged', { Dockerfile: `FROM ${bases.busybox}\nRUN echo good > /word\n` });
  const bad = context('bad', { Dockerfile: `FROM ${bases.busybox}\nRUN exit 3\n` });
  await scoville.expect(0, ['build', ...QUIET, '-t', NAME, dir]);
  const idOf = () => output('docker', ['image', 'inspect', '--format', '{{.Id}}', NAME]);
  const before = await idOf();
  await scoville.expect(1, ['build', ...QUIET, '-t', NAME, bad]);
  writeFileSync(join(dir, 'Dockerfile'), `FROM ${bases.busybox}\nRUN echo other > /word\n`);
  const gated = QUIET.filter((flag) => flag !== '--grade=false');
  await scoville.expect(1, ['build', ...gated, '--min-level=5', '-t', NAME, dir]);
  const full = join(folder, 'full');
  writeFileSync(full, '');
  await scoville.expect(2, ['build', ...QUIET, '-t', NAME, dir], { env: { SCOVILLE_HOME: full } });
  expect(await idOf()).toBe(before);
  expect(await printedBy(NAME, 'cat', '/word')).toBe('good\n');
  // A second name of an image that is nobody’s would stay behind here.
  const listed = await output('docker', ['images', '--quiet', NAME.split(':')[0] ?? '']);
  expect(listed.trim().split('\n')).toHaveLength(1);
  const users = ['ps', '--all', '--quiet', '--filter', `ancestor=${NAME}`];
  await until('no container of it', async () => (await output('docker', users)) === '');
  await run('docker', ['rmi', NAME]);
  expect((await run('docker', ['image', 'inspect', NAME])).exitCode).not.toBe(0);
});

test('trap 3.8 and 3.10: a rebuild rewrites nothing, and the base’s layers and history are the base’s own under a pin', async () => {
  const dir = context('pinned', {
    Dockerfile: `FROM ${bases.debian}\nRUN echo ${folder} > /word\n`,
  });
  chmodSync(dir, 0o755);
  const first = await built(dir);
  expect(first.ended.stderr).toContain('normalize: 1 layer made reproducible');
  const again = await built(dir);
  expect(again.ended.stderr).toContain('normalize: 0 layers made reproducible');
  expect(again.digest).toBe(first.digest);
  const raw = await output('docker', ['buildx', 'imagetools', 'inspect', '--raw', bases.debian]);
  const base = JSON.parse(raw) as Manifest;
  expect(first.layers.slice(0, base.layers.length)).toEqual(base.layers.map((l) => l.digest));
  expect(first.layers).toHaveLength(base.layers.length + 1);
  const theirs = await output('docker', [
    ...['buildx', 'imagetools', 'inspect', '--format', '{{json .Image.History}}', bases.debian],
  ]);
  const history = JSON.parse(theirs) as Config['history'];
  const times = (entries: Config['history']) =>
    entries.map(({ created }) => Math.floor(Date.parse(created ?? '') / 1000));
  expect(times(first.config.history.slice(0, history.length))).toEqual(times(history));
  // A pin by way of a named context, or none: the same image (docs/decisions/0005-pins.md).
  expect((await built(dir, '--pin=false')).digest).toBe(first.digest);
});
