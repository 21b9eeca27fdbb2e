import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';

/** A server that is still up after so long is taken for one that runs. */
const LONGEST_MS = 5000;

/**
 * Builds with and without the rules and runs the image's own command both ways: true where exit code, stdout and stderr are the same, or where
 * both still run; undefined where it cannot be built or has no command.
 */
export function behavesAsBefore(bin, { dir, name, args }, flags) {
  const said = ['off', 'safe'].map((mode) => {
    const image = `scoville-behave-${name}:${mode}`;
    const build = ['build', '-q', '--sign=false', '--grade=false', `--repro=${mode}`, '-t', image];
    const built = spawnSync(process.execPath, [bin, ...build, ...args, ...flags, dir], {
      encoding: 'utf8',
    });
    if (built.status !== 0) return undefined;
    try {
      return ran(image);
    } finally {
      spawnSync('docker', ['rmi', '--force', image]);
    }
  });
  return said.includes(undefined) ? undefined : said[0] === said[1];
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
