import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Outcome } from '../../src/model/criterion.ts';
import { digestHex } from '../../src/model/reference.ts';
import { NOW } from '../../test/accuracy/judge-recipe.ts';
import { makeImage, type Recipe } from '../../test/accuracy/made-image.ts';
import { layoutArchive } from './layout-archive.ts';

/** chps-scorer's checks by our ids. It does not ask about the others. */
const CHECKS: Readonly<Record<string, string>> = {
  'minimal-base': 'minimal_base',
  'no-build-tooling': 'build_tooling',
  'no-shell': 'shell',
  'no-package-manager': 'package_manager',
  'trusted-source': 'trusted_source',
  'verified-downloads': 'download_verification',
  signed: 'image_signed',
  'recently-updated': 'recent_build',
  'pinned-images': 'pinned_images',
  'pinned-packages': 'pinned_packages',
  provenance: 'attestations',
  sbom: 'sbom',
  'no-secrets': 'secrets',
  'no-elevated-files': 'elevated_privileges',
  'nonroot-user': 'root_user',
  annotations: 'annotations',
};

export type PeerAnswers = Readonly<Record<string, Outcome | 'none'>>;

/** What its JSON says of a criterion; the first line of its output is none, so the checks are looked for by name. */
function answersIn(output: string): PeerAnswers {
  const found = (check: string | undefined): Outcome | 'none' => {
    const said = new RegExp(`"${check ?? ' '}": "(pass|fail|skip)"`).exec(output)?.[1];
    return said === 'pass' || said === 'fail' ? said : 'none';
  };
  return new Proxy({}, { get: (_none, id) => found(CHECKS[String(id)]) });
}

/** The image as old as the labels say: they are judged at a fixed time, the scorer asks the clock. */
function asOldToday(recipe: Recipe): Recipe {
  const { created } = recipe;
  const time = Date.parse(created ?? '');
  // What says nothing of the age (a zero) stays.
  if (Number.isNaN(time) || time <= 0) return recipe;
  return { ...recipe, created: new Date(time + Date.now() - NOW).toISOString() };
}

/**
 * Asks chps-scorer about the image of a recipe: loaded into Docker, with the Dockerfile where there is one, without CVEs, `--local` (nothing of
 * it is in a registry); the image is removed again. Undefined where Docker does not take the image or the scorer gives no JSON.
 */
export async function askPeer(scorer: string, recipe: Recipe): Promise<PeerAnswers | undefined> {
  const image = makeImage(asOldToday(recipe));
  const tag = `scoville-accuracy:${digestHex(image.manifestDigest).slice(0, 12)}`;
  const folder = mkdtempSync(join(tmpdir(), 'scoville-accuracy-'));
  try {
    const loaded = spawnSync('docker', ['load', '-q'], { input: layoutArchive(image, tag) });
    if (loaded.status !== 0) return undefined;
    const dockerfile = join(folder, 'Dockerfile');
    writeFileSync(dockerfile, recipe.dockerfile?.text ?? '');
    const given = recipe.dockerfile === undefined ? [] : ['--dockerfile', dockerfile];
    const { stdout } = await promisify(execFile)(
      'bash',
      [scorer, '--skip-cves', '--local', '-o', 'json', ...given, tag],
      { timeout: 180_000, maxBuffer: 16 * 1024 * 1024 },
    );
    return stdout.includes('"checks"') ? answersIn(stdout) : undefined;
  } catch {
    return undefined;
  } finally {
    spawnSync('docker', ['image', 'rm', '-f', tag]);
    rmSync(folder, { recursive: true, force: true });
  }
}
