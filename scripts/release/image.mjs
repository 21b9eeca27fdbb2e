// The images of scoville's own (Dockerfile), built, signed, graded and proven by this very scoville (dist/).
//   node scripts/release/image.mjs make REPOSITORY VERSION   makes them in SCOVILLE_HOME, and prints NAME@DIGEST of each (release.yml)
//   node scripts/release/image.mjs push REPOSITORY VERSION   publishes them from there
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../package/package-files.mjs';

/** What the service runs on: Dockerfile. */
const RUNTIME = 'gcr.io/distroless/nodejs22-debian13:nonroot';

/** A name with the digest that its registry has for it. */
function pinned(reference) {
  const args = ['buildx', 'imagetools', 'inspect', '--format', '{{json .Manifest}}', reference];
  return `${reference}@${JSON.parse(execFileSync('docker', args, { encoding: 'utf8' })).digest}`;
}

const scovilleIn =
  (home) =>
  (...args) =>
    execFileSync(process.execPath, [join(ROOT, 'dist/scoville.js'), ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      env: { ...process.env, SCOVILLE_HOME: home },
      stdio: ['ignore', 'pipe', 'inherit'],
    });

/**
 * Builds a target twice and keeps it, with what that proved, in `home`; gives its digest. Throws where the two differ. `source` is a URL,
 * when known. What scoville signs with is the job's identity, or else a key in that home.
 */
function prove(home, { name, target, debian, source }) {
  const scoville = scovilleIn(home);
  const args = ['--target', target, '--build-arg', `DEBIAN=${pinned(debian)}`];
  if (source !== undefined) args.push('--build-arg', `SOURCE=${source}`);
  if (target === 'service') args.push('--build-arg', `NODE_RUNTIME=${pinned(RUNTIME)}`);
  const digest = scoville('build', '--quiet', '-t', name, ...args, '.').trim();
  // Built again without a cache, elsewhere, at another time; ends with 1 where the digest is another.
  scoville('reproduce', '--quiet', '--attest', '-t', name, ...args, '.');
  return digest;
}

/** Pushes what `prove` kept, and grades what the registry then has. Throws where it has another image. */
function push(home, name, expected) {
  const scoville = scovilleIn(home);
  scoville('push', name);
  const { digest, level, overall, criteria } = JSON.parse(scoville('grade', '--json', name));
  if (digest !== expected) throw new Error(`${name} is ${digest}, made was ${expected}`);
  const reproducible = criteria.find(({ id }) => id === 'reproducible');
  return { digest, level, grade: overall.grade, reproducible: reproducible?.outcome };
}

/** Both, in a home that is thrown away. */
export function makeImage(image) {
  const home = mkdtempSync(join(tmpdir(), 'scoville-image-'));
  try {
    return push(home, image.name, prove(home, image));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [act, repository, version] = process.argv.slice(2);
  const { SCOVILLE_HOME: home, REPOSITORY: source } = process.env;
  const { DEBIAN: debian = 'docker.io/library/debian:trixie-slim' } = process.env;
  const made = join(home, 'images.json');
  if (act === 'make') {
    const targets = {
      scoville: repository,
      ci: `${repository}-ci`,
      service: `${repository}-service`,
    };
    const images = Object.entries(targets).map(([target, bare]) => {
      const name = `${bare}:${version}`;
      return { bare, name, digest: prove(home, { name, target, debian, source }) };
    });
    writeFileSync(made, JSON.stringify(images));
    for (const { bare, digest } of images) console.log(`${bare}@${digest}`);
  } else
    for (const { name, digest } of JSON.parse(readFileSync(made, 'utf8'))) push(home, name, digest);
}
