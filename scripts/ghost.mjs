// Takes examples/node-app, a project of `scoville init`, and Scoville's own image to level 5, without a network.
// The own one is recorded first, for its packages have no versions. A second, empty home verifies them by the key alone. The other templates: test/e2e/templates.e2e.test.ts, in the same way.
//
//   npm run ghost                  needs what scripts/engine.sh makes ready, and npm's registry
//
// The advisories come from a folder, as on a machine without a network: made-up ones, about packages that the image lacks.
// Prints each step with its seconds. Exit 1: an image is short of level 5, or the second home does not see it.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';

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
const made = join(folder, 'made');
const registry = settings.SCOVILLE_REGISTRY;
const image = `${registry}/examples/node-app:ghost`;
const madeImage = `${registry}/examples/made:ghost`;
const own = join(folder, 'own');
const ownImage = `${registry}/examples/scoville:ghost`;
/** Stand-ins for the bases of the template. */
const STACKS = {
  'node:22-trixie-slim': 'library/node:22-slim',
  'gcr.io/distroless/nodejs22-debian13:nonroot': 'distroless/nodejs22-debian13:nonroot',
};

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

/** A mirror of OSV's exports, one advisory for each ecosystem: ECOSYSTEM/all.zip. */
function writeExports(mirror) {
  for (const [ecosystem, release] of [
    ['Debian', 'Debian:13'],
    ['npm', 'npm'],
    ['Go', 'Go'],
  ]) {
    const id = `MADE-UP-${ecosystem}`;
    const events = [{ introduced: '0' }, { fixed: '1' }];
    const affected = { package: { ecosystem: release, name: 'made-up' } };
    const record = {
      id,
      modified: new Date().toISOString(),
      schema_version: '1.6.0',
      affected: [{ ...affected, ranges: [{ type: 'ECOSYSTEM', events }] }],
    };
    mkdirSync(join(mirror, ecosystem), { recursive: true });
    const archive = zipOfOne(`${id}.json`, Buffer.from(JSON.stringify(record)));
    writeFileSync(join(mirror, ecosystem, 'all.zip'), archive);
  }
}

/** One stored member (APPNOTE.TXT 4.3). */
function zipOfOne(name, content) {
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(0x21, 8); // 1980-01-01
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(content.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), content]);
  const version = Buffer.from([20, 0]);
  const places = Buffer.alloc(14);
  const central = [Buffer.from('PK\x01\x02'), version, common, places, Buffer.from(name)];
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, directory, Buffer.from('PK\x05\x06'), end]);
}

async function commit(project) {
  const who = ['-c', 'user.name=Ghost', '-c', 'user.email=ghost@example.org'];
  for (const args of [
    ['init', '-q'],
    ['add', '-A'],
    [...who, 'commit', '-q', '-m', 'The service'],
  ])
    await run('git', args, { cwd: project });
}

function addSettings(project, text) {
  const file = join(project, '.scoville.yaml');
  writeFileSync(file, `${readFileSync(file, 'utf8')}${text}`);
}

async function pinned(reference) {
  const format = ['buildx', 'imagetools', 'inspect', '--format', '{{json .Manifest}}'];
  return `${reference}@${JSON.parse(await run('docker', [...format, reference])).digest}`;
}

