import { defineConfig } from 'vitest/config';

const alone = 'test/**/*.alone.test.ts';
// They end what hangs; how busy a machine is that runs other things too is not to be told by them.
const limits = { testTimeout: 90_000, hookTimeout: 90_000 };

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
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          // One engine, one registry: files run one after the other.
          fileParallelism: false,
          // Engine and downloads may be cold, and the machine busy.
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
