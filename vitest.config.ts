import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { vitePlugin } from './scripts/bundle/plugins.mjs';

const alone = 'test/**/*.alone.test.ts';
// They end what hangs; how busy a machine is that runs other things too is not to be told by them.
const limits = {
  ...{ testTimeout: 90_000, hookTimeout: 90_000, maxWorkers: '100%' },
  expect: { poll: { timeout: 30_000 } },
};

// They make `dist` or the site anew, which the others run.
const byThemselves = ['package', 'release', 'site'].map((name) => `test/e2e/${name}.e2e.test.ts`);
/** What `npm test` leaves to `npm run test:all`, in one go: an option `--exclude` does not reach projects. */
const leftOut = (process.env['SCOVILLE_LEFT_OUT'] ?? '')
  .split(' ')
  .map((name) => `test/e2e/${name}.e2e.test.ts`);
// Secrets of these tests are looked for after each.
const setupFiles = ['test/e2e/canary-setup.ts'];
// Engine and downloads may be cold, and the machine busy. A test has a home of its own: without one
// it fails at once.
const patience = {
  ...{ testTimeout: 900_000, hookTimeout: 900_000 },
  env: { SCOVILLE_HOME: '/dev/null/scoville' },
};

/** They take a minute or more. */
const longest = [
  'service',
  'service-bad-days',
  'keyless',
  'reproduce-image',
  'keep-verdict',
  'attest',
  'profile',
  'reproduce',
  'docs-commands',
  'bad-days-interrupt',
  'bad-days-registry',
  'prove',
  'record-replay',
  'record-grade',
  'lock',
  'bake',
].map((name) => `${name}.e2e.test.ts`);

/** What takes longest begins first, so that at the end no worker waits for another. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => longest.includes(basename(moduleId));
    const rank = ({ moduleId }: TestSpecification) => longest.indexOf(basename(moduleId));
    const sorted = await super.sort(files);
    const first = sorted.filter(isLong).sort((a, b) => rank(a) - rank(b));
    return [...first, ...sorted.filter((file) => !isLong(file))];
  }
}

// What the bundle makes of imports is made here too.
const plugins = [vitePlugin];

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        plugins,
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
      { plugins, test: { name: 'unit-alone', include: [alone], ...limits } },
      // Three at once: half of their time is waiting. What they make has names of its own.
      {
        plugins,
        test: {
          name: 'e2e',
          setupFiles,
          include: ['test/**/*.e2e.test.ts'],
          exclude: [...byThemselves, ...leftOut],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          ...patience,
        },
      },
      {
        plugins,
        test: {
          name: 'e2e-alone',
          setupFiles,
          include: byThemselves,
          exclude: leftOut,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
          ...patience,
        },
      },
    ],
  },
});
