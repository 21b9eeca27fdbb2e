import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { written } from '../fakes/written.ts';
import { bases, discard, own, OWN, ROOT } from './harness.ts';
import { rows } from './rows.ts';
import { isSane, Terminal } from './tmux.ts';
import { folderHere } from './workplace.ts';

/** Long enough that no line has room for it, however many digits a process id has. */
const IMAGE = own('scoville-e2e-a-screen-of-eighty:1');
const EDITS = 'space pick';
const folder = folderHere('screen');
/** By its path: a script's shell may set another PATH. */
const build = `${join(folder, 'scoville')} build --sign=false --scanner=none -t ${IMAGE}`;

let terminal: Terminal;

function project(name: string, lines: readonly string[]): string {
  return written(join(folder, name), { Dockerfile: `${lines.join('\n')}\n` });
}

beforeAll(() => {
  const script = `#!/bin/sh\nexec ${process.execPath} ${join(ROOT, 'dist/scoville.js')} "$@"\n`;
  writeFileSync(join(folder, 'scoville'), script, { mode: 0o755 });
  project('app', [
    `FROM ${bases.busybox}`,
    'MAINTAINER someone@example.com',
    'RUN echo built > /built',
    'CMD ["sh"]',
  ]);
  // Nothing of it is applied, so that edits are left to be shown.
  project('open', [`FROM ${bases.busybox}`, 'MAINTAINER someone@example.com']);
  project('slow', [`FROM ${bases.busybox}`, `RUN echo waiting; sleep 60 # ${OWN}`]);
  project('bad', [`FROM ${bases.busybox}`, 'RUN echo hello; echo trouble >&2; exit 3']);
});

beforeEach(async () => {
  terminal = await Terminal.open({
    columns: 80,
    rows: 24,
    cwd: folder,
    env: {
      TERM: 'tmux-256color',
      SCOVILLE_HOME: join(folder, 'home'),
    },
  });
});

afterEach(async () => {
  await terminal.close();
});

afterAll(() => {
  discard([IMAGE]);
});

describe('a build in a terminal of 80 by 24', () => {
  test('--review shows the edits of fix; what is picked is written, and the grade moves', async () => {
    await terminal.type(`${build} --review app; echo "EXIT $?"`);
    await terminal.written('○ load');
    const edits = await terminal.until(EDITS);
    expect(edits.trimEnd().split('\n').length).toBeLessThanOrEqual(24);
    expect(await terminal.state()).toEqual({ cursor: false, alternate: true });
    await terminal.press('?');
    await terminal.until('any key goes back');
    await terminal.press('x');
    await terminal.until(EDITS);
    await terminal.press('a');
    expect(await terminal.until(/^❯ ◉ /m)).toMatch(/^[-+]\w+/m);
    await terminal.press('Enter');
    await terminal.until('y: write, n: back');
    await terminal.press('y');
    const end = await terminal.until('EXIT 0');
    expect(end).toContain('written: app/Dockerfile');
    expect(end).toContain('undo: scoville fix --undo app/Dockerfile');
    expect(end).toContain('next: scoville build');
    expect(readFileSync(join(folder, 'app/Dockerfile'), 'utf8')).not.toContain('MAINTAINER');
    expect(await terminal.state()).toEqual({ cursor: true, alternate: false });
    expect(await isSane(terminal)).toBe(true);
  });

  test('ends by itself, and opens no screen in a script', async () => {
    await terminal.type(`${build} app; echo "EXIT $?"`);
    await terminal.until('EXIT 0');
    await terminal.type(`clear; ${build} app; echo "EXIT $?"`);
    // The build before it was the same: one line.
    expect(await terminal.until('EXIT 0')).toContain('(unchanged)');
    expect(await terminal.state()).toEqual({ cursor: true, alternate: false });
    writeFileSync(join(folder, 'build.sh'), `${build} --review app\n`);
    await terminal.type('bash build.sh; echo "EXIT $?"');
    await terminal.until('EXIT 0');
    expect(await terminal.state()).toEqual({ cursor: true, alternate: false });
  });

  test('ui.after: review opens it without the flag', async () => {
    writeFileSync(join(folder, 'open/.scoville.yaml'), 'ui: { after: review }\n');
    await terminal.type(`${build} open; echo "EXIT $?"`);
    await terminal.until(EDITS);
    await terminal.press('q');
    await terminal.until('EXIT 0');
    rmSync(join(folder, 'open/.scoville.yaml'));
  });

  test('stdout in a pipe is only the scorecard; of one that is as before, a line, a step and where the rest is', async () => {
    await terminal.type(`${build} app | cat > out.txt; echo "EXIT $?"`);
    await terminal.until('EXIT 0');
    expect(readFileSync(join(folder, 'out.txt'), 'utf8')).toMatch(
      /^ ✔ \S+ {2}sha256:\w{12} {2}level \d, grade \w\+? \(unchanged\)\n Next step: scoville explain trusted-source\n Details: scoville report, scoville explain ID\n$/,
    );
  });

  test('a failed step comes with its log and the lines of the Dockerfile', async () => {
    await terminal.type(`${build} bad; echo "EXIT $?"`);
    const text = await terminal.until('EXIT 1');
    expect(text).toMatch(/^✘ \[2\/2\] RUN echo hello/m);
    // BuildKit reads stdout and stderr of a RUN through pipes of their own: which line comes first
    // is chance.
    expect(text.match(/^ {2}\| \w+$/gm)?.sort()).toEqual(['  | hello', '  | trouble']);
    expect(text).toContain('   2 | >>> RUN echo hello; echo trouble >&2; exit 3');
  });
});

