import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

const SET = resolve(import.meta.dirname, '../../test/fixtures/fix');

/** Names of the Dockerfiles of the set. */
export function setNames() {
  return readdirSync(SET).sort();
}

/** Official images that a Dockerfile of the set stands on. */
function basesOf(text) {
  return [...text.matchAll(/^FROM (?<image>[a-z][\w.-]*(?::[\w.-]+)?)/gm)].map(
    ({ groups }) => groups.image,
  );
}

/** Makes the stand-ins that the set needs, those that fixes move to among them. */
export function makeBases(names) {
  const images = names.flatMap((name) =>
    basesOf(readFileSync(join(SET, name, 'Dockerfile'), 'utf8')),
  );
  const distroless = ['static', 'base', 'cc', 'nodejs22', 'python3', 'java21'].map(
    (kind) => `distroless/${kind}-debian13:nonroot`,
  );
  const wanted = [...new Set(images)].map((image) =>
    image.includes(':') ? image : `${image}:latest`,
  );
  const script = resolve(import.meta.dirname, '../engine.sh');
  const { status } = spawnSync(script, ['stacks', ...wanted, ...distroless], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('scripts/engine.sh stacks failed');
}

/**
 * A copy of a project of the set, in git, whose official bases are the stand-ins of the engine's registry. `osvUrl`: with the settings of its owner, who says whom
 * to trust, who the author is, that it takes no secrets. Gives its folder.
 */
export function projectOf(name, registry, osvUrl) {
  return projectIn(join(SET, name), registry, osvUrl);
}

/** The same of a project in any folder. */
export function projectIn(source, registry, osvUrl) {
  const name = basename(source);
  const folder = join(mkdtempSync(join(tmpdir(), 'scoville-fixes-')), name);
  cpSync(source, folder, { recursive: true });
  const file = join(folder, 'Dockerfile');
  const text = readFileSync(file, 'utf8');
  const standing = text.replace(
    /^FROM (?=[a-z][\w.-]*(?::[\w.-]+)?(?:\s|$))/gm,
    `FROM ${registry}/library/`,
  );
  writeFileSync(file, standing);
  if (osvUrl !== undefined) {
    writeFileSync(join(folder, '.scoville.yaml'), OF_OWNER);
    writeOwnSettings(homeOf(folder), registry, osvUrl);
  }
  const git = (...args) =>
    spawnSync('git', ['-c', 'user.name=set', '-c', 'user.email=set@example.org', ...args], {
      cwd: folder,
    });
  git('init', '--quiet');
  git('remote', 'add', 'origin', `https://example.org/${name}.git`);
  git('add', '.');
  git('commit', '--quiet', '--message', 'as it was');
  return folder;
}

const OF_OWNER = `image:
  authors: The web team
secrets:
  use: none
`;

/** A home beside the project, which goes with it. */
export function homeOf(folder) {
  return join(dirname(folder), 'home');
}

/**
 * A new home's own settings, by which the engine's registry and a local server stand for the public registries and OSV.dev. A project may not say who answers
 * for OSV.dev.
 */
export function writeOwnSettings(home, registry, osvUrl) {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(join(home, 'config'), { recursive: true });
  const settings = `trust:
  images:
${['library', 'distroless', 'base'].map((name) => `    - ${registry}/${name}/*\n`).join('')}fix:
  distroless: ${registry}/distroless
scanner: osv
osv:
  url: ${osvUrl}
`;
  writeFileSync(join(home, 'config', 'config.yaml'), settings);
}

/** What each app answers. */
export function smokeOf(name) {
  return `curl -fsS --max-time 5 "$SCOVILLE_URL/" | grep -q 'hello from ${name}'`;
}
