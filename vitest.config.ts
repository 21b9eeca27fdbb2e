import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
          exclude: ['test/**/*.e2e.test.ts'],
          // They end what hangs; how busy a machine is that runs other things too is not to be told by them.
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
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
