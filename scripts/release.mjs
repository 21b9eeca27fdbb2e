// npm run release -- --dry-run [--only FORM]... [--out FOLDER] [--repository URL]: makes every form of a release that can be made here,
// installs each in a clean root, and runs the main job in it. Docker, a registry and base images come from scripts/engine.sh up.
// Nothing is published: .github/workflows/release.yml does that, with the files of this run. docs/release.md says more.
import './usage.mjs';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeExecutable } from './package/executable.mjs';
import { ROOT } from './package/package-files.mjs';
import { stageService } from './package/service-package.mjs';
import { tarGz, writeDeb } from './release/archives.mjs';
import { signForDryRun, writeChecksums } from './release/checksums.mjs';
import { makeImage } from './release/image.mjs';
import { nodeFor, PLATFORMS, withNode } from './release/nodes.mjs';
import { packNpm, stage } from './release/stage.mjs';
import { tryDeb, tryEmulated, tryExecutable, tryImage, tryNpm } from './release/trials.mjs';

const FORMS = ['npm', 'executables', 'deb', 'image'];
const { values } = parseArgs({
  options: {
    'dry-run': { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: FORMS },
    out: { type: 'string', default: '.scoville-release/files' },
    repository: { type: 'string' },
  },
});
if (!values['dry-run'] || values.only.some((form) => !FORMS.includes(form))) {
  console.error(`usage: npm run release -- --dry-run [--only ${FORMS.join('|')}]...`);
  console.error('Publishing is what .github/workflows/release.yml does.');
  process.exit(2);
}

const out = resolve(values.out);
/** What is not part of the release, beside it. */
const work = join(dirname(out), 'work');
const staged = join(work, 'package');
const { SCOVILLE_REGISTRY: registry, SCOVILLE_BASE_DEBIAN: debian } = process.env;
const base = process.env.SCOVILLE_BASE_BUSYBOX;
if (registry === undefined || debian === undefined || base === undefined) {
  console.error('no registry: eval "$(scripts/engine.sh env)" first, after scripts/engine.sh up');
  process.exit(2);
}

function say(text) {
  console.log(text);
}

function made(path) {
  say(`${basename(path)}: ${(statSync(path).size / 1e6).toFixed(1)} MB`);
  return path;
}

/** Makes a file twice; throws where its bytes differ. */
function twice(path, make) {
  make(path);
  const first = readFileSync(path);
  rmSync(path);
  make(path);
  if (!first.equals(readFileSync(path))) throw new Error(`${path}: made twice, it differs`);
  return made(path);
}

/** Runs a trial and prints what came of it. */
function tried(where, trial) {
  const found = trial();
  say(
    found === undefined
      ? `  not run here: ${where}`
      : `  ${where}: ${typeof found === 'string' ? found : `built, signed, pushed, verified, graded (level ${found.level}, grade ${found.grade})`}`,
  );
}

execFileSync(process.execPath, [join(ROOT, 'scripts/bundle.mjs')], { cwd: ROOT, stdio: 'inherit' });
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const about = await stage(staged, values.repository);
const { version } = about;
const epoch = Number(
  process.env.SOURCE_DATE_EPOCH ??
    execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' }),
);
const jobFor = (name) => ({
  version,
  base,
  image: `${registry}/release/trial-${process.pid}:${name}`,
});

const forms = {
  npm() {
    const tarball = twice(join(out, `scoville-${version}.tgz`), () => packNpm(staged, out));
    tried('an empty npm prefix, and npx', () => tryNpm(tarball, jobFor('npm')));
    const service = join(work, 'service');
    stageService(service, { repository: about.repository });
    twice(join(out, `scoville-service-${version}.tgz`), () => packNpm(service, out));
  },
  async executables() {
    const nodes = join(work, 'nodes');
    const here = join(nodeFor(`linux-${process.arch}`, nodes), 'bin/node');
    for (const platform of PLATFORMS) {
      const node =
        platform === `linux-${process.arch}` ? join(here, '../..') : nodeFor(platform, nodes);
      const folder = join(work, `scoville-${version}-${platform}`);
      rmSync(folder, { recursive: true, force: true });
      const program = join(folder, 'scoville');
      await makeExecutable({ target: join(node, 'bin/node'), node: here, out: program });
      copyFileSync(join(node, 'LICENSE'), join(folder, 'LICENSE-node'));
      copyFileSync(join(staged, 'LICENSE'), join(folder, 'LICENSE'));
      const notices = 'THIRD-PARTY-NOTICES.txt';
      copyFileSync(join(staged, 'dist', notices), join(folder, notices));
      const sbom = JSON.parse(readFileSync(join(staged, 'dist/sbom.cdx.json'), 'utf8'));
      writeFileSync(
        join(folder, 'sbom.cdx.json'),
        `${JSON.stringify(withNode(sbom, platform, node), undefined, 2)}\n`,
      );
      const archive = join(out, `scoville-${version}-${platform}.tar.gz`);
      tarGz(folder, archive, epoch);
      made(archive);
      const where = {
        'linux-x64': 'a Debian container without Node.js',
        'linux-arm64': 'arm64, emulated',
      };
      tried(where[platform] ?? 'needs a Mac', () => {
        if (platform === `linux-${process.arch}`)
          return tryExecutable(program, debian, jobFor('sea'));
        return platform === 'linux-arm64' ? tryEmulated(program, { version }) : undefined;
      });
    }
  },
  deb() {
    const completions = Object.fromEntries(
      ['bash', 'zsh', 'fish'].map((shell) => [
        shell,
        execFileSync(process.execPath, [join(ROOT, 'dist/scoville.js'), 'completion', shell]),
      ]),
    );
    const path = join(out, `scoville_${version.replace('-', '~')}_all.deb`);
    const deb = twice(path, (to) =>
      writeDeb({ staged, about, work: join(work, 'deb'), out: to, epoch, completions }),
    );
    tried('a Debian container, by apt', () => tryDeb(deb, debian, jobFor('deb')));
  },
  image() {
    const name = `${registry}/release/scoville:${version}`;
    const made = makeImage({ name, target: 'scoville', debian, source: values.repository });
    say(`image ${name}@${made.digest}: level ${made.level}, grade ${made.grade}`);
    say(`  built twice: reproducible ${made.reproducible}`);
    tried('itself, with the engine’s socket', () => tryImage(name, jobFor('image')));
  },
};
for (const form of values.only) await forms[form]();

writeChecksums(out);
signForDryRun(out);
say(`SHA256SUMS and its signature (of a key for this run alone): ${out}`);
