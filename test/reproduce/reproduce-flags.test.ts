import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readImageFlags } from '../../src/reproduce/flags.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const DIGEST = `@sha256:${'a'.repeat(64)}`;

function imageOf(...args: readonly string[]): Promise<string | undefined> {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'app'));
  return readImageFlags(args, folder).then((flags) => flags?.image);
}

describe('which of both is meant', () => {
  test.each([
    [['.']],
    [['app']],
    [['./none']],
    [['-t', 'x:1', '.']],
    [['--json', 'app']],
    [['--build-context', `node:22=docker-image://localhost:5000/node:22${DIGEST}`, 'app']],
    [['https://git.example.com/a.git']],
    [['git@git.example.com:a/b']],
    [['-']],
    [[]],
  ])('%j is a context', async (args) => {
    expect(await imageOf(...args)).toBeUndefined();
  });

  test.each([
    [['example.com/app:1']],
    [['--platform', 'linux/amd64', '--json', 'example.com/app:1']],
    [['registry:example.com/app']],
    [['other']],
  ])('%j is an image', async (args) => {
    expect(await imageOf(...args)).toBe(args.at(-1));
  });

  test('a digest names an image, and a flag that does not go with one is told', async () => {
    await expect(imageOf('--no-cache', `app${DIGEST}`)).rejects.toThrow(/--no-cache/);
  });
});

test('the flags of an image', async () => {
  const args =
    '--key a.pub --key b.pub --attest --signing-key k --source https://x.example/y'.split(' ');
  const flags = await readImageFlags(
    [...args, '--build-arg', 'A=1', `x${DIGEST}`],
    temporaryFolder(),
  );
  expect(flags).toMatchObject({
    image: `x${DIGEST}`,
    signers: { keys: ['a.pub', 'b.pub'] },
    attest: true,
    signingKey: 'k',
    source: 'https://x.example/y',
    buildArgs: ['A=1'],
    secrets: [],
    json: false,
  });
});
