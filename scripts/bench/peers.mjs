// What others take for the same, where they are at hand.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { row } from './table.mjs';
import { inTurns, spread, timed } from './timing.mjs';

export function isInstalled(tool) {
  return spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * trivy on the same layout, where it is installed: all that it found before is forgotten. Its SBOM looks for no secrets, so ours without
 * (`plain`) is held against it; its secret scan against ours of everything (`whole`).
 */
export function trivyRows({ dir, runs }, layout, { plain, whole }) {
  if (!isInstalled('trivy')) return [];
  const cache = join(dir, 'trivy');
  const times = (...flags) =>
    spread(
      Array.from({ length: runs }, () => {
        rmSync(cache, { recursive: true, force: true });
        const args = ['image', '--quiet', '--input', layout.dir, '--cache-dir', cache, ...flags];
        return timed('trivy', args).seconds;
      }),
    );
  return [
    row(
      'cold grade without secrets, to trivy’s SBOM',
      's',
      { thing: plain, floor: times('--format', 'spdx-json', '--skip-db-update') },
      { target: 0.4 },
    ),
    row(
      'cold grade, to trivy’s secret scan',
      's',
      { thing: whole, floor: times('--scanners', 'secret') },
      { target: 0.5 },
    ),
  ];
}

/** Images of a registry (small, medium), and what of chps-scorer's time ours may be. */
const SCORED = [
  ['SCOVILLE_BASE_BUSYBOX', 'small', 1 / 20],
  ['SCOVILLE_BASE_NODE', 'medium', 1 / 5],
];

/**
 * chps-scorer, where CHPS_SCORER names its script, on images that Docker has already; ours reads them from their registry, with nothing known
 * of them. Neither looks for vulnerabilities or secrets.
 */
export function scorerRows({ bin, home, runs }) {
  const script = process.env.CHPS_SCORER;
  if (script === undefined || script === '') return [];
  return SCORED.flatMap(([variable, size, target]) => {
    const image = process.env[variable];
    if (image === undefined) throw new Error(`${variable} is not set: scripts/engine.sh env`);
    timed('docker', ['pull', '--quiet', image]);
    const env = { ...process.env, SCOVILLE_HOME: home };
    const theirs = () =>
      timed('bash', [script, '--skip-cves', '--local', '-o', 'json', image]).seconds;
    const ours = () => {
      rmSync(home, { recursive: true, force: true });
      const flags = ['--scanner', 'none', '--offline', '--secrets=false'];
      return timed(process.execPath, [bin, 'grade', ...flags, `registry:${image}`], { env })
        .seconds;
    };
    const times = inTurns(runs, theirs, ours);
    return [row(`cold grade, to chps-scorer (${size})`, 's', times, { target, note: image })];
  });
}
