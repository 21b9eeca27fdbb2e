import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { advisory, affects, exportZip, putExport } from '../fakes/made-export.ts';
import { runContainer } from './containers.ts';
import { output, OWN, pinned, registry, ROOT, run, type Scoville } from './harness.ts';
import type { TemplateCase } from './template-cases.ts';
import { until } from './until.ts';

/** What came of a template. */
export interface Trial {
  /**
   * Level that the build states, without a network: advisories from a folder, the second build in
   * it.
   */
  readonly level: number;
  /** Criteria that do not pass, by id. */
  readonly short: readonly string[];
  /** Unpacked, in bytes. */
  readonly size: number;
  readonly answer: string;
  readonly isHealthy: boolean;
  /** The health check says so where nothing answers. */
  readonly noticesSilence: boolean;
  readonly isReproducible: boolean;
  /** A second, empty home reads the same level of the registry by the key alone. */
  readonly isVerified: boolean;
  /** What the two builds differ in; empty where they do not. */
  readonly differences: string;
}

/** Ecosystems of what the templates put into images. */
const ECOSYSTEMS: Readonly<Record<string, string>> = {
  Debian: 'Debian:13',
  npm: 'npm',
  Go: 'Go',
  PyPI: 'PyPI',
  'crates.io': 'crates.io',
  Maven: 'Maven',
  RubyGems: 'RubyGems',
  Packagist: 'Packagist',
};

/**
 * Gives a home a database of advisories from a folder, as on a machine without a network: made-up
 * ones, of today.
 */
export async function fillDatabase(scoville: Scoville): Promise<void> {
  const mirror = mkdtempSync(join(tmpdir(), 'scoville-osv-'));
  try {
    for (const [ecosystem, release] of Object.entries(ECOSYSTEMS)) {
      const affected = [affects(release, 'made-up', [{ introduced: '0' }, { fixed: '1.0.0' }])];
      const modified = new Date().toISOString();
      putExport(mirror, ecosystem, exportZip([advisory('MADE-UP-1', { modified, affected })]));
    }
    const names = Object.keys(ECOSYSTEMS);
    await scoville.expect(0, ['db', 'update', '--from', mirror, ...names]);
  } finally {
    rmSync(mirror, { recursive: true, force: true });
  }
}

/**
 * Writes the template's files for the fixture, builds twice, publishes, runs as little privileged
 * as it can be, and lets `reader`, a home of its own, verify the level.
 */
export async function tryTemplate(
  scoville: Scoville,
  reader: Scoville,
  tried: TemplateCase,
): Promise<Trial> {
  const folder = mkdtempSync(join(tmpdir(), 'scoville-template-'));
  const image = `${registry}/init/${tried.dockerfile
    .toLowerCase()
    .replace(/\W?dockerfile$/, '')
    .replaceAll('/', '-')}:${OWN}`;
  try {
    const project = join(folder, 'app');
    cpSync(join(ROOT, 'test/fixtures/init', tried.fixture), project, { recursive: true });
    await scoville.expect(0, ['init', '--yes', '--offline', ...tried.flags, project]);
    trustStandIns(project);
    await commit(project);
    const flags = ['--offline', '--prove', '--load', '--push', '-t', image];
    const words = ['build', '--json', ...flags, ...(await contexts(tried)), project];
    const built = await scoville.expect(0, words);
    const served = await serve(image, project, folder, tried);
    const { level, criteria } = JSON.parse(built.stdout) as Scorecard;
    const short = criteria.flatMap(({ id, outcome }) =>
      outcome === 'pass' || outcome === 'not-applicable' ? [] : [id],
    );
    const isReproducible = !short.includes('reproducible');
    const key = ['--key', scoville.publicKey];
    const read = await reader.run(['verify', '--min-level', String(level), ...key, image]);
    return {
      ...served,
      ...{ level, short, isReproducible },
      isVerified: read.exitCode === 0,
      differences: isReproducible ? '' : built.stderr,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The bases of a test are of no publisher: the project's own settings vouch for them. */
function trustStandIns(project: string): void {
  const settings = join(project, '.scoville.yaml');
  const trust = `trust:\n  images: ['${registry}/library/*', '${registry}/distroless/*']\n`;
  writeFileSync(settings, readFileSync(settings, 'utf8') + trust);
}

async function commit(project: string): Promise<void> {
  const env = {
    GIT_AUTHOR_NAME: 't',
    GIT_AUTHOR_EMAIL: 't@example.com',
    GIT_COMMITTER_NAME: 't',
    GIT_COMMITTER_EMAIL: 't@example.com',
  };
  for (const args of [
    ['init', '-q', '-b', 'main'],
    ['remote', 'add', 'origin', 'https://example.com/shop/app.git'],
    ['add', '-A'],
    ['commit', '-q', '-m', 'app'],
  ])
    await output('git', args, { cwd: project, env });
}

async function contexts({ bases }: TemplateCase): Promise<readonly string[]> {
  const flags = await Promise.all(
    Object.entries(bases).map(async ([name, standIn]) => [
      '--build-context',
      `${name}=docker-image://${await pinned(`${registry}/${standIn}`)}`,
    ]),
  );
  return flags.flat();
}

async function serve(
  image: string,
  project: string,
  folder: string,
  { secrets = {} }: TemplateCase,
): Promise<Pick<Trial, 'answer' | 'isHealthy' | 'noticesSilence' | 'size'>> {
  const hardened = [
    '--read-only',
    ...['--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
    ...['--security-opt', `seccomp=${join(project, 'seccomp.json')}`],
  ];
  mkdirSync(join(folder, 'secrets'));
  const mounts = Object.entries(secrets).flatMap(([name, value]) => {
    writeFileSync(join(folder, 'secrets', name), value, { mode: 0o644 });
    return ['-v', `${join(folder, 'secrets', name)}:/run/secrets/${name}:ro`];
  });
  const [info] = JSON.parse(await output('docker', ['image', 'inspect', image])) as [
    { Size: number; Config: { Healthcheck: { Test: readonly string[] } } },
  ];
  const [kind, program = '', ...words] = info.Config.Healthcheck.Test;
  if (kind !== 'CMD') throw new Error(`the health check needs a shell: ${kind ?? ''}`);
  const container = (
    await output('docker', ['run', '-d', '-p', '127.0.0.1::8080', ...hardened, ...mounts, image])
  ).trim();
  try {
    const port = (await output('docker', ['port', container, '8080'])).trim().split(':').at(-1);
    const answer = await answerOf(`http://127.0.0.1:${port ?? ''}/`).catch(
      async (error: unknown) => {
        const logs = await run('docker', ['logs', container]);
        throw new Error(`${String(error)}\n${logs.stdout}${logs.stderr}`);
      },
    );
    // As an engine does: a check counts as failed after three tries.
    const check = () => run('docker', ['exec', container, program, ...words]);
    let healthy = await check();
    for (let tries = 1; healthy.exitCode !== 0 && tries < 3; tries += 1) healthy = await check();
    const silent = await runContainer([
      ...[...hardened, '--no-healthcheck', '--entrypoint', program, image],
      ...words,
    ]);
    return {
      answer,
      isHealthy: healthy.exitCode === 0,
      noticesSilence: silent.exitCode > 0 && silent.exitCode < 125,
      size: info.Size,
    };
  } finally {
    await run('docker', ['rm', '--force', container]);
  }
}

async function answerOf(url: string): Promise<string> {
  let text = '';
  await until(`an answer of ${url}`, async () => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    text = (await answer?.text().catch(() => undefined)) ?? '';
    return answer !== undefined;
  });
  return text;
}
