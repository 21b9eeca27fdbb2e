import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fix } from '../../src/fix/fix.ts';
import { runTool } from '../../src/lib/run-tool.ts';
import { fakeIo } from '../cli/command-io.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

/** Rules that ask nobody. */
const ONLY = ['--only', 'maintainer', '--only', 'exec-form'];
const LABEL = 'LABEL org.opencontainers.image.authors="jo"';

let folder = '';
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function run(args: readonly string[], stdin = '') {
  const env = { SCOVILLE_HOME: join(folder, '.home'), PATH: process.env['PATH'] };
  async function* typed() {
    await Promise.resolve();
    yield Buffer.from(stdin);
  }
  const { io, out, err } = fakeIo({ cwd: folder, env, stdin: typed() });
  const code = await fix([...ONLY, ...args], io).catch((error: unknown) => String(error));
  return { code, out: out(), err: err() };
}

const path = (name = 'Dockerfile'): string => join(folder, name);
const bytes = (name = 'Dockerfile'): string => readFileSync(path(name)).toString('latin1');
const write = (text: string, name = 'Dockerfile'): void => {
  writeFileSync(path(name), Buffer.from(text, 'latin1'));
};
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

describe('scoville fix touches the bytes of its edits alone', () => {
  test.each([
    ['CRLF', 'FROM a\r\nMAINTAINER jo\r\nRUN b\r\n'],
    ['mixed', 'FROM a\nMAINTAINER jo\r\nRUN b\nRUN c\r\n'],
    ['a byte order mark', '\uFEFFFROM a\nMAINTAINER jo\n'],
    ['no last line end', 'FROM a\nMAINTAINER jo'],
    ['blanks at line ends', 'FROM a  \t\nMAINTAINER jo\n\t \n'],
    ['another escape sign', '# escape=`\nFROM a\nMAINTAINER jo\nRUN c:\\x `\n  d\\\n'],
    ['a frontend', '# syntax=docker/dockerfile:1\nFROM a\nMAINTAINER jo\n'],
    [
      'here-documents',
      'FROM a\nCOPY <<E /x\nMAINTAINER nobody\nCMD node x\nE\nMAINTAINER jo\nRUN <<-"F"\n\tCMD a b\n\tF\n',
    ],
    [
      'text of other languages, and signs beyond 16 bits',
      'FROM a\n# é 日本 \u{1F600}\nRUN echo \u{1F600} # ü\nMAINTAINER jo\n',
    ],
    [
      'control characters, form feeds and separators that are no line ends',
      'FROM a\n# \u0001\u000b\u000c\u0085\u2028 x\nRUN a\u000cb \u00a0\nMAINTAINER jo\n',
    ],
    ['a bare CR', 'FROM a\nRUN a\rb\nMAINTAINER jo\n'],
    ['a line of 60,000 bytes', `FROM a\nRUN echo ${'x'.repeat(60_000)}\nMAINTAINER jo\n`],
  ])('%s', async (_, text) => {
    const before = utf8(text);
    const after = utf8(text.replace('MAINTAINER jo', LABEL));
    write(before);
    expect(await run(['--yes'])).toMatchObject({ code: 0 });
    expect(bytes()).toBe(after);
    // The patch of --dry-run says the same to the byte.
    write(before);
    const { out } = await run(['--dry-run']);
    writeFileSync(path('a.patch'), out);
    const applied = await runTool({
      timeoutMs: 60_000,
      command: 'git',
      args: ['apply', '--whitespace=nowarn', 'a.patch'],
      cwd: folder,
    });
    expect(applied).toMatchObject({ ended: 'exit', exitCode: 0 });
    expect(bytes()).toBe(after);
  });

  test.each<[string, string, string]>([
    ['bytes that are not UTF-8', 'FROM a\nMAINTAINER j\xf6\n', 'it is not UTF-8'],
    ['UTF-16', '\xff\xfeF\0R\0O\0M\0 \0a\0', 'it is not UTF-8'],
    ['a surrogate', 'FROM a\n# \xed\xa0\x80\nMAINTAINER jo\n', 'it is not UTF-8'],
    ['more than 1 MiB', `FROM a\n#${'x'.repeat(2 ** 20)}\nMAINTAINER jo\n`, 'larger than 1 MiB'],
    [
      'a line that BuildKit does not take',
      `FROM a\nRUN ${'x'.repeat(70_000)}\nMAINTAINER jo\n`,
      'line greater than max allowed size of 65535',
    ],
  ])('refuses %s, and says so', async (_, before, reason) => {
    write(before);
    for (const flag of ['--yes', '--dry-run']) {
      const { code } = await run([flag]);
      expect(String(code)).toContain(reason);
      expect(bytes()).toBe(before);
    }
  });
});

test('a line of 65,535 bytes is BuildKit’s longest, its carriage return included', async () => {
  const line = (length: number): string => `LABEL a=${'x'.repeat(length - 8)}`;
  for (const [text, code] of [
    [`FROM scratch\n${line(65_535)}\n`, '0'],
    [`FROM scratch\n${line(65_536)}\n`, 'max allowed size'],
    [`FROM scratch\n${line(65_535)}\r\n`, 'max allowed size'],
  ] as const) {
    write(text);
    expect(String((await run(['--dry-run'])).code)).toContain(code);
  }
});

const BAD = 'FROM a\nMAINTAINER jo\n';
const GOOD = `FROM a\n${LABEL}\n`;

describe('scoville fix leaves a file what it is', () => {
  test.each([0o644, 0o600, 0o755, 0o664, 0o4755])('mode %o stays', async (mode) => {
    write(BAD);
    chmodSync(path(), mode);
    expect(await run(['--yes'])).toMatchObject({ code: 0 });
    expect(statSync(path()).mode & 0o7777).toBe(mode);
    expect(bytes()).toBe(GOOD);
  });

  test('a file of several names is one file afterwards', async () => {
    write(BAD);
    linkSync(path(), path('other'));
    expect(await run(['--yes'])).toMatchObject({ code: 0 });
    expect([bytes(), bytes('other')]).toEqual([GOOD, GOOD]);
    expect(statSync(path()).ino).toBe(statSync(path('other')).ino);
  });

  test('a read-only file is not written, and stays', async () => {
    write(BAD);
    chmodSync(path(), 0o444);
    const { code } = await run(['--yes']);
    expect(String(code)).toContain('read-only');
    expect(bytes()).toBe(BAD);
    expect(await run(['--dry-run'])).toMatchObject({ code: 1 });
  });

  test('a Dockerfile outside of the context is edited where it is', async () => {
    mkdirSync(path('context'));
    mkdirSync(path('docker'));
    write(BAD, 'docker/app.Dockerfile');
    const args = ['--yes', '--context', 'context', 'docker/app.Dockerfile'];
    expect(await run(args)).toMatchObject({ code: 0 });
    expect(bytes('docker/app.Dockerfile')).toBe(GOOD);
  });

  test.each(['-', '/dev/stdin'])('stdin (%s) is no file that could be written', async (name) => {
    const { code } = await run(['--yes', name], BAD);
    expect(String(code)).toMatch(/cannot be read|no such file|not a file/);
  });

  test.each([
    ['a folder', undefined],
    ['a broken link', 'gone'],
    ['a link to itself', 'x'],
  ])('%s in its place is an error', async (_, target) => {
    if (target === undefined) mkdirSync(path('x'));
    else symlinkSync(target, path('x'));
    expect(String((await run(['--yes', 'x'])).code)).toMatch(/^UserError: /);
  });
});
