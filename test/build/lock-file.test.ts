import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import type { ContextSource } from '../../src/build/context-source.ts';
import { applyOptions } from '../../src/build/flags.ts';
import { findLock, type LockMode } from '../../src/build/lock-file.ts';
import { lockText } from '../../src/build/plan-lock.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { UserError } from '../../src/lib/errors.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { ruleSet } from '../../src/normalize/catalogue.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { parsed } from './given.ts';
import { lock } from './lock-given.ts';

let folder = '';
let events: PipelineEvent[] = [];
beforeEach(() => {
  folder = temporaryFolder();
  events = [];
});

interface Given {
  readonly argv?: readonly string[];
  readonly mode?: LockMode;
  readonly source?: Partial<ContextSource>;
  readonly settings?: Partial<typeof DEFAULT_SETTINGS>;
  readonly env?: Readonly<Record<string, string>>;
}

function find({ argv = ['.'], mode = 'build', source = {}, settings = {}, env = {} }: Given = {}) {
  return findLock(
    { cwd: folder, env, emit: (event) => events.push(event) },
    parsed(...argv),
    applyOptions({ ...DEFAULT_SETTINGS, ...settings }, parsed(...argv).own),
    {
      kind: 'directory',
      directory: folder,
      contextName: 'x',
      dockerfileText: 'FROM scratch',
      dockerfilePath: join(folder, 'Dockerfile'),
      stdin: undefined,
      ...source,
    },
    mode,
  );
}

async function problem(given: Given): Promise<string> {
  const thrown = await find(given).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof UserError)) throw new Error('no UserError');
  expect(thrown.exitCode).toBe(2);
  return thrown.message;
}

async function write(name = 'scoville.lock'): Promise<string> {
  const path = join(folder, name);
  writeFileSync(path, await lockText(lock()));
  return path;
}

test('there is none: nothing, unless it is wanted', async () => {
  expect(await find()).toBeUndefined();
  const path = join(folder, 'scoville.lock');
  for (const given of [
    { argv: ['--lock', '.'] },
    { settings: { lock: true } },
    { mode: 'update' as const },
  ])
    expect((await find(given))?.request).toMatchObject({ path, before: undefined });
  expect(await problem({ argv: ['--locked', '.'] })).toContain('scoville.lock not found');
});

test('one beside the Dockerfile is enforced, without a flag', async () => {
  const path = await write();
  const found = await find();
  expect(found?.request).toMatchObject({
    path,
    locked: false,
    dockerfile: 'Dockerfile',
    normaliser: ruleSet('safe').id,
  });
  expect(found?.request.before).toEqual(lock());
  expect(found?.text).toBe(await lockText(lock()));
  expect(await find({ argv: ['--lock=false', '.'] })).toBeUndefined();
});

test('a Dockerfile of stdin has its lock in the context', async () => {
  const path = await write();
  const found = await find({ source: { dockerfilePath: undefined as never } });
  expect(found?.request.path).toBe(path);
});

test('a context that is no folder has none, and asking for one is an error', async () => {
  const source = { directory: undefined, dockerfilePath: undefined as never };
  expect(await find({ source })).toBeUndefined();
  for (const flag of ['--lock', '--locked'])
    expect(await problem({ source, argv: [flag, '.'] })).toContain('no place for a lock file');
});

test('pins that are off, or a policy of the user, leave it unread: said, and an error where it is asked for', async () => {
  await write();
  const cases = [
    { argv: ['--pin=false', '.'] },
    { env: { EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: 'p.json' } },
  ];
  for (const given of cases) {
    events = [];
    expect(await find(given)).toBeUndefined();
    expect(events.map((event) => event.kind === 'notice' && event.text)).toEqual([
      expect.stringContaining('scoville.lock is left unread'),
    ]);
    expect(await problem({ ...given, mode: 'update' })).toContain('cannot pin the images');
    expect(await problem({ ...given, argv: ['--locked', ...(given.argv ?? ['.'])] })).toContain(
      'cannot pin the images',
    );
  }
});

test('flags that exclude each other', async () => {
  expect(await problem({ argv: ['--locked', '--lock=false', '.'] })).toContain('exclude');
  expect(await problem({ argv: ['--locked', '.'], mode: 'update' })).toContain('no --locked');
});

test('a place that cannot be looked into has no lock, unless it was named', async () => {
  const path = join(folder, 'no-folder');
  writeFileSync(path, '');
  const source = { directory: path, dockerfilePath: join(path, 'Dockerfile') };
  expect(await find({ source })).toBeUndefined();
  expect(await problem({ source, argv: [`--lock=${join(path, 'x.lock')}`, '.'] })).toContain(
    'cannot be read',
  );
});

test('what is broken, no text or no file is an error with its place', async () => {
  const path = join(folder, 'scoville.lock');
  writeFileSync(path, 'schemaVersion: 1\nnormaliser: [\n');
  expect(await problem({})).toContain(`${path}:3:1: `);
  writeFileSync(path, Buffer.from([0xff, 0xfe, 0x80]));
  expect(await problem({})).toContain('cannot be read');
  expect(await problem({ argv: [`--lock=${tmpdir()}`, '.'] })).toContain(
    '/tmp cannot be read: it is not a file',
  );
});
