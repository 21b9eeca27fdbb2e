// One executable with Node.js and all of scoville in it (nodejs.org/api/single-executable-applications.html).
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { withAdHocSignature, withoutSignature } from './mach-o-signature.mjs';
import { packagePaths, ROOT } from './package-files.mjs';

/** Node.js looks for this text in its own binary. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** What main.cjs asks for, as text or bytes by name. */
function assets() {
  const files = packagePaths().map((path) => [path, readFileSync(join(ROOT, path))]);
  const index = JSON.stringify(files.map(([path, bytes]) => [path, bytes.length]));
  const bytes = Buffer.concat(files.map(([, one]) => one));
  const id = createHash('sha256').update(index).update(bytes).digest('hex');
  return { index, files: bytes, id };
}

/** The blob that goes into the binary, written by a Node.js that runs here, of the version of the one it goes into. */
function blobOf(node, work) {
  const named = Object.entries(assets()).map(([name, content]) => {
    writeFileSync(join(work, name), content);
    return [name, join(work, name)];
  });
  const config = {
    main: join(ROOT, 'scripts/package/main.cjs'),
    output: join(work, 'blob'),
    disableExperimentalSEAWarning: true,
    assets: Object.fromEntries(named),
  };
  writeFileSync(join(work, 'sea.json'), JSON.stringify(config));
  execFileSync(node, ['--experimental-sea-config', join(work, 'sea.json')], { stdio: 'ignore' });
  return readFileSync(join(work, 'blob'));
}

/**
 * Writes the executable. `target` is the Node.js that goes into it, of any system and processor; `node` is one of the same version
 * that runs here.
 */
export async function makeExecutable({ target, node = target, out }) {
  const work = mkdtempSync(join(tmpdir(), 'scoville-package-'));
  try {
    const blob = blobOf(node, work);
    const original = readFileSync(target);
    const isMachO = original.readUInt32LE(0) === 0xfeedfacf;
    const program = join(work, 'program');
    // A signature covers the bytes that are about to change.
    writeFileSync(program, isMachO ? withoutSignature(original) : original);
    const { inject } = createRequire(import.meta.url)('postject');
    const log = console.log;
    console.log = () => undefined;
    try {
      await inject(program, 'NODE_SEA_BLOB', blob, {
        sentinelFuse: FUSE,
        ...(isMachO ? { machoSegmentName: 'NODE_SEA' } : {}),
      });
    } finally {
      console.log = log;
    }
    const made = readFileSync(program);
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(`${out}.new`, isMachO ? withAdHocSignature(made, 'scoville') : made);
    chmodSync(`${out}.new`, 0o755);
    renameSync(`${out}.new`, out);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
