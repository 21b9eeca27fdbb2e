// npm run package [-- --out FILE]: one executable with Node.js and all of scoville in it (Node's single executable applications).
// It is for the system and processor that this runs on. docs/package.md says how to use it, and what macOS needs.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
/** Node.js looks for this text in its own binary (nodejs.org/api/single-executable-applications.html). */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const { values } = parseArgs({ options: { out: { type: 'string', default: 'package/scoville' } } });
const out = resolve(values.out);

/** What package.json says belongs to the package, as text by path. */
function packageFiles() {
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const paths = files.flatMap((name) => {
    const path = join(ROOT, name);
    return statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
      : [name];
  });
  const entries = paths.toSorted().map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]);
  // dist/ is made of modules, which package.json says of a folder.
  return {
    ...Object.fromEntries(entries),
    'package.json': '{"type":"module"}',
    'start.cjs': "import('./dist/scoville.js');\n",
  };
}

const work = mkdtempSync(join(tmpdir(), 'scoville-package-'));
try {
  const files = JSON.stringify(packageFiles());
  const id = createHash('sha256').update(files).digest('hex').slice(0, 16);
  writeFileSync(join(work, 'files'), files);
  writeFileSync(join(work, 'id'), id);
  const config = {
    main: join(ROOT, 'scripts/package/main.cjs'),
    output: join(work, 'blob'),
    disableExperimentalSEAWarning: true,
    assets: { files: join(work, 'files'), id: join(work, 'id') },
  };
  writeFileSync(join(work, 'sea.json'), JSON.stringify(config));
  execFileSync(process.execPath, ['--experimental-sea-config', join(work, 'sea.json')], {
    stdio: 'ignore',
  });
  const program = join(work, 'program');
  copyFileSync(process.execPath, program);
  chmodSync(program, 0o755);
  // A signature of Apple's covers the bytes that are about to change.
  if (process.platform === 'darwin') execFileSync('codesign', ['--remove-signature', program]);
  const { inject } = createRequire(import.meta.url)('postject');
  const quiet = console.log;
  console.log = () => undefined;
  await inject(program, 'NODE_SEA_BLOB', readFileSync(join(work, 'blob')), {
    sentinelFuse: FUSE,
    ...(process.platform === 'darwin' ? { machoSegmentName: 'NODE_SEA' } : {}),
  });
  console.log = quiet;
  if (process.platform === 'darwin') execFileSync('codesign', ['--sign', '-', program]);
  mkdirSync(dirname(out), { recursive: true });
  copyFileSync(program, `${out}.new`);
  chmodSync(`${out}.new`, 0o755);
  renameSync(`${out}.new`, out);
  console.log(
    `${out}: ${(statSync(out).size / 1e6).toFixed(0)} MB, Node.js ${process.versions.node}, ${process.platform} ${process.arch}`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
