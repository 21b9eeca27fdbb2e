import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nativeLibraries } from '../../src/build/clock.ts';
import type { SteadyInputs } from '../../src/model/lock.ts';
import { type Native, steadyLibraries } from '../../src/reproduce/clock.ts';
import { INPUTS, IS_HERE, runSteady, START } from './run-steady.ts';

/** When files were written, as programs see it. */
const WRITTEN = START - 2;

const PROCESSORS = ['x64', 'arm64'];

function natives(processor: string): Native {
  const found = nativeLibraries(processor);
  if (found === undefined) throw new Error(`native/lib has none for ${processor}`);
  return found;
}

test.each(PROCESSORS)('a library for %s asks for no other', (processor) => {
  for (const [name, content] of Object.entries(natives(processor).files)) {
    const text = Buffer.from(content).toString('latin1');
    // What places a program runs before there is a C library to tell of errors.
    if (name !== 'place' && name !== 'run') expect(text).toContain('\0__errno_location\0');
    // Of no version of the C library, nor of one that came beside it once.
    expect(text).not.toMatch(/GLIBC_|\0dlsym\0/);
    // __read_chk is its own.
    expect(text.match(/\0__(?!read_)\w*(?:di2|ti3|relax|acq_rel|chk)\0/g)).toBeNull();
  }
});

test('what nothing asks for is left out, and there are none for another processor', () => {
  const names = (inputs: Partial<SteadyInputs>, processor = 'x64') =>
    steadyLibraries({ ...INPUTS, ...inputs }, nativeLibraries(processor)).map(({ name }) => name);
  const trueFiles = { oneFileTime: false, sortedFolders: false, temporaryNames: false };
  const all = ['clock', 'files', 'random', 'devices', 'turns', 'place', 'exec'].map(
    (name) => `libscoville-${name}.so`,
  );
  expect(names({})).toEqual([...all, 'scoville-run']);
  expect(names({ sameAddresses: false, clock: 'running' })).toEqual(all.slice(0, 5));
  expect(names({}, 'arm64')).toEqual(all.slice(0, 5));
  expect(names({ clock: 'running' })).toEqual(all.slice(0, 6));
  expect(names({ ...trueFiles, clock: 'running' })).toEqual(
    all.slice(0, 6).filter((name) => name !== 'libscoville-files.so'),
  );
  expect(names({}, 's390x')).toEqual([]);
});

test('programs of musl do not load what starts them again', () => {
  const by = (clock: SteadyInputs['clock']) =>
    steadyLibraries({ ...INPUTS, clock }, natives('x64')).flatMap(({ name, by }) =>
      by === undefined ? [] : [`${name} ${by}`],
    );
  const place = 'libscoville-place.so file';
  expect(by('frozen')).toEqual([place, 'scoville-run neither']);
  expect(by('running')).toEqual([place]);
});