describe('Ctrl-C', () => {
  test('cancels a build with 130 and leaves the terminal as it was', async () => {
    await terminal.type(`${build} slow; echo "EXIT $?"`);
    await terminal.until('  waiting');
    await terminal.press('C-c');
    await terminal.until('EXIT 130');
    expect(await terminal.state()).toEqual({ cursor: true, alternate: false });
    expect(await isSane(terminal)).toBe(true);
  });

  test('leaves the whole screen, on a resized terminal too', async () => {
    await terminal.type(`${build} --review open; echo "EXIT $?"`);
    await terminal.until(EDITS);
    await terminal.resize(60, 16);
    // What was drawn for the wider screen stays until the program hears of this one, which has no
    // room for why.
    const small = await terminal.until(/^(?![^]*\nwhy:)[^]*space pick/);
    expect(small.match(/^Edits of the Dockerfile/gm)).toHaveLength(1);
    expect(small.split('\n').every((row) => row.length <= 60)).toBe(true);
    await terminal.press('C-c');
    await terminal.until('EXIT 130');
    expect(await terminal.state()).toEqual({ cursor: true, alternate: false });
    expect(await isSane(terminal)).toBe(true);
  });
});

test('Ctrl-Z gives the shell a cursor and erases nothing of it; fg goes on', async () => {
  await terminal.type(`${build} slow`);
  await terminal.until('  waiting');
  await terminal.press('C-z');
  await terminal.until('Stopped');
  expect(await terminal.state()).toEqual({ cursor: true, alternate: false });
  expect(await terminal.screen()).not.toContain('○ load');
  // The shell reads a line, however many keys come at once.
  await terminal.press('f', 'g', 'Enter');
  expect(await terminal.until('○ load')).toContain('Stopped');
  await terminal.press('C-c');
  await terminal.until(/interrupted;[^$]*^\$ ?$/m);
  expect(await terminal.state()).toEqual({ cursor: true, alternate: false });
  expect(await isSane(terminal)).toBe(true);
});

