import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { isOwn, KeptCode, type Program } from '../../src/cli/kept-code.ts';

const folder = mkdtempSync(join(tmpdir(), 'scoville-kept-code-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each<{ what: string; make: (home: string, code: string) => void; own: boolean }>([
  { what: 'a folder of one’s own', make: () => undefined, own: true },
  {
    what: 'one that a group may read',
    make: (_, code) => {
      chmodSync(code, 0o750);
    },
    own: false,
  },
  {
    what: 'one that all may write to',
    make: (_, code) => {
      chmodSync(code, 0o777);
    },
    own: false,
  },
  {
    what: 'one in a folder of a group',
    make: (home) => {
      chmodSync(home, 0o775);
    },
    own: false,
  },
  {
    what: 'one in a shared folder',
    make: (home) => {
      chmodSync(home, 0o777);
    },
    own: false,
  },
  {
    what: 'one in a shared folder where each removes only what is theirs',
    make: (home) => {
      chmodSync(home, 0o1777);
    },
    own: true,
  },
  {
    what: 'a link',
    make: (home, code) => {
      rmSync(code, { recursive: true });
      mkdirSync(join(home, 'other'), { mode: 0o700 });
      symlinkSync(join(home, 'other'), code);
    },
    own: false,
  },
  {
    what: 'a file',
    make: (_, code) => {
      rmSync(code, { recursive: true });
      writeFileSync(code, '', { mode: 0o700 });
    },
    own: false,
  },
])('code is kept in $what: $own', ({ make, own }) => {
  const home = mkdtempSync(join(folder, 'home-'));
  const code = join(home, 'code');
  mkdirSync(code, { mode: 0o700 });
  make(home, code);
  expect(isOwn(code)).toBe(own);
});

test('a folder of another user keeps none', () => {
  const code = mkdtempSync(join(folder, 'other-'));
  const user = process.getuid?.() ?? 0;
  vi.spyOn(process, 'getuid').mockReturnValue(user + 1);
  expect(isOwn(code)).toBe(false);
});

/** A program that says `said`, in a folder of its own. */
function programOf(said: string, id = 'one'): Program {
  const dir = mkdtempSync(join(folder, 'program-'));
  mkdirSync(join(dir, 'chunks'));
  writeFileSync(join(dir, 'main.js'), MAIN);
  writeFileSync(join(dir, 'chunks/said.js'), `exports.said = '${said}';`);
  return { folder: dir, id, require: createRequire(import.meta.url) };
}

const MAIN = `'use strict';
const { basename } = require('node:path');
const one = require('./chunks/said.js');
exports.said = one.said;
exports.isOne = one === require('./chunks/../chunks/said.js');
exports.where = [basename(__filename), __dirname];`;

function run(program: Program, file: string | undefined): string {
  const code = new KeptCode(program, file);
  const { said } = code.load('main.js') as { readonly said: string };
  code.keep();
  return said;
}

function keptOf(said: string): { readonly home: string; readonly file: string } {
  const home = mkdtempSync(join(folder, 'kept-'));
  const file = join(home, 'code/v1/build');
  expect(run(programOf(said), file)).toBe(said);
  return { home, file };
}

test('a program is run as `require` runs it', () => {
  const program = programOf('first');
  const main = new KeptCode(program, undefined).load('main.js');
  expect(main).toEqual({ said: 'first', isOne: true, where: ['main.js', program.folder] });
});

// V8 takes code by the length of the text that it was made of, so what a run says shows whose code it ran.
test.each<{ what: string; id?: string; harm?: (kept: { home: string; file: string }) => void }>([
  { what: 'a program of another build', id: 'two' },
  {
    what: 'a folder that others can write to',
    harm: ({ file }) => {
      chmodSync(dirname(file), 0o777);
    },
  },
  {
    what: 'a folder below one that others can write to',
    harm: ({ home }) => {
      chmodSync(home, 0o777);
    },
  },
  ...[4, 40, 200, 1000].map((at) => ({
    what: `a file with another byte ${at}`,
    harm: ({ file }: { readonly file: string }) => {
      const bytes = readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      writeFileSync(file, bytes);
    },
  })),
  ...[0, 3, 100].map((size) => ({
    what: `the first ${size} bytes`,
    harm: ({ file }: { readonly file: string }) => {
      truncateSync(file, size);
    },
  })),
])('code is not taken from $what', ({ id, harm }) => {
  const kept = keptOf('first');
  expect(run(programOf('other'), kept.file)).toBe('first');
  harm?.(kept);
  expect(run(programOf('other', id), kept.file)).toBe('other');
});

test('what is whole is not written again, and what one run did not load stays', () => {
  const { file } = keptOf('first');
  const { ino } = statSync(file);
  run(programOf('first'), file);
  expect(statSync(file).ino).toBe(ino);
  const more = programOf('first');
  writeFileSync(join(more.folder, 'other.js'), 'exports.more = 1;');
  const code = new KeptCode(more, file);
  expect(code.load('other.js')).toEqual({ more: 1 });
  code.keep();
  expect(statSync(file).ino).not.toBe(ino);
  expect(run(programOf('other'), file)).toBe('first');
  expect(readdirSync(dirname(file))).toEqual(['build']);
});

test.each([
  '/proc/self/none/code/build',
  '/dev/null/code/build',
  // A user without a home gets none.
  join(folder, 'nonexistent/.cache/scoville/code/v1/build'),
])('a program runs where nothing can be kept: %s', (file) => {
  expect(run(programOf('first'), file)).toBe('first');
  expect(existsSync(file)).toBe(false);
});