describe.runIf(IS_HERE)('programs', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'scoville-steady-'));
    mkdirSync(join(folder, 'd'));
    for (const name of ['b', 'a', 'zz', 'B', 'm']) writeFileSync(join(folder, 'd', name), name);
    utimesSync(join(folder, 'd/m'), 1_600_000_000, 1_600_000_000);
    symlinkSync('a', join(folder, 'd/l'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (
    inputs: Partial<SteadyInputs>,
    program: string,
    ...args: readonly string[]
  ): string => runSteady(folder, inputs, program, ...args);
  const asked = `const fs = require('node:fs');
    const ms = (path) => fs.statSync(path).mtimeMs;
    console.log(JSON.stringify([ms('d/a'), ms('d/m'), fs.lstatSync('d/l').ctimeMs, fs.fstatSync(fs.openSync('d/b')).birthtimeMs]));`;

  test('see files that the build wrote two seconds before now, and older ones at theirs', () => {
    expect(JSON.parse(run({}, process.execPath, '-e', asked))).toEqual(
      [WRITTEN, 1_600_000_000, WRITTEN, WRITTEN].map((seconds) => seconds * 1000),
    );
  });

  test('see a day that stands still, and time that passes', () => {
    const text = run(
      {},
      process.execPath,
      '-e',
      'const t = performance.now(); setTimeout(() => console.log(Date.now(), performance.now() - t > 40), 50)',
    );
    expect(text).toBe(`${START}000 true\n`);
    expect(run({}, 'date', '-u', '+%s.%N')).toBe(`${START}.000000000\n`);
    expect(
      run(
        {},
        'python3',
        '-c',
        'import time, datetime; print(time.time(), datetime.datetime.now(datetime.timezone.utc).year)',
      ),
    ).toBe(`${START}.0 2023\n`);
  });

  test('of Go see it too, in the page that the kernel answers by', () => {
    const asked = `import ctypes as c
libc = c.CDLL(None); libc.getauxval.restype = c.c_ulong
page = libc.getauxval(33)
word = lambda at: c.c_ulong.from_address(at % 2**64).value
tags = page + word(page + word(page + 32) + 56 + 8)
tag = {word(tags + i): word(tags + i + 8) for i in range(0, 64, 16)}
found = c.CFUNCTYPE(c.c_long, c.c_int, c.c_void_p)((page + word(page + tag[6] + 24 + 8)) % 2**64)
into = (c.c_long * 2)()
print(c.string_at(page + tag[5] + 1).decode().split('_', 3)[3], found(0, into), list(into), found(1, into), into[0] > 0)`;
    expect(run({}, 'python3', '-c', asked)).toBe(`clock_gettime 0 [${START}, 0] 0 True\n`);
  });

  test('see true times where that is asked for', () => {
    const [written] = JSON.parse(run({ oneFileTime: false }, process.execPath, '-e', asked)) as [
      number,
    ];
    expect(written).toBeGreaterThan(START * 1000);
  });

  test('see the work that they did as a count of how often they ask', () => {
    const asked =
      'import time, resource, os; print(time.process_time(), time.process_time(), resource.getrusage(0).ru_utime, os.times().user)';
    expect(run({}, 'python3', '-c', asked)).toBe('0.001 0.002 0.003 0.0\n');
  });

  test('see one time of a Cargo.lock where they are cargo, and true ones of what it compares', () => {
    copyFileSync('/usr/bin/stat', join(folder, 'cargo'));
    chmodSync(join(folder, 'cargo'), 0o755);
    for (const name of ['Cargo.lock', 'main.rs']) writeFileSync(join(folder, name), '');
    const seen = run({}, join(folder, 'cargo'), '-c', '%Y', 'Cargo.lock', 'main.rs').split('\n');
    expect(seen[0]).toBe(String(WRITTEN));
    expect(Number(seen[1])).toBeGreaterThan(START);
  });

  test('that compare times see the true ones', () => {
    expect(
      run(
        {},
        'sh',
        '-c',
        'touch -d @1690000000 old; [ d/a -nt d/m ] && [ d/m -ot old ] && echo newer',
      ),
    ).toBe('newer\n');
    expect(run({}, 'find', 'd', '-newermt', '2024-01-01', '-name', 'a')).toBe('d/a\n');
  });

  test('read folders in the order of names, large ones too, and begin again', () => {
    mkdirSync(join(folder, 'large'));
    const names = Array.from({ length: 3000 }, (_, i) => `a-rather-long-name-of-file-${i}`);
    for (const name of names) writeFileSync(join(folder, 'large', name), '');
    const list = run({}, 'find', 'large', '-type', 'f').trim().split('\n');
    expect(list).toEqual([...names].sort().map((name) => `large/${name}`));
    expect(run({}, 'find', 'd').trim().split('\n')).toEqual([
      'd',
      'd/B',
      'd/a',
      'd/b',
      'd/l',
      'd/m',
      'd/zz',
    ]);
    run({}, 'cp', '-a', 'large', 'copy');
    run({}, 'rm', '-r', 'copy', 'large');
    expect(run({}, 'find', '.', '-maxdepth', '1', '-name', '*large*')).toBe('');
  });

  test('name temporary files by a number, at random where that is asked for', () => {
    const program =
      'import ctypes; c = ctypes.CDLL(None); b = ctypes.create_string_buffer(b"./t-XXXXXX.c"); d = ctypes.create_string_buffer(b"./d-XXXXXX"); c.mkstemps(b, 2); c.mkdtemp(d); print(b.value.decode(), d.value.decode())';
    const draw = (): readonly string[] => run({}, 'python3', '-c', program).trim().split(' ');
    const [file = '', directory = ''] = draw();
    expect([file, directory]).toEqual(['./t-000000.c', './d-000001']);
    // What is there is passed over, by any process.
    expect(draw()).toEqual(['./t-000001.c', './d-000002']);
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, directory)).mode & 0o777).toBe(0o700);
    const random = run({ temporaryNames: false }, 'python3', '-c', program).trim().split(' ');
    expect(random[0]?.slice(4, 8)).not.toBe(random[1]?.slice(4, 8));
  });

  test.runIf(existsSync('/usr/bin/cpio'))('pack the same numbers of inodes', () => {
    const pack = (name: string): string => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'a'), 'a');
      linkSync(join(folder, name, 'a'), join(folder, name, 'b'));
      const words = `cd ${name} && find . | cpio -o -H newc --quiet | od -A n -t x1`;
      return run({}, 'sh', '-c', words);
    };
    expect(pack('first')).toBe(pack('second'));
  });

  test('get the errors that they get without it', () => {
    expect(() => run({}, 'find', 'missing')).toThrow(/No such file/);
    expect(() => run({}, process.execPath, '-e', "require('node:fs').readdirSync('d/a')")).toThrow(
      /ENOTDIR/,
    );
  });
});