try {
  await step('a project: a copy of examples/node-app, committed', async () => {
    cpSync(join(ROOT, 'examples/node-app'), app, { recursive: true });
    await commit(app);
  });
  const mirror = join(folder, 'osv');
  writeExports(mirror);
  await step('scoville db update: the advisories of a folder', () =>
    scoville('maker', 'db', 'update', '--from', mirror, 'Debian', 'npm', 'Go'),
  );
  const build = await pinned(settings.SCOVILLE_BASE_NODE);
  const runtime = await pinned(settings.SCOVILLE_BASE_NODE_DISTROLESS);
  const bases = ['--build-arg', `NODE_BUILD=${build}`, '--build-arg', `NODE_RUNTIME=${runtime}`];
  const smoke = ['--smoke', 'curl -fsS "$SCOVILLE_URL/healthz"', '--for', '3s'];
  await step('scoville build: the image that the profile is made for', () =>
    scoville('maker', 'build', '--load', '--no-sign', '--no-grade', '-t', image, ...bases, app),
  );
  await step('scoville profile: traced, tightened, proven', async () => {
    const out = join(app, 'seccomp.json');
    await scoville('maker', 'profile', ...smoke, '--output', out, image);
    addSettings(app, 'attest:\n  seccomp: seccomp.json\n');
    await commit(app);
  });
  const toGhost = ['--offline', '--min-level', '5', '--json', '--push'];
  const graded = [];
  const publish = async (name, project, flags) => {
    const what = `scoville build --min-level 5: two builds of ${name}, signed, graded, pushed`;
    const words = ['build', ...toGhost, '-t', name, ...flags, project];
    graded.push([name, await step(what, () => scoville('maker', ...words))]);
  };
  await publish(image, app, bases);
  await step(
    'scoville init: a hardened Dockerfile, settings and a profile for a project',
    async () => {
      cpSync(join(ROOT, 'test/fixtures/init/node'), made, { recursive: true });
      await scoville('maker', 'init', '--yes', '--offline', '--set', 'secrets=none', made);
      const places = ['library', 'distroless'].map((place) => `'${registry}/${place}/*'`);
      addSettings(made, `trust:\n  images: [${places.join(', ')}]\n`);
      await commit(made);
      await run('git', ['remote', 'add', 'origin', 'https://example.com/shop/app.git'], {
        cwd: made,
      });
    },
  );
  await run(join(ROOT, 'scripts/engine.sh'), ['stacks', ...Object.values(STACKS)]);
  const contexts = [];
  for (const [name, standIn] of Object.entries(STACKS)) {
    const base = await pinned(`${registry}/${standIn}`);
    contexts.push('--build-context', `${name}=docker-image://${base}`);
  }
  await publish(madeImage, made, contexts);
  await step(
    'Scoville itself: a clone, with the profile that init gives and what its owner says',
    async () => {
      await run('git', ['clone', '--quiet', ROOT, own]);
      await run('git', ['remote', 'set-url', 'origin', 'https://example.com/scoville.git'], {
        cwd: own,
      });
      cpSync(join(ROOT, 'dist'), join(own, 'dist'), { recursive: true });
      cpSync(join(ROOT, 'templates/common/seccomp.json'), join(own, 'seccomp.json'));
      writeFileSync(
        join(own, '.scoville.yaml'),
        `secrets: { use: none }\ntrust: { images: ['${registry}/base/*'] }\nattest: { seccomp: seccomp.json }\n`,
      );
      await commit(own);
    },
  );
  const flags = [
    ...['--target', 'scoville', '--build-arg', 'SOURCE=https://example.com/scoville'],
    ...['--build-arg', `DEBIAN=${await pinned(settings.SCOVILLE_BASE_DEBIAN)}`],
  ];
  // It takes Debian's packages as they are today: the lock has each by its digest.
  await step('scoville build --record: what its RUNs fetch goes into scoville.lock', async () => {
    await scoville(
      'maker',
      'build',
      '--record',
      '--no-sign',
      '--no-grade',
      '-t',
      ownImage,
      ...flags,
      own,
    );
    await commit(own);
  });
  await publish(ownImage, own, ['--replay', ...flags]);
  const key = join(folder, 'maker/config/keys/cosign.pub');
  for (const [name, card] of graded) {
    await step(`a second, empty home verifies level 5 of ${name} by the key alone`, () =>
      scoville('reader', 'verify', '--min-level', '5', '--key', key, name),
    );
    const { level, overall } = JSON.parse(card);
    console.log(
      `${name}: level ${String(level)}, ${overall.grade}, ${overall.points} of ${overall.total}`,
    );
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await run('docker', ['rmi', '--force', image, ownImage], { quiet: true }).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
}
