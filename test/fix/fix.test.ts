import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CommandIo } from '../../src/cli/io.ts';
import { fix } from '../../src/fix/fix.ts';
import { runTool } from '../../src/lib/run-tool.ts';
import { fakeIo } from '../cli/command-io.ts';

/** Rules that ask nobody: what the others need is of a registry. */
const ONLY = ['--only', 'maintainer', '--only', 'exec-form'];
const BAD = 'FROM scratch\nMAINTAINER jo\nCMD node x\n';
const GOOD = 'FROM scratch\nLABEL org.opencontainers.image.authors="jo"\nCMD ["node", "x"]\n';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scoville-fix-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function* typed(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield Buffer.from(text);
}

async function run(args: readonly string[], more: Partial<CommandIo> = {}) {
  const env = { SCOVILLE_HOME: join(folder, '.home'), PATH: process.env['PATH'] };
  const { io, out, err } = fakeIo({ cwd: folder, env, ...more });
  const code = await fix([...ONLY, ...args], io);
  return { code, out: out(), err: err() };
}

function answering(text: string): Partial<CommandIo> {
  return { stdin: typed(text), inIsTerminal: true, errIsTerminal: true };
}

const written = (name = 'Dockerfile'): Promise<string> => readFile(join(folder, name), 'utf8');

function git(...args: readonly string[]) {
  return runTool({ timeoutMs: 60_000, command: 'git', args, cwd: folder });
}

/** Applies a patch as people do. */
async function applied(patch: string): Promise<void> {
  await writeFile(join(folder, 'a.patch'), patch);
  expect(await git('apply', 'a.patch')).toMatchObject({ ended: 'exit', exitCode: 0 });
}

