import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SteadyInputs } from '../../src/model/lock.ts';
import { IS_HERE, runSteady } from '../build/run-steady.ts';

describe.runIf(IS_HERE)('programs', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'scoville-steady-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (
    inputs: Partial<SteadyInputs>,
    program: string,
    ...args: readonly string[]
  ): string => runSteady(folder, inputs, program, ...args);

  test('draw what names a thing by count, another for each time, and what may be a secret at random', () => {
    const before = readdirSync('/dev/shm');
    const forget = (): void => {
      for (const name of readdirSync('/dev/shm'))
        if (name.startsWith('.scoville-') && !before.includes(name)) rmSync(`/dev/shm/${name}`);
    };
    const draw = (inputs: Partial<SteadyInputs> = {}): string =>
      run(inputs, 'mktemp', '-u', 'a-XXXXXXXXXX');
    try {
      const first = draw();
      const second = draw();
      expect(first).toMatch(/^a-\w{10}\n$/);
      expect(second).not.toBe(first);
      forget();
      expect([draw(), draw()]).toEqual([first, second]);
      forget();
      expect(draw({ temporaryNames: false })).not.toBe(first);
    } finally {
      forget();
    }
    const program =
      "import os, random; print(os.urandom(8).hex(), random.random(), open('/proc/sys/kernel/random/uuid').read(), open('/dev/urandom', 'rb').read(8).hex())";
    const [one, other] = [0, 1].map(() => run({}, 'python3', '-c', program).split(' '));
    one?.forEach((word, i) => {
      expect(word).not.toBe(other?.[i]);
    });
  });

  /** By a seed, as if nothing had been run by it before. */
  const seeded = (seed: number, ...words: readonly string[]): string => {
    const fresh = 'mount -t tmpfs none /dev/shm; "$@"; exit';
    const seedWords = ['env', `FAKERANDOM_SEED=${seed}`, ...words];
    return run({}, 'unshare', '-f', '--mount', 'sh', '-c', fresh, 'sh', ...seedWords);
  };

  test.runIf(process.getuid?.() === 0)(
    'draw by a seed where the environment has one, each time another number',
    () => {
      const program =
        'import os, uuid; f = os.fork(); print(uuid.uuid4(), uuid.uuid4(), flush=True); f and os.wait()';
      const draw = (seed: number): readonly string[] =>
        seeded(seed, 'python3', '-c', program).trim().split(/\s/);
      const first = draw(7);
      expect(new Set(first).size).toBe(4);
      expect(draw(7).filter((id) => first.includes(id)).length).toBeGreaterThanOrEqual(2);
      expect(draw(8).filter((id) => first.includes(id))).toEqual([]);
    },
  );

  test('begin with bytes by the seed, by which Go orders its maps, and else at random', () => {
    const program =
      'import ctypes as c; libc = c.CDLL(None); libc.getauxval.restype = c.c_void_p; print(c.string_at(libc.getauxval(25), 16).hex())';
    const begun = (...words: readonly string[]): string =>
      run({ sameAddresses: false }, 'env', ...words, 'python3', '-c', program);
    const first = begun('FAKERANDOM_SEED=7');
    expect(begun('FAKERANDOM_SEED=7')).toBe(first);
    expect(begun('FAKERANDOM_SEED=8')).not.toBe(first);
    expect(begun()).not.toBe(begun());
  });

  test.runIf(process.getuid?.() === 0)(
    'read the devices by a seed, as much as they ask for, from what started them too',
    () => {
      const program = [
        'head -c 3000001 /dev/urandom | cksum',
        'head -c 8 < /dev/random | od -An -tx1',
        'od -An -N8 -tx1 /dev/urandom',
        'dd if=/dev/urandom bs=2M count=1 status=none | wc -c',
        'cat /proc/sys/kernel/random/uuid',
        'shuf -i 1-1000 -n 4 --random-source=/dev/urandom | xargs',
        'echo >> /dev/urandom',
      ].join('; ');
      const draw = (seed: number): readonly string[] =>
        seeded(seed, 'sh', '-c', program).trimEnd().split('\n');
      const first = draw(7);
      const other = draw(8);
      expect(first).toHaveLength(6);
      expect(draw(7)).toEqual(first);
      first.forEach((line, i) => {
        if (i === 3) expect([line, other[i]]).toEqual(['2097152', '2097152']);
        else expect(line).not.toBe(other[i]);
      });
      expect(first[0]).toMatch(/ 3000001$/);
      expect(first[4]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    },
  );

  test.runIf(hasSanitizer())('start with AddressSanitizer, and it finds what it does', () => {
    writeFileSync(
      join(folder, 'over.c'),
      'int main(int count, char **words) { char room[8] = {0}; room[count * 4] = words[0][0]; return room[7]; }',
    );
    execFileSync('gcc', ['-fsanitize=address', 'over.c', '-o', 'over'], { cwd: folder });
    expect(run({}, join(folder, 'over'))).toBe('');
    expect(() => run({}, join(folder, 'over'), 'a')).toThrow(/stack-buffer-overflow/);
  });

  test('see one processor, and all where that is asked for', () => {
    const program = 'import os; print(len(os.sched_getaffinity(0)))';
    const all = execFileSync('python3', ['-c', program], { encoding: 'utf8' });
    expect(run({}, 'python3', '-c', program)).toBe('1\n');
    expect(run({ oneProcessor: false }, 'python3', '-c', program)).toBe(all);
    const counted =
      'import os, ctypes; print(os.sysconf("SC_NPROCESSORS_ONLN"), ctypes.CDLL(None).get_nprocs(), os.sysconf("SC_NPROCESSORS_CONF"))';
    const seen = run({ oneProcessor: false }, 'python3', '-c', counted);
    const [online, , configured] = seen.trim().split(' ');
    expect(run({}, 'python3', '-c', counted)).toBe(`1 1 ${configured}\n`);
    expect(online).toBe(
      execFileSync('getconf', ['_NPROCESSORS_ONLN'], { encoding: 'utf8' }).trim(),
    );
  });

  test.runIf(process.getuid?.() === 0)('have ids from 100 on in a namespace of their own', () => {
    const words = ['--pid', '--fork', 'sh', '-c', 'sh -c "echo \\$PPID \\$\\$"; true'];
    expect(run({}, 'unshare', ...words)).toBe('1 100\n');
  });
});

/** gcc names the whole path of a library that it has. */
function hasSanitizer(): boolean {
  try {
    const words = ['-print-file-name=libasan.so'];
    return isAbsolute(execFileSync('gcc', words, { encoding: 'utf8' }).trim());
  } catch {
    return false;
  }
}
