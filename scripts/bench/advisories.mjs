// 500 packages against half a million made-up advisories: numbers, never a failure.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

export function advisories() {
  const dir = mkdtempSync(join(tmpdir(), 'scoville-bench-advisories-'));
  const subject = join(dir, 'subject.mjs');
  try {
    buildSync({
      entryPoints: [join(import.meta.dirname, 'advisories-subject.ts')],
      outfile: subject,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
    const run = (...words) =>
      execFileSync(process.execPath, [subject, ...words], { encoding: 'utf8' });
    const data = join(dir, 'data');
    const started = performance.now();
    run('make', data);
    const made = Math.round(performance.now() - started);
    const bytes = readdirSync(data).reduce((sum, name) => sum + statSync(join(data, name)).size, 0);
    console.log(`written: 500,000 advisories, ${Math.round(bytes / 1e6)} MB, in ${made} ms`);
    for (let i = 0; i < 3; i++) {
      const { packages, found, ms, cpuMs, peakMb } = JSON.parse(run('scan', data));
      console.log(
        `asked: ${packages} packages, ${found} findings, ${ms} ms (${cpuMs} ms of processor), ${peakMb} MB at most`,
      );
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