describe('scoville fix', () => {
  test('--offline fetches nothing for a hash', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.end('content');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const add = `FROM scratch\nADD http://127.0.0.1:${port}/file /file\n`;
    await writeFile(join(folder, 'Dockerfile'), add);
    const only = ['--only', 'verify-downloads', '--dry-run'];
    const unasked = await run(only);
    expect([asked, unasked.err]).toEqual([0, expect.stringContaining('not fetched without TLS')]);
    const off = await run([...only, '--offline']);
    expect([asked, off.out]).toEqual([0, '']);
    expect(off.err).toContain('nothing is fetched offline');
    const on = await run([...only, '--plain-http', `127.0.0.1:${port}`]);
    server.close();
    expect(asked).toBeGreaterThan(0);
    expect(on.out).toContain('+ADD --checksum=sha256:');
  });

  test('--dry-run prints a patch that git apply takes, and writes nothing', async () => {
    await writeFile(join(folder, 'Dockerfile'), BAD);
    const { code, out, err } = await run(['--dry-run']);
    expect(code).toBe(1);
    expect(err).toContain('Write CMD as ["node", "x"]\n  why ');
    expect(await written()).toBe(BAD);
    await applied(out);
    expect(await written()).toBe(GOOD);
    expect(await run(['--dry-run'])).toMatchObject({ code: 0, out: '', err: 'nothing to fix\n' });
  });

  test.each([
    ['FROM scratch\n', /^nothing to fix\n$/],
    ['FROM scratch\nCMD node $X\n', /left alone: .*\nno edit to apply: the reasons are above\n$/],
    [
      'FROM scratch\nENV DB_PASSWORD=correct-horse-9\n',
      /^left out, .*\n.*\nnothing was applied\n$/,
    ],
  ])('ends as it is, where no edit is applied: %j', async (text, end) => {
    await writeFile(join(folder, 'Dockerfile'), text);
    expect((await run(['--yes', '--only', 'env-secrets'])).err).toMatch(end);
  });

  test('names the line of what is left alone in the file as it stays, or as it is written', async () => {
    await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nMAINTAINER jo\nCMD node $X\n');
    const only = ['--only', 'source-label'];
    await git('init', '--quiet');
    await git('remote', 'add', 'origin', 'https://git.example/a/b.git');
    const me = ['-c', 'user.name=me', '-c', 'user.email=me@example.com'];
    await git(...me, 'commit', '--quiet', '--allow-empty', '-m', 'one');
    const dry = await run([...only, '--dry-run']);
    expect(dry.err).toContain('Dockerfile:3 exec-form: left alone: CMD stays in shell form: ');
    const json = JSON.parse((await run([...only, '--json'])).out) as { refusals: unknown };
    expect(json.refusals).toEqual([
      expect.objectContaining({ rule: 'exec-form', line: 3 }) as unknown,
    ]);
    const yes = await run([...only, '--yes']);
    expect((await written()).split('\n')[3]).toBe('CMD node $X');
    expect(yes.err).toContain('Dockerfile:4 exec-form: left alone: CMD stays in shell form: ');
  });

  test('--yes keeps the mode, writes through no link, and --undo brings the old bytes back', async () => {
    await mkdir(join(folder, 'real'));
    await writeFile(join(folder, 'real/D'), BAD);
    await chmod(join(folder, 'real/D'), 0o640);
    await symlink('real/D', join(folder, 'Dockerfile'));
    await expect(run(['--yes'])).rejects.toThrow('is a link, and is not written');
    expect(await written('real/D')).toBe(BAD);
    const { code, err } = await run(['--yes', 'real/D']);
    expect(code).toBe(0);
    expect(await written('real/D')).toBe(GOOD);
    expect((await lstat(join(folder, 'Dockerfile'))).isSymbolicLink()).toBe(true);
    expect((await stat(join(folder, 'real/D'))).mode & 0o777).toBe(0o640);
    expect(await readdir(join(folder, 'real'))).toEqual(['D']);
    expect(err).toContain('written: real/D\nundo: scoville fix --undo real/D\n');
    expect(await run(['--undo', 'real/D'])).toMatchObject({ code: 0, err: 'as before: real/D\n' });
    expect(await written('real/D')).toBe(BAD);
    expect((await lstat(join(folder, 'Dockerfile'))).isSymbolicLink()).toBe(true);
  });

  test.each([
    ['y\nyes\n', GOOD, 0],
    ['n\ny\n', BAD.replace('MAINTAINER jo', GOOD.split('\n')[1] ?? ''), 1],
    ['what?\n a \n', GOOD, 0],
    ['y\nq\n', BAD.replace('CMD node x', 'CMD ["node", "x"]'), 1],
    ['', BAD, 1],
  ])('asks, edit by edit: %j', async (text, after, expected) => {
    await writeFile(join(folder, 'Dockerfile'), BAD);
    const { code, err } = await run([], answering(text));
    expect(await written()).toBe(after);
    expect(code).toBe(expected);
    expect(err).toContain('-CMD node x\n+CMD ["node", "x"]\n');
    expect(err).toContain('apply? [y]es [n]o [a]ll [q]uit: ');
    expect(err).not.toContain('nothing to fix');
  });

  test('no terminal to ask in: as --dry-run, and says so', async () => {
    await writeFile(join(folder, 'Dockerfile'), BAD);
    const { code, out, err } = await run([]);
    expect(code).toBe(1);
    expect(out).toContain('+CMD ["node", "x"]\n');
    expect(err).toContain('no changes written (not a terminal); apply all with --yes\n');
  });

  describe('a secret that stands in the Dockerfile', () => {
    const SECRET = BAD.replace('CMD', 'ENV DB_PASSWORD=correct-horse-9\nCMD');
    const MASKED = ' ENV DB_PASSWORD=[masked]\n-CMD node x\n';
    beforeEach(() => writeFile(join(folder, 'Dockerfile'), SECRET));

    test('is in a patch that goes elsewhere, which applies, and which is warned of', async () => {
      const { out, err } = await run(['--dry-run'], { errIsTerminal: true });
      expect(err).toContain('scoville: warning: the patch has a secret in it');
      await applied(out);
      expect(await written()).toContain('\nENV DB_PASSWORD=correct-horse-9\nCMD ["node", "x"]\n');
    });

    test.each([
      [['--dry-run'], { outIsTerminal: true }],
      [[], {}],
      [[], answering('n\nn\n')],
      [['--json'], {}],
    ])('is masked where people read: %j %j', async (args, more) => {
      const { out, err } = await run(args, more);
      expect(out + err).not.toContain('correct-horse-9');
      const shown = args[0] === '--json' ? (JSON.parse(out) as { diff: string }).diff : out + err;
      expect(shown).toContain(MASKED);
      if (args[0] === '--json') expect(JSON.parse(out)).toMatchObject({ masked: true });
      else if (!('stdin' in more)) expect(err).toContain('--dry-run > FILE gives a patch');
      expect(await written()).toBe(SECRET);
    });
  });

  test('--max-risk leaves out and says so, --only takes the id of an edit', async () => {
    await writeFile(join(folder, 'Dockerfile'), BAD);
    const { out, err, code } = await run(['--max-risk', 'none', '--dry-run']);
    expect(out).not.toContain('CMD ["node"');
    expect(err).toContain(
      'left out, risk low: exec-form:cmd: same arguments, without a shell in between\n  apply it: scoville fix --yes --only exec-form:cmd\n',
    );
    expect(code).toBe(1);
    const { io, out: patch } = fakeIo({ cwd: folder, env: { SCOVILLE_HOME: folder } });
    await fix(['--only', 'exec-form:cmd', '--dry-run'], io);
    expect(patch().match(/^[-+][^-+].*$/gm)).toEqual(['-CMD node x', '+CMD ["node", "x"]']);
  });

  test('--json', async () => {
    await writeFile(join(folder, 'Dockerfile'), `${BAD}HEALTHCHECK CMD a | b\n`);
    const { out, code } = await run(['--json']);
    expect(code).toBe(1);
    const report = JSON.parse(out) as Record<string, unknown>;
    expect(report).toMatchObject({
      schemaVersion: '1',
      file: 'Dockerfile',
      edits: [
        {
          id: 'exec-form:cmd',
          rule: 'exec-form',
          criterion: 'no-shell',
          risk: 'low',
          file: 'Dockerfile',
          line: 3,
        },
        {
          id: 'maintainer:authors',
          rule: 'maintainer',
          criterion: 'annotations',
          risk: 'none',
          line: 2,
        },
      ],
      left: [],
      refusals: [
        {
          rule: 'exec-form',
          criterion: 'no-shell',
          line: 4,
          reason: expect.stringContaining(
            'HEALTHCHECK stays in shell form: it is a pipe',
          ) as unknown,
        },
      ],
      written: [],
    });
  });

  test('a Dockerfile with changes that are not committed is pointed out', async () => {
    await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\n');
    await git('init', '-q', '.');
    await git('add', 'Dockerfile');
    await git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '-m', 'x');
    expect((await run(['--dry-run'])).err).toBe('nothing to fix\n');
    await writeFile(join(folder, 'Dockerfile'), BAD);
    expect((await run(['--dry-run'])).err).toContain('Dockerfile has uncommitted changes');
  });

  test.each<[string, Record<string, string | Buffer>, string[], string]>([
    ['no Dockerfile', {}, [], 'no Dockerfile in .'],
    [
      'several',
      { 'a/Dockerfile': BAD, 'b/Dockerfile': BAD },
      [],
      '. contains 2 Dockerfiles; name one',
    ],
    [
      'what BuildKit refuses',
      { Dockerfile: 'FROM a\nRUNN b\n' },
      [],
      'Dockerfile, line 2: unknown instruction: RUNN',
    ],
    ['no UTF-8', { Dockerfile: Buffer.from([0x46, 0xff]) }, [], 'it is not UTF-8'],
    [
      'an id that is none',
      { Dockerfile: BAD },
      ['--only', 'nothing'],
      'invalid value "nothing" for --only',
    ],
    [
      'a risk that is none',
      { Dockerfile: BAD },
      ['--max-risk', 'some'],
      'invalid value "some" for --max-risk',
    ],
    ['two ways at once', { Dockerfile: BAD }, ['--yes', '--dry-run'], 'exclude each other'],
  ])('%s is an error', async (_, files, args, message) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(folder, name, '..'), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    await expect(run(args)).rejects.toThrow(message);
  });
});
