import { defineConfig } from 'vitest/config';

const alone = 'test/**/*.alone.test.ts';
// They end what hangs; how busy a machine is that runs other things too is not to be told by them.
const limits = { testTimeout: 90_000, hookTimeout: 90_000, maxWorkers: '100%' };

// Engine and downloads may be cold, and the machine busy.
const patience = { testTimeout: 900_000, hookTimeout: 900_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
          exclude: ['test/**/*.e2e.test.ts', alone],
          // Modules are loaded once for all files of a process: a third of the processor time.
          // A test that changes what a module keeps or imports is named `*.alone.test.ts`.
          isolate: false,
          restoreMocks: true,
          unstubEnvs: true,
          ...limits,
        },
      },
      { test: { name: 'unit-alone', include: [alone], ...limits } },
      // Two at once: half of their time is waiting. What they make has names of its own.
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          exclude: ['test/e2e/bad-days*', 'test/e2e/screen*'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          ...patience,
        },
      },
      // They interrupt, fill or draw, and look at what happens when.
      {
        test: {
          name: 'e2e-alone',
          include: ['test/e2e/bad-days*.e2e.test.ts', 'test/e2e/screen.e2e.test.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          ...patience,
        },
      },
    ],
  },
});
