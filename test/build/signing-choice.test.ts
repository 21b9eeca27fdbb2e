import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { parseBuildArgs, type ParsedBuild } from '../../src/build/command-line.ts';
import {
  keepSigningChoice,
  signingChoice,
  signingFile,
  withSigningChoice,
} from '../../src/trust/signer.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryFolder();
});

function parsed(line: string): ParsedBuild {
  const result = parseBuildArgs(line.split(' '), {});
  if (!result.ok || result.value.kind === 'help') throw new Error('no build');
  return result.value;
}

const run = () => Promise.reject(new Error('no tool is needed'));
const context = (env: Record<string, string> = {}) => contextOf(run, dir, { env });

test('is open where nothing says how to sign', async () => {
  expect(await signingChoice(context(), parsed('-t app .'))).toBe('open');
});

test.each([
  ['--sign', '--sign .'],
  ['--no-sign', '--no-sign .'],
  ['--key', '--key some.key .'],
  ['--keyless', '--keyless .'],
  ['--dry-run', '--dry-run .'],
  ['no image', '--output type=local,dest=x .'],
])('is decided by %s', async (_name, line) => {
  expect(await signingChoice(context(), parsed(line))).toBeUndefined();
});

test('is decided by a CI identity, by settings, and by a key that is there', async () => {
  const build = parsed('.');
  expect(await signingChoice(context({ SIGSTORE_ID_TOKEN: 'x' }), build)).toBeUndefined();
  writeFileSync(join(dir, '.scoville.yaml'), 'sign: { key: k }\n');
  expect(await signingChoice(context(), build)).toBeUndefined();
  rmSync(join(dir, '.scoville.yaml'));
  mkdirSync(join(dir, 'config/keys'), { recursive: true });
  writeFileSync(join(dir, 'config/keys/cosign.key'), '');
  expect(await signingChoice(context(), build)).toBeUndefined();
});

test('what was answered is kept, and stands for the flags that say the same', async () => {
  const build = parsed('.');
  const choices = [
    [{ with: 'nothing' }, { sign: false }],
    [{ with: 'keyless' }, { keyless: true }],
    [{ with: 'key', key: '/k' }, { key: '/k' }],
    [{ with: 'own-key' }, {}],
  ] as const;
  for (const [choice, flags] of choices) {
    await keepSigningChoice(context(), choice);
    expect(await signingChoice(context(), build)).toEqual(choice);
    expect(withSigningChoice(build, choice).own).toEqual({ ...build.own, ...flags });
  }
});

test.each(['', '{', '[]', '{"with":"magic"}', '{"with":"key"}', '{"with":"key","key":""}'])(
  'a kept answer that cannot be read is none: %j',
  async (text) => {
    mkdirSync(join(dir, 'config'));
    writeFileSync(signingFile(context()), text);
    expect(await signingChoice(context(), parsed('.'))).toBe('open');
  },
);
