// SHA256SUMS of a folder's files, and its signature.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SUMS = 'SHA256SUMS';

/** Writes SHA256SUMS as sha256sum does, over the files of the folder by name. */
export function writeChecksums(folder) {
  const lines = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith(SUMS))
    .map(({ name }) => name)
    .toSorted()
    .map((name) => {
      const sum = createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex');
      return `${sum}  ${name}\n`;
    });
  writeFileSync(join(folder, SUMS), lines.join(''));
}

/**
 * Signs SHA256SUMS with a key that is made for it and thrown away: what stands in, in a dry run, for the workflow's identity. Writes
 * SHA256SUMS.sigstore.json and SHA256SUMS.pub.
 */
export function signForDryRun(folder) {
  const work = mkdtempSync(join(tmpdir(), 'scoville-key-'));
  const cosign = (...args) =>
    execFileSync('cosign', args, {
      cwd: work,
      env: { ...process.env, COSIGN_PASSWORD: 'dry run' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  try {
    cosign('generate-key-pair');
    const bundle = join(folder, `${SUMS}.sigstore.json`);
    // From 2.6 on, cosign asks for sigstore's services first.
    const help = execFileSync('cosign', ['sign-blob', '--help'], { encoding: 'utf8' });
    const offline = ['--tlog-upload=false', '--yes', '--new-bundle-format'];
    if (help.includes('--use-signing-config')) offline.push('--use-signing-config=false');
    cosign('sign-blob', '--key', 'cosign.key', ...offline, '--bundle', bundle, join(folder, SUMS));
    chmodSync(bundle, 0o644);
    writeFileSync(join(folder, `${SUMS}.pub`), readFileSync(join(work, 'cosign.pub')));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

// node scripts/release/checksums.mjs FOLDER
if (process.argv[1] === fileURLToPath(import.meta.url)) writeChecksums(process.argv[2]);
