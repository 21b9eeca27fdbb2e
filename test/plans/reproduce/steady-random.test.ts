import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SteadyInputs } from '../../../src/model/steady-inputs.ts';
import { STEADY_BYTES } from '../../../src/plans/reproduce/preload/steady-bytes.ts';
import { runSteady } from './run-steady.ts';

describe.runIf(process.platform === 'linux' && STEADY_BYTES[process.arch] !== undefined)(
  'programs',
  () => {
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

    test.runIf(process.getuid?.() === 0)(
      'draw by a seed where the environment has one, each time another number',
      () => {
        const program =
          'import os, uuid; f = os.fork(); print(uuid.uuid4(), uuid.uuid4(), flush=True); f and os.wait()';
        const draw = (seed: number): readonly string[] => {
          const words = [
            '-f',
            '--mount',
            'sh',
            '-c',
            `mount -t tmpfs none /dev/shm; "$@"; exit`,
            'sh',
          ];
          const text = run(
            {},
            'unshare',
            ...words,
            'env',
            `FAKERANDOM_SEED=${seed}`,
            'python3',
            '-c',
            program,
          );
          return text.trim().split(/\s/);
        };
        const first = draw(7);
        expect(new Set(first).size).toBe(4);
        expect(draw(7).filter((id) => first.includes(id)).length).toBeGreaterThanOrEqual(2);
        expect(draw(8).filter((id) => first.includes(id))).toEqual([]);
      },
    );

    test('see one processor, and all where that is asked for', () => {
      const program = 'import os; print(len(os.sched_getaffinity(0)))';
      const all = execFileSync('python3', ['-c', program], { encoding: 'utf8' });
      expect(run({}, 'python3', '-c', program)).toBe('1\n');
      expect(run({ oneProcessor: false }, 'python3', '-c', program)).toBe(all);
    });

    test.runIf(process.getuid?.() === 0)('have ids from 100 on in a namespace of their own', () => {
      const words = ['--pid', '--fork', 'sh', '-c', 'sh -c "echo \\$PPID \\$\\$"; true'];
      expect(run({}, 'unshare', ...words)).toBe('1 100\n');
    });
  },
);
