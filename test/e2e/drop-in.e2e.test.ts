import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { written } from '../fakes/written.ts';
import { startClassicEngine } from './classic-engine.ts';
import { discard, dockerBuild, type Ended, output, own, registry, run } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

type Tool = 'docker' | 'scoville';
const TOOLS = ['docker', 'scoville'] as const;
const scoville = scovilleHere();
const folder = folderHere('drop-in');

/** What is written beside the image is the subject of other tests. */
function build(tool: Tool, args: readonly string[]): Promise<Ended> {
  const cwd = join(folder, tool);
  return tool === 'docker'
    ? dockerBuild([...args, '.'], { cwd })
    : scoville.run(['build', '--no-sign', '--no-grade', ...args, '.'], { cwd });
}

interface Entry {
  readonly digest: string;
  readonly mediaType: string;
  readonly platform?: { readonly architecture: string };
  readonly annotations?: Readonly<Record<string, string>>;
}
interface Index extends Entry {
  readonly manifests: readonly Entry[];
}

async function inArchive(tool: Tool, file: string, path: string): Promise<string> {
  return output('tar', ['-xOf', join(folder, tool, file), path]);
}

async function documentIn<T>(tool: Tool, file: string, path: string): Promise<T> {
  return JSON.parse(await inArchive(tool, file, path)) as T;
}

const blob = (digest: string): string => `blobs/sha256/${digest.slice('sha256:'.length)}`;

beforeAll(() => {
  const Dockerfile = 'FROM scratch\nCOPY hello /hello\n';
  for (const tool of TOOLS) written(join(folder, tool), { Dockerfile, hello: 'hello\n' });
});

describe('what a push leaves in the engine', () => {
  test.each([
    { args: ['--push'], isLeft: true },
    { args: ['-o', 'type=registry'], isLeft: true },
    { args: ['-o', 'type=image,push=true'], isLeft: true },
    { args: ['--push', '--platform', 'linux/amd64,linux/arm64'], isLeft: true },
    { args: ['--push', '-o', 'type=oci,dest=beside.tar'], isLeft: true },
    { args: ['-o', 'type=registry,store=false'], isLeft: false },
  ])('$args', async ({ args, isLeft }) => {
    const left: [Tool, boolean][] = [];
    for (const tool of TOOLS) {
      const name = own(`${registry}/e2e/drop-in-${tool}:1`);
      await run('docker', ['rmi', '--force', name]);
      const { exitCode, stderr } = await build(tool, [...args, '-t', name]);
      // Its own push looks for what it was told not to keep.
      const isRefused = tool === 'docker' && !isLeft;
      expect([stderr, exitCode]).toEqual([stderr, isRefused ? 1 : 0]);
      left.push([tool, (await run('docker', ['image', 'inspect', name])).exitCode === 0]);
      discard([name]);
    }
    expect(left).toEqual(TOOLS.map((tool) => [tool, isLeft]));
  });
});

describe('annotations of each level', () => {
  const BOTH = ['--platform', 'linux/amd64,linux/arm64'];
  const GIVEN = [
    'index:com.example.index=1',
    'index[linux/arm64]:com.example.index-of-one=2',
    'index-descriptor:com.example.index-descriptor=3',
    'manifest:com.example.manifest=4',
    'manifest[linux/arm64]:com.example.manifest-of-one=5',
    'manifest-descriptor:com.example.descriptor=6',
    'manifest-descriptor[linux/arm64]:com.example.descriptor=7',
  ];
  const annotations = (given: readonly string[]): readonly string[] =>
    given.flatMap((text) => ['--annotation', text]);
  const named = ({ annotations: all = {} }: Pick<Entry, 'annotations'>) =>
    Object.entries(all).filter(([key]) => key.startsWith('com.example.'));

  /** Where the annotations of the user are, from the top. */
  async function found(tool: Tool): Promise<unknown> {
    const [root] = (await documentIn<Index>(tool, 'a.tar', 'index.json')).manifests;
    if (root === undefined) throw new Error('an empty index.json');
    const index = await documentIn<Index>(tool, 'a.tar', blob(root.digest));
    const images = index.manifests.filter((one) => one.platform?.architecture !== 'unknown');
    const manifests = images.map(async (one) => [
      one.platform?.architecture,
      named(one),
      named(await documentIn<Entry>(tool, 'a.tar', blob(one.digest))),
    ]);
    return {
      descriptor: named(root),
      index: named(index),
      manifests: await Promise.all(manifests),
    };
  }

  test('are where docker puts them, in an archive and in --metadata-file', async () => {
    const metadata: unknown[] = [];
    for (const tool of TOOLS) {
      const out = [
        '-o',
        'type=oci,dest=a.tar',
        '--metadata-file',
        'm.json',
        '-t',
        own('drop-in:1'),
      ];
      const ended = await build(tool, [...BOTH, ...annotations(GIVEN), ...out]);
      expect([ended.stderr, ended.exitCode]).toEqual([ended.stderr, 0]);
      const said = JSON.parse(readFileSync(join(folder, tool, 'm.json'), 'utf8')) as {
        readonly 'containerimage.descriptor': Entry;
      };
      metadata.push(named(said['containerimage.descriptor']));
    }
    const [theirs, ours] = await Promise.all(TOOLS.map(found));
    expect(ours).toEqual(theirs);
    expect(theirs).toMatchObject({ descriptor: [['com.example.index-descriptor', '3']] });
    expect(JSON.stringify(theirs)).toContain('"com.example.descriptor","7"');
    expect(metadata[1]).toEqual(metadata[0]);
  });

  test('are there for one platform too, where docker has an index of it', async () => {
    const given = annotations(GIVEN.filter((one) => !one.startsWith('index')));
    const more = ['--annotation', 'manifest-descriptor[linux/amd64]:com.example.of-one=8'];
    for (const tool of TOOLS) {
      const out = ['--provenance=true', '-o', 'type=oci,dest=a.tar'];
      const ended = await build(tool, ['--platform', 'linux/amd64', ...given, ...more, ...out]);
      expect([ended.stderr, ended.exitCode]).toEqual([ended.stderr, 0]);
    }
    const [theirs, ours] = await Promise.all(TOOLS.map(found));
    expect(ours).toEqual(theirs);
    expect(JSON.stringify(theirs)).toContain('"com.example.of-one","8"');
  });

  test.each([
    ['manifest[linux/s390x]:com.example.a=1', BOTH, 1],
    ['manifest-descriptor[linux/s390x]:com.example.a=1', BOTH, 1],
    ['manifest[a/b/c/d]:com.example.a=1', [], 1],
    // docker says nothing, and has it nowhere.
    ['manifest[linux/s390x]:com.example.a=1', [], 0],
  ])('%s of %j', async (given, platforms, exitCode) => {
    const args = [...platforms, '--annotation', given, '-o', 'type=oci,dest=none.tar'];
    const [theirs, ours] = await Promise.all(TOOLS.map((tool) => build(tool, args)));
    const lastLine = ({ stderr = '' }: Partial<Ended> = {}): string =>
      stderr
        .trim()
        .split('\n')
        .at(-1)
        ?.replace(/^(?:ERROR|scoville): (?:failed to solve: )?/, '') ?? '';
    expect([theirs?.exitCode, ours?.exitCode]).toEqual([exitCode, exitCode]);
    if (exitCode === 0) expect(ours?.stderr).toContain('com.example.a is not in the image');
    else expect(lastLine(ours)).toBe(lastLine(theirs));
  });
});