describe('the first signature', () => {
  test('asks once how to sign, and keeps the answer', async () => {
    const signed = build.replace(' --sign=false', '');
    await terminal.type(`${signed} app; echo "EXIT $?"`);
    expect(await terminal.until('How do you want to sign images?')).toContain('❯ 1. make a key');
    await terminal.press('4');
    await terminal.until('EXIT 0');
    const file = join(folder, 'home/config/signing.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ with: 'nothing' });
    await terminal.type(`clear; ${signed} app; echo "EXIT $?"`);
    expect(await terminal.until('EXIT 0')).not.toContain('How do you want');
    rmSync(file);
  });
});

describe('fix in a terminal', () => {
  test('edits are picked on a screen, and those alone are written', async () => {
    const dir = project('fixed', ['FROM scratch', 'MAINTAINER me@example.com', 'CMD node a']);
    await terminal.type(
      `${join(folder, 'scoville')} fix --only exec-form --only maintainer fixed; echo "EXIT $?"`,
    );
    expect(await terminal.until('Edits of the Dockerfile: 0 of 2 picked')).toContain(
      '❯ ○ Write CMD as ["node", "a"]',
    );
    await terminal.press('Space');
    await terminal.until('1 of 2 picked');
    await terminal.press('Enter');
    await terminal.until('Write this edit to the Dockerfile?');
    await terminal.press('y');
    expect(await terminal.until('EXIT 1')).toContain('written: fixed/Dockerfile');
    expect(readFileSync(join(dir, 'Dockerfile'), 'utf8')).toBe(
      'FROM scratch\nMAINTAINER me@example.com\nCMD ["node", "a"]\n',
    );
    expect(await isSane(terminal)).toBe(true);
  });

  test('Ctrl-C leaves file and terminal as they were', async () => {
    const dir = project('kept', ['FROM scratch', 'CMD node a']);
    await terminal.type(`${join(folder, 'scoville')} fix --only exec-form kept; echo "EXIT $?"`);
    await terminal.until('0 of 1 picked');
    await terminal.press('Space');
    await terminal.until('1 of 1 picked');
    await terminal.press('C-c');
    await terminal.until('EXIT 130');
    expect(readFileSync(join(dir, 'Dockerfile'), 'utf8')).toBe('FROM scratch\nCMD node a\n');
    expect(await isSane(terminal)).toBe(true);
  });
});

describe('init in a terminal', () => {
  const init = `GIT_CONFIG_GLOBAL=/dev/null ${join(folder, 'scoville')} init --offline`;

  function started(name: string): string {
    const dir = join(folder, name);
    mkdirSync(dir);
    for (const file of ['go.mod', 'main.go', 'Cargo.toml', 'Cargo.lock'])
      writeFileSync(join(dir, file), '');
    return dir;
  }

  test('asks what it cannot know, and keeps a line with each answer', async () => {
    const dir = started('shop');
    await terminal.type(`${init} shop; echo "EXIT $?"`);
    expect(await terminal.until('2. rust')).toContain('❯ 1. go  Go service');
    await terminal.press('Enter');
    await terminal.until('Who is responsible for the image');
    await terminal.press('A', 'b');
    await terminal.until(/^> Ab *$/m);
    await terminal.press('BSpace');
    await terminal.until(/^> A *$/m);
    await terminal.press('Enter');
    expect(await terminal.until('(a,b or none) [none]')).toContain('✔ Which stack: go\n');
    await terminal.press('D');
    await terminal.until(/^> D *$/m);
    await terminal.press('Enter');
    await terminal.until('must be names');
    await terminal.press('C-u');
    await terminal.until(/^> *$/m);
    await terminal.press('Enter');
    const text = await terminal.until('EXIT 0');
    expect(text).toContain(
      [
        '✔ Which stack: go',
        '✔ Who is responsible for the image, a name or an address: A',
        '✔ Secrets that it reads from files below /run/secrets: none',
        'Go service (go.mod, main.go)',
        'wrote Dockerfile',
      ].join('\n'),
    );
    expect(readFileSync(join(dir, '.scoville.yaml'), 'utf8')).toContain('authors: "A"\n');
    expect(await isSane(terminal)).toBe(true);
    await terminal.type(
      `${init} shop --stack go --set authors=A --set secrets=none; echo "EXIT $?"`,
    );
    expect(await terminal.until('Replace')).toContain('❯ 1. no  write nothing');
    await terminal.press('Enter');
    await terminal.until('EXIT 2');
    expect(await terminal.screen()).toContain('nothing was written');
  });

  test('Ctrl-C writes nothing and leaves the terminal as it was', async () => {
    const dir = started('stopped');
    await terminal.type(`${init} stopped; echo "EXIT $?"`);
    await terminal.until('2. rust');
    await terminal.press('1');
    await terminal.until('Who is responsible');
    await terminal.press('A');
    await terminal.until(/^> A *$/m);
    await terminal.press('C-c');
    await terminal.until('EXIT 130');
    expect(readdirSync(dir)).toEqual(['Cargo.lock', 'Cargo.toml', 'go.mod', 'main.go']);
    expect(await terminal.state()).toEqual({ cursor: true, alternate: false });
    expect(await isSane(terminal)).toBe(true);
  });

  test('TERM=dumb: one line after the other', async () => {
    started('dumb');
    await terminal.type(`TERM=dumb ${init} dumb; echo "EXIT $?"`);
    await terminal.until('Which stack (go, rust):');
    await terminal.press('C-c');
    await terminal.until('EXIT 130');
  });
});

test('Ctrl-C at the question of fix without a screen ends it, and writes nothing', async () => {
  const dir = project('asked', ['FROM scratch', 'CMD node a']);
  await terminal.type(
    `TERM=dumb ${join(folder, 'scoville')} fix --only exec-form asked; echo "EXIT $?"`,
  );
  await terminal.until('apply? [y]es');
  await terminal.press('C-c');
  await terminal.until('EXIT 130');
  expect(readFileSync(join(dir, 'Dockerfile'), 'utf8')).toBe('FROM scratch\nCMD node a\n');
});

describe('a terminal that shows less', () => {
  test('NO_COLOR: the same screen without a colour', async () => {
    await terminal.type(`NO_COLOR=1 ${build} --review open; echo "EXIT $?"`);
    await terminal.until(EDITS);
    expect(await terminal.screen(true)).not.toMatch(/\u001b\[[\d;]*m/);
    await terminal.press('q');
    await terminal.until('EXIT 0');
  });

  const PLAIN = ['SCOVILLE_ACCESSIBLE=1', 'TERM=dumb', 'CI=true'];
  test.each(rows(PLAIN, (_, at) => at === 0))(
    '%s: plain lines, and no question',
    async (variable) => {
      await terminal.type(`${variable} ${build} app 2> err.txt; echo "EXIT $?"`);
      await terminal.until('EXIT 0');
      await terminal.type(`${variable} ${build} app > out.txt; echo "EXIT $?"`);
      expect(await terminal.until('EXIT 0')).toMatch(/^scoville: build: 1 platform/m);
    },
  );
});
