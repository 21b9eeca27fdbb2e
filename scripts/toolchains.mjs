// npm run test:toolchains [-- --only first|second] [-- --subset | --files main-job,parity]: the end-to-end tests on both generations of
// Docker, buildx and cosign, and a matrix of how each file ended. The first is the machine's own; the second (Debian forky: engine, clients,
// cosign) runs beside it, and needs Debian and root. Exit 1: something failed.
import './usage.mjs';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { matrixOf, resultsOf } from './toolchains/matrix.mjs';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
/** What CI runs on the second: the files in which versions of the tools show. The first runs all in `npm test`. */
const SUBSET = [
  'main-job',
  'docker-plugin',
  'parity',
  'outputs',
  'record-replay',
  'verify.e2e',
  'second-toolchain',
];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    subset: { type: 'boolean', default: false },
    files: { type: 'string' },
  },
});
const files = values.files?.split(',') ?? (values.subset ? SUBSET : []);
const engine = (...args) =>
  execFileSync(join(ROOT, 'scripts/engine.sh'), args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/** What scripts/engine.sh tells others to set. */
function engineSettings() {
  return Object.fromEntries(
    [...engine('env').matchAll(/^export (\w+)='?([^'\n]*)'?$/gm)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
}

function say(command, args, env) {
  const ended = spawnSync(command, args, { encoding: 'utf8', env });
  return ended.stdout.trim();
}

/** The versions that a lane really has. */
function versionsOf(env) {
  const docker = say(
    'docker',
    ['version', '--format', '{{.Client.Version}}, engine {{.Server.Version}}'],
    env,
  );
  const buildx = /\d+\.\d+\.\d+/.exec(say('docker', ['buildx', 'version'], env))?.[0];
  const cosign = JSON.parse(say('cosign', ['version', '--json'], env) || '{}').gitVersion;
  return `docker ${docker}; buildx ${buildx}; cosign ${cosign}`;
}

function runLane(name, env) {
  const folder = mkdtempSync(join(tmpdir(), 'scoville-toolchains-'));
  const report = join(folder, 'report.json');
  process.stderr.write(`\n== ${name}: ${versionsOf(env)}\n`);
  try {
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
    const args = [
      vitest,
      'run',
      '--project',
      'e2e*',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ];
    spawnSync(process.execPath, [...args, ...files.map((file) => `test/e2e/${file}`)], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 2, 2],
    });
    const results = existsSync(report) ? resultsOf(JSON.parse(readFileSync(report, 'utf8'))) : [];
    return { name, versions: versionsOf(env), results };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const lanes = [];
engine('up');
const settings = { ...process.env, ...engineSettings() };
if (values.only !== 'second') lanes.push(runLane('first', settings));
if (values.only !== 'first') {
  engine('test-tools');
  const second = settings.SCOVILLE_SECOND_TOOLCHAIN;
  const script = join(ROOT, 'scripts/engine/second-engine.sh');
  const host = execFileSync(script, ['up', second], { encoding: 'utf8' }).trim();
  try {
    lanes.push(
      runLane('second', {
        ...settings,
        PATH: `${join(second, 'bin')}:${process.env.PATH}`,
        DOCKER_CONFIG: join(second, 'docker-config'),
        DOCKER_HOST: host,
      }),
    );
  } finally {
    execFileSync(script, ['down', second], { stdio: 'inherit' });
  }
}
const { text, failed } = matrixOf(lanes, basename);
process.stdout.write(text);
process.exitCode = failed ? 1 : 0;
