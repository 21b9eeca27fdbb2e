import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { folderDigest, proofInputs } from '../../src/build/prove.ts';
import type { BuildxFlag } from '../../src/model/events.ts';
import type { Digest } from '../../src/model/reference.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const A = `sha256:${'a'.repeat(64)}` as Digest;
const B = `sha256:${'b'.repeat(64)}` as Digest;

let root: string;
beforeEach(() => {
  root = temporaryFolder();
  for (const folder of ['app', 'lib', 'lib:2', 'lib@2', 'build']) {
    mkdirSync(join(root, folder));
    writeFileSync(join(root, folder, 'a'), 'a');
  }
});

interface Given {
  readonly flags?: readonly (readonly [string, string])[];
  readonly env?: Readonly<Record<string, string>>;
  readonly base?: Digest | undefined;
  readonly layers?: readonly Digest[];
  readonly digest?: Digest;
  readonly directory?: string | undefined;
  readonly text?: string | undefined;
}

function inputs(given: Given = {}): Promise<string | undefined> {
  const flags = (given.flags ?? []).map(([name, value]): BuildxFlag => ({ name, value }));
  const context = { ...contextOf(fakeRun([]).run, root), cwd: root, env: given.env ?? {} };
  const prepared = {
    plan: {
      invocation: { flags },
      settings: { reproducible: { mode: 'safe' } },
      platforms: ['linux/amd64'],
      epoch: { kind: 'fixed', seconds: 1 },
      sourcePolicy: undefined,
    },
    source: {
      kind: 'directory',
      directory: 'directory' in given ? given.directory : join(root, 'app'),
      dockerfileText: 'text' in given ? given.text : 'FROM a',
      dockerfilePath: join(root, 'build', 'Dockerfile'),
    },
    images: [{ name: 'a', digest: 'base' in given ? given.base : A, layers: given.layers }],
  };
  return proofInputs(context, prepared as never, given.digest ?? A);
}

const named = (value: string): Given => ({ flags: [['build-context', `x=${value}`]] });

test('the same inputs give the same', async () => {
  expect(await inputs()).toMatch(/^[0-9a-f]{64}$/);
  expect(await inputs()).toBe(await inputs());
});

test.each<[string, Given]>([
  ['another image came out', { digest: B }],
  ['another base', { base: B }],
  ['another Dockerfile', { text: 'FROM b' }],
  ['another flag', { flags: [['network', 'host']] }],
  ['an argument', { flags: [['build-arg', 'A=1']] }],
  ['another folder', { directory: 'lib:2' }],
])('%s: others', async (_, given) => {
  writeFileSync(join(root, 'lib:2', 'b'), 'b');
  const other = await inputs(given);
  expect(other).toMatch(/^[0-9a-f]{64}$/);
  expect(other).not.toBe(await inputs());
});

test('an argument from the environment', async () => {
  const flags = [['build-arg', 'A']] as const;
  expect(await inputs({ flags, env: { A: '1' } })).not.toBe(
    await inputs({ flags, env: { A: '2' } }),
  );
});

test('a .dockerignore beside a Dockerfile that is in no context', async () => {
  const before = await inputs();
  writeFileSync(join(root, 'build', 'Dockerfile.dockerignore'), 'a');
  expect(await inputs()).not.toBe(before);
});

test.each(['lib', 'lib:2', 'lib@2', 'oci-layout://lib:tag', `oci-layout://lib:tag@${A}`])(
  'the files of the named context %s',
  async (value) => {
    const given = named(value);
    const before = await inputs(given);
    expect(before).toBeDefined();
    writeFileSync(join(root, value.startsWith('oci') ? 'lib' : value, 'a'), 'b');
    expect(await inputs(given)).not.toBe(before);
  },
);

test.each<[string, Given]>([
  ['a repository as context', { directory: undefined }],
  ['a Dockerfile that was not read', { text: undefined }],
  ['a base that nobody knows', { base: undefined }],
  ['a named repository', named('https://git.example.com/a.git')],
  ['a named archive', named('https://example.com/a.tgz')],
  ['a named repository without a scheme', named('github.com/a/b')],
  ['a repository by ssh', named('git@git.example.com:a/b')],
  ['a secret', { flags: [['secret', 'id=a,src=a']] }],
  ['an SSH agent', { flags: [['ssh', 'default']] }],
])('%s: each proof is a new one', async (_, given) => {
  expect(await inputs(given)).toBeUndefined();
});

test('an image as a named context is among the images', async () => {
  expect(await inputs(named('docker-image://a'))).toBeDefined();
});

describe('the digest of a folder', () => {
  const digest = (): Promise<string | undefined> =>
    folderDigest('lib', root, new AbortController().signal);
  const at = (name: string): string => join(root, 'lib', name);

  test('names, modes, bytes, links count; .git does not', async () => {
    const seen = [await digest()];
    const changes = [
      () => {
        writeFileSync(at('a'), 'b');
      },
      () => {
        chmodSync(at('a'), 0o700);
      },
      () => {
        mkdirSync(at('d'));
      },
      () => {
        symlinkSync('a', at('l'));
      },
    ];
    for (const change of changes) {
      change();
      seen.push(await digest());
    }
    expect(new Set(seen).size).toBe(5);
    mkdirSync(at('.git'));
    expect(await digest()).toBe(seen.at(-1));
  });

  test('a link does not pass for a link and a file after it', async () => {
    chmodSync(at('a'), 0o644);
    symlinkSync('x', at('1'));
    const two = await digest();
    rmSync(at('a'));
    rmSync(at('1'));
    symlinkSync(`x${JSON.stringify(['a', 0o100644, 1])}a`, at('1'));
    expect(await digest()).not.toBe(two);
  });

  test('no folder has none', async () => {
    expect(await folderDigest('none', root, new AbortController().signal)).toBeUndefined();
  });
});
