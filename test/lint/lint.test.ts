import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CommandIo } from '../../src/cli/io.ts';
import { lint } from '../../src/lint/lint-command.ts';
import { fakeIo } from '../cli/command-io.ts';

const SHA = 'a'.repeat(64);
const CLEAN = `FROM alpine:3.22@sha256:${SHA}\nUSER 65532\n`;
const WARNS = 'FROM alpine:3.22\nUSER 65532\n';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scoville-lint-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function files(given: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(given)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

async function run(args: readonly string[], more: Partial<CommandIo> = {}) {
  const { io, out, err } = fakeIo({ cwd: folder, env: { LANG: 'C.UTF-8' }, ...more });
  const code = await lint(args, io);
  return { code, out: out(), err: err() };
}

describe('scoville lint', () => {
  test('without an argument: this folder', async () => {
    await files({ Dockerfile: CLEAN, 'web/Dockerfile.dev': WARNS });
    const { code, out } = await run([]);
    expect(code).toBe(1);
    expect(out).toContain(
      'web/Dockerfile.dev:1:6 warning pinned-images alpine:3.22, base of the final stage: no digest\n',
    );
    expect(out).toContain('    1 | FROM alpine:3.22\n      |      ^^^^^^^^^^^\n');
    expect(out).toMatch(/0 errors, 1 warning, 0 info in 2 files\n$/);
  });

  test.each([
    [['Dockerfile'], 1],
    [['--fail-on', 'error', 'Dockerfile'], 0],
    [['--fail-on=warning', 'Dockerfile'], 1],
    [['--fail-on', 'info', 'clean'], 0],
    [['clean'], 0],
    [['bad'], 2],
    [['clean', 'none'], 2],
  ])('%j ends with %d', async (args, expected) => {
    await files({ Dockerfile: WARNS, clean: CLEAN, bad: 'FROM a\nRUNN b\n' });
    expect((await run(args)).code).toBe(expected);
  });

  test('what is no Dockerfile is told at its line, what is not there on stderr, and the rest is judged', async () => {
    await files({ bad: 'FROM a\nRUNN b\n', clean: CLEAN, 'empty/readme': '' });
    const { out, err } = await run(['bad', 'none', 'empty', 'clean']);
    expect(out).toContain('bad:2:1 error parse-error unknown instruction: RUNN\n');
    expect(out).toContain('in 2 files');
    expect(err).toContain('scoville: none cannot be read');
    expect(err).toContain('scoville: no Dockerfile in empty');
  });

  test('stdin, with build arguments and a target', async () => {
    const text = `ARG TAG\nFROM alpine:$TAG AS a\nUSER 1\nFROM scratch AS b\n`;
    const stdin = (async function* () {
      await Promise.resolve();
      yield Buffer.from(text);
    })();
    const { code, out } = await run(
      ['--build-arg', `TAG=3.22@sha256:${SHA}`, '--target', 'a', '-'],
      { stdin },
    );
    expect([code, out]).toEqual([0, 'nothing found in 1 file\n']);
  });

  test('files of its folder and the settings count', async () => {
    await files({
      'app/Dockerfile': `FROM registry.example.com/base:1@sha256:${SHA}\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\nUSER 1\n`,
      'app/requirements.txt': 'requests==2.32.4\n',
    });
    expect((await run(['app'])).out).toContain('trusted-source');
    await files({ '.scoville.yaml': 'trust:\n  images: [registry.example.com/*]\n' });
    expect((await run(['app'])).out).toBe('nothing found in 1 file\n');
  });

  test('reports: JSON on stdout, SARIF in a file', async () => {
    await files({ Dockerfile: WARNS });
    const { out } = await run(['--json', '--report', 'sarif=out.sarif', 'Dockerfile']);
    const report = JSON.parse(out) as { files: { name: string; findings: { rule: string }[] }[] };
    expect(report.files.map(({ name, findings }) => [name, findings.map((f) => f.rule)])).toEqual([
      ['Dockerfile', ['pinned-images']],
    ]);
    const log = JSON.parse(await readFile(join(folder, 'out.sarif'), 'utf8')) as {
      version: string;
    };
    expect(log.version).toBe('2.1.0');
  });

  test('colour in a terminal only', async () => {
    await files({ Dockerfile: WARNS });
    expect((await run([], { color: true })).out).not.toContain('\u001b');
    expect((await run([], { color: true, outIsTerminal: true })).out).toContain('\u001b[33m');
  });

  test.each([
    [
      ['--fail-on', 'fatal'],
      'invalid value "fatal" for --fail-on; use one of error, warning, info',
    ],
    [['--report', 'html'], 'invalid value "html" for --report; use one of terminal, json, sarif'],
    [['--nothing'], 'lint has no flag --nothing'],
  ])('%j is refused', async (args, message) => {
    await expect(run(args)).rejects.toThrow(message);
  });

  test('broken settings are an error', async () => {
    await files({ Dockerfile: CLEAN, '.scoville.yaml': 'trust: 3\n' });
    await expect(run([])).rejects.toThrow('trust');
  });
});
