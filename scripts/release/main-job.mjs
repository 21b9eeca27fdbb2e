// The main job, done by an installed scoville: build, sign, push, verify, grade, and the plugin of Docker's CLI.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function run([command, ...args], options) {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    });
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}\n${error.stderr ?? ''}${error.stdout ?? ''}`, {
      cause: error,
    });
  }
}

/**
 * `root` is where scoville is installed: `command(folder, program, args)` gives a command line that runs a program there with `folder`
 * as working folder, home and SCOVILLE_HOME; `env` is its environment. Gives what `scoville grade` said. Throws where anything fails.
 */
export function mainJob({ command, env }, { version, base, image, hasPlugin }) {
  const folder = mkdtempSync(join(tmpdir(), 'scoville-trial-'));
  const inside = (program, ...args) => run(command(folder, program, args), { cwd: folder, env });
  const expect = (what, text, part) => {
    if (!text.includes(part)) throw new Error(`${what} printed ${JSON.stringify(text)}`);
  };
  try {
    writeFileSync(
      join(folder, 'Dockerfile'),
      `FROM ${base}\nLABEL org.opencontainers.image.title=trial\nUSER 65532:65532\n`,
    );
    expect('--version', inside('scoville', '--version'), `scoville ${version}\n`);
    expect('init --list', inside('scoville', 'init', '--list'), 'typescript');
    inside('scoville', 'build', '--push', '--scanner', 'none', '-t', image, '.');
    inside('scoville', 'verify', image);
    const card = JSON.parse(inside('scoville', 'grade', '--json', '--scanner', 'none', image));
    const signed = card.criteria.find(({ id }) => id === 'signed');
    if (signed?.outcome !== 'pass') throw new Error(`signed: ${JSON.stringify(signed)}`);
    // A package of the system has the plugin; else it is put in place.
    if (!hasPlugin) inside('scoville', 'install');
    expect('docker scoville', inside('docker', 'scoville', '--version'), `scoville ${version}\n`);
    return { digest: card.digest, level: card.level, grade: card.overall.grade };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
