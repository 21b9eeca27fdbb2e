import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A server that is still up after so long is taken for one that runs. */
const LONGEST_MS = 5000;

/**
 * Builds with and without the rules and runs the image's own command both ways: true where exit code, stdout and stderr are the same, or where
 * both still run; undefined where it cannot be built or has no command. Where the folder has a script `check`, that is run in the image, with the same inputs
 * too, and has to succeed.
 */
export function behavesAsBefore(bin, { dir, name, args }, flags) {
  const script = join(dir, 'check');
  const check = existsSync(script) ? readFileSync(script, 'utf8') : undefined;
  const modes = check === undefined ? ['off', 'safe'] : ['off', 'safe', 'deterministic'];
  const said = modes.map((mode) => {
    const image = `scoville-behave-${name}:${mode}`;
    const build = ['build', '-q', '--sign=false', '--grade=false', `--repro=${mode}`, '-t', image];
    const built = spawnSync(process.execPath, [bin, ...build, ...args, ...flags, dir], {
      encoding: 'utf8',
    });
    if (built.status !== 0) return undefined;
    try {
      return check === undefined ? ran(image) : checked(image, check);
    } finally {
      spawnSync('docker', ['rmi', '--force', image]);
    }
  });
  if (said.includes(undefined)) return undefined;
  return check === undefined ? said[0] === said[1] : said.every((works) => works);
}

function checked(image, check) {
  const words = ['run', '--rm', '--network=none', '--entrypoint', 'sh', image, '-c', check];
  return spawnSync('docker', words, { encoding: 'utf8', timeout: 60_000 }).status === 0;
}

function ran(image) {
  const name = `scoville-behave-${createHash('sha256').update(image).digest('hex').slice(0, 12)}-${process.pid}`;
  const ended = spawnSync('docker', ['run', '--rm', '--network=none', '--name', name, image], {
    encoding: 'utf8',
    timeout: LONGEST_MS,
    // A server that is the container's first process ignores the milder signal, which docker passes on.
    killSignal: 'SIGKILL',
  });
  spawnSync('docker', ['rm', '--force', name]);
  // 125: there is nothing to run.
  if (ended.status === 125) return undefined;
  if (ended.error !== undefined) return 'runs';
  return JSON.stringify([ended.status, ended.stdout, ended.stderr.replaceAll(/\d/g, '0')]);
}
