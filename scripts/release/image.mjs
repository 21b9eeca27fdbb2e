// The images of scoville's own (Dockerfile), built, signed, graded and proven by this very scoville (dist/).
//   node scripts/release/image.mjs REPOSITORY VERSION   publishes both, and prints NAME@DIGEST of each (release.yml)
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../package/package-files.mjs';

/** A name with the digest that its registry has for it. */
function pinned(reference) {
  const args = ['buildx', 'imagetools', 'inspect', '--format', '{{json .Manifest}}', reference];
  return `${reference}@${JSON.parse(execFileSync('docker', args, { encoding: 'utf8' })).digest}`;
}

/**
 * Builds a target twice, pushes it with what that proved, and grades what the registry then has. Throws where the digests differ.
 * `source` is a URL, when known. What scoville signs with is the job's identity, or else a key that is thrown away.
 */
export function makeImage({ name, target, debian, source }) {
  const home = mkdtempSync(join(tmpdir(), 'scoville-image-'));
  const scoville = (...args) =>
    execFileSync(process.execPath, [join(ROOT, 'dist/scoville.js'), ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      env: { ...process.env, SCOVILLE_HOME: home },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const args = ['--target', target, '--build-arg', `DEBIAN=${pinned(debian)}`];
  if (source !== undefined) args.push('--build-arg', `SOURCE=${source}`);
  try {
    scoville('build', '--quiet', '-t', name, ...args, '.');
    // Built again without a cache, elsewhere, at another time; ends with 1 where the digest is another.
    scoville('reproduce', '--quiet', '--attest', '-t', name, ...args, '.');
    scoville('push', name);
    const { digest, level, overall, criteria } = JSON.parse(scoville('grade', '--json', name));
    const reproducible = criteria.find(({ id }) => id === 'reproducible');
    return { digest, level, grade: overall.grade, reproducible: reproducible?.outcome };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [repository, version] = process.argv.slice(2);
  const { DEBIAN: debian = 'docker.io/library/debian:trixie-slim', REPOSITORY: source } =
    process.env;
  const targets = { scoville: repository, ci: `${repository}-ci` };
  for (const [target, name] of Object.entries(targets))
    console.log(
      `${name}@${makeImage({ name: `${name}:${version}`, target, debian, source }).digest}`,
    );
}
