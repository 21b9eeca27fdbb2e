import { execFileSync, spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), '../engine/second-engine.sh');

/**
 * Builds each folder without a cache on the engine that is there and on that of the second toolchain (after `scripts/engine.sh test-tools`; Debian, root): a
 * row each with both image digests, undefined where one does not build.
 */
export function onBothEngines(bin, folders, flags) {
  const second = process.env.SCOVILLE_SECOND_TOOLCHAIN;
  if (second === undefined) throw new Error('eval "$(scripts/engine.sh env)" first');
  const host = execFileSync(SCRIPT, ['up', second], { encoding: 'utf8' }).trim();
  const lanes = [
    process.env,
    {
      ...process.env,
      PATH: `${join(second, 'bin')}:${process.env.PATH}`,
      DOCKER_CONFIG: join(second, 'docker-config'),
      DOCKER_HOST: host,
    },
  ];
  try {
    const versions = lanes.map((env) =>
      execFileSync('docker', ['version', '--format', '{{.Server.Version}}'], {
        encoding: 'utf8',
        env,
      }).trim(),
    );
    return {
      versions,
      rows: folders.map((folder) => ({
        name: folder.name,
        digests: lanes.map((env) => digestOf(resolve(bin), folder, flags, env)),
      })),
    };
  } finally {
    execFileSync(SCRIPT, ['down', second], { stdio: 'inherit' });
  }
}

function digestOf(bin, { dir, name, args }, flags, env) {
  const image = `scoville-engines-${name}:1`;
  const build = ['build', '--json', '--no-cache', '--sign=false', '-t', image];
  const ended = spawnSync(process.execPath, [bin, ...build, ...args, ...flags, dir], {
    encoding: 'utf8',
    env,
    maxBuffer: 2 ** 28,
  });
  if (ended.status !== 0) {
    process.stderr.write(`${name}: ${ended.stderr.trim().split('\n').slice(-12).join('\n')}\n`);
    return undefined;
  }
  spawnSync('docker', ['rmi', '--force', image], { env });
  return JSON.parse(ended.stdout).digest;
}