describe('an archive of type=docker', () => {
  interface Listed {
    readonly Config: string;
    readonly RepoTags: readonly string[] | null;
    readonly Layers: readonly string[];
  }
  const names = [own('drop-in-archive:1'), own(`${registry}/e2e/drop-in-archive:2`)];

  beforeAll(async () => {
    const tags = names.flatMap((name) => ['-t', name]);
    for (const tool of TOOLS) {
      const ended = await build(tool, [...tags, '-o', 'type=docker,dest=docker.tar']);
      expect([ended.stderr, ended.exitCode]).toEqual([ended.stderr, 0]);
    }
  });

  test('is both: a layout, and what manifest.json lists', async () => {
    const shapes = TOOLS.map(async (tool) => {
      const [listed, ...others] = await documentIn<Listed[]>(tool, 'docker.tar', 'manifest.json');
      const { manifests } = await documentIn<Index>(tool, 'docker.tar', 'index.json');
      const config = await documentIn<object>(tool, 'docker.tar', listed?.Config ?? '');
      return {
        names: listed?.RepoTags,
        layers: listed?.Layers.map((path) => path.replace(/[0-9a-f]{64}$/, 'HEX')),
        others,
        config: Object.keys(config).sort(),
        entries: manifests.map(({ annotations = {} }) => [
          annotations['io.containerd.image.name'],
          annotations['org.opencontainers.image.ref.name'],
        ]),
      };
    });
    const [theirs, ours] = await Promise.all(shapes);
    expect(ours).toEqual(theirs);
    expect(theirs?.names).toEqual(names);
  });

  test('loads into the classic store, and into skopeo', async () => {
    const classic = await startClassicEngine();
    try {
      for (const tool of TOOLS) {
        const file = join(folder, tool, 'docker.tar');
        const host = ['-H', classic.host];
        await output('docker', [...host, 'load', '--input', file]);
        for (const name of names) {
          const format = '{{.Os}} {{len .RootFS.Layers}}';
          const args = [...host, 'image', 'inspect', '--format', format, name];
          expect([tool, name, await output('docker', args)]).toEqual([tool, name, 'linux 1\n']);
        }
        await output('docker', [...host, 'rmi', ...names]);
        const target = `dir:${join(folder, `skopeo-${tool}`)}`;
        const source = `docker-archive:${file}:${names[0] ?? ''}`;
        await output('skopeo', ['--insecure-policy', 'copy', '-q', source, target]);
      }
    } finally {
      await classic.stop();
    }
  });
});

test('--metadata-file has what docker’s has', async () => {
  const keys: unknown[] = [];
  for (const tool of TOOLS) {
    const args = ['--provenance=false', '--metadata-file', 'm.json', '-o', 'type=oci,dest=m.tar'];
    expect((await build(tool, [...args, '-t', own('drop-in:2')])).exitCode).toBe(0);
    const said = JSON.parse(readFileSync(join(folder, tool, 'm.json'), 'utf8')) as Record<
      string,
      string
    >;
    keys.push(Object.keys(said).sort());
    const [root] = (await documentIn<Index>(tool, 'm.tar', 'index.json')).manifests;
    let manifest = await documentIn<Partial<Index> & { config?: Entry }>(
      tool,
      'm.tar',
      blob(root?.digest ?? ''),
    );
    const [only] = manifest.manifests ?? [];
    if (only !== undefined) manifest = await documentIn(tool, 'm.tar', blob(only.digest));
    expect(said['containerimage.config.digest']).toBe(manifest.config?.digest);
  }
  expect(keys[1]).toEqual(keys[0]);
});
