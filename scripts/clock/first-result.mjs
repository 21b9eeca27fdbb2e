import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeOwnSettings } from '../fixes/project.mjs';
import { paste } from './chain.mjs';
import { environment } from './newcomer.mjs';

const ROOT = resolve(import.meta.dirname, '../..');

/** Seconds to the grade of an image that Docker has: from a bare clone, and from the package installed into an empty prefix. */
export async function firstResults(registry, osvUrl) {
  const image = `${registry}/library/python:3.13-slim`;
  spawnSync('docker', ['pull', '--quiet', image], { stdio: 'ignore' });
  const root = mkdtempSync(join(tmpdir(), 'scoville-clock-'));
  const home = join(root, 'home');
  const env = environment(home, join(root, 'prefix', 'bin'));
  const run = async (cwd, commands) => {
    writeOwnSettings(home, registry, osvUrl);
    const steps = [];
    for (const command of commands) steps.push({ command, ...(await paste(command, cwd, env)) });
    return steps;
  };
  try {
    const cloned = await run(root, [
      `git clone --quiet --no-local '${ROOT}' scoville`,
      'cd scoville && npm ci --no-audit --no-fund',
      `cd scoville && node dist/scoville.js grade ${image}`,
    ]);
    // What npm publishes of this tree; packing it is not the newcomer's.
    mkdirSync(join(root, 'packed'));
    const packed = spawnSync(
      'npm',
      ['pack', '--silent', '--pack-destination', join(root, 'packed')],
      {
        cwd: join(root, 'scoville'),
        encoding: 'utf8',
      },
    );
    const file = packed.stdout.trim().split('\n').at(-1);
    cpSync(join(root, 'packed', file), join(root, 'scoville.tgz'));
    const installed = await run(root, [
      'npm install --no-audit --no-fund --global --prefix prefix ./scoville.tgz',
      `scoville grade ${image}`,
    ]);
    return [
      { from: 'a bare clone', image, steps: cloned },
      { from: 'the installed package', image, steps: installed },
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
