// Takes examples/node-app to level 5 in one build, and has a second, empty home verify it by the key alone.
//
//   npm run ghost                  needs what scripts/engine.sh makes ready, and npm's registry
//
// The advisories are a server in this process that speaks OSV's API and knows of nothing wrong. Prints each step with its seconds.
// Exit 1: the image is short of level 5, or the second home does not see it.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const CLI = join(ROOT, 'dist/scoville.js');
const settings = Object.fromEntries(
  execFileSync(join(ROOT, 'scripts/engine.sh'), ['env'], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const [, name, value] = /^(?:export )?(\w+)='?([^']*)'?$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value]];
    }),
);
const folder = mkdtempSync(join(tmpdir(), 'scoville-ghost-'));
const app = join(folder, 'app');
const image = `${settings.SCOVILLE_REGISTRY}/examples/node-app:ghost`;

/** Runs a program; its output goes on where `quiet` is not set. Throws where it ends otherwise than with 0. */
function run(command, args, { home, cwd = folder, quiet = false } = {}) {
  const env = {
    ...process.env,
    ...settings,
    ...(home === undefined ? {} : { SCOVILLE_HOME: join(folder, home) }),
  };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', quiet ? 'ignore' : 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (chunk) => (out += String(chunk)));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${command} ${args.join(' ')}: exit ${String(code)}\n${out}`));
    });
  });
}
const scoville = (home, ...args) => run(process.execPath, [CLI, ...args], { home });

async function step(what, work) {
  const started = Date.now();
  const value = await work();
  console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${what}`);
  return value;
}

/** Answers a question without a version: a server that knows nothing at all is not believed. */
const osv = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += String(chunk)));
  request.on('end', () => {
    const { queries = [] } = body === '' ? {} : JSON.parse(body);
    const results = queries.map(({ version }) =>
      version === undefined ? { vulns: [{ id: 'PROBE-1', modified: '2026-01-01T00:00:00Z' }] } : {},
    );
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ results }));
  });
});

function git(...args) {
  const who = ['-c', 'user.name=Ghost', '-c', 'user.email=ghost@example.org'];
  return run('git', [...who, ...args], { cwd: app });
}

async function commit() {
  await git('add', '-A');
  await git('commit', '-q', '-m', 'The example');
}

async function pinned(reference) {
  const format = ['buildx', 'imagetools', 'inspect', '--format', '{{json .Manifest}}'];
  return `${reference}@${JSON.parse(await run('docker', [...format, reference])).digest}`;
}

try {
  await new Promise((resolve) => osv.listen(0, '127.0.0.1', resolve));
  await step('a project: a copy of examples/node-app, committed', async () => {
    cpSync(join(ROOT, 'examples/node-app'), app, { recursive: true });
    const file = join(app, '.scoville.yaml');
    const url = `http://127.0.0.1:${String(osv.address().port)}`;
    const more = `scanner: osv\nosv:\n  url: ${url}\n`;
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n${more}`);
    await git('init', '-q');
    await commit();
  });
  const build = await pinned(settings.SCOVILLE_BASE_NODE);
  const runtime = await pinned(settings.SCOVILLE_BASE_NODE_DISTROLESS);
  const bases = ['--build-arg', `NODE_BUILD=${build}`, '--build-arg', `NODE_RUNTIME=${runtime}`];
  const smoke = ['--smoke', 'curl -fsS "$SCOVILLE_URL/healthz"', '--for', '3s'];
  await step('scoville build: the image that the profile is made for', () =>
    scoville('maker', 'build', '--load', '--no-sign', '--no-grade', '-t', image, ...bases, app),
  );
  await step('scoville profile: traced, tightened, proven', async () => {
    const out = join(app, 'seccomp.json');
    await scoville('maker', 'profile', ...smoke, '--out', out, image);
    const file = join(app, '.scoville.yaml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}attest:\n  seccomp: seccomp.json\n`);
    await commit();
  });
  const words = ['build', '--min-level', '5', '--json', '--load', '--push', '-t', image];
  const built = await step('scoville build --min-level 5: two builds, signed, graded, pushed', () =>
    scoville('maker', ...words, ...bases, app),
  );
  const key = join(folder, 'maker/config/keys/cosign.pub');
  await step('a second, empty home verifies level 5 by the key alone', () =>
    scoville('reader', 'verify', '--min-level', '5', '--key', key, image),
  );
  const { level, overall } = JSON.parse(built);
  console.log(`level ${String(level)}, ${overall.grade}, ${overall.points} of ${overall.total}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  osv.close();
  osv.closeAllConnections();
  await run('docker', ['rmi', '--force', image], { quiet: true }).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
}
