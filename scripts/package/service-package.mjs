// The npm package `scoville-service`: what `scoville serve` and `scoville worker` load, with libraries that the command does without.
//   node scripts/package/service-package.mjs [--with-libraries] [FOLDER]   puts it together (package/scoville-service), out of dist-service/;
//                                                with its libraries, as npm would install them, for the image: without PGlite, since
//                                                containers come and go, and their database is a PostgreSQL
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ownPackage, ROOT } from './package-files.mjs';

/** Never bundled: PGlite has WebAssembly beside it, and the others are a third of a megabyte each that the command never loads. */
export const SERVICE_PACKAGES = [
  '@electric-sql/pglite',
  '@fastify/rate-limit',
  'fastify',
  'pg',
  'pg-boss',
  'prom-client',
];

const lockOf = () => JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;

function about(lock, repository) {
  const { version, license, type, engines, os } = ownPackage();
  return {
    name: 'scoville-service',
    version,
    description: 'The grading service of Scoville: `scoville serve` and `scoville worker`',
    license,
    type,
    exports: { '.': './dist/main.js', './package.json': './package.json' },
    files: ['dist', 'LICENSE', 'README.md'],
    engines,
    os,
    ...(repository === undefined ? {} : { repository }),
    // Those that it was tested with: a service is updated as a whole.
    dependencies: Object.fromEntries(
      SERVICE_PACKAGES.map((name) => [name, lock[`node_modules/${name}`].version]),
    ),
  };
}

const README = `# scoville-service

What \`scoville serve\` and \`scoville worker\` load. It goes with the package \`scoville\` of the same version:

    npm install --global scoville scoville-service
    scoville serve --registry registry.example.com
`;

/** Paths in node_modules of some packages and all that they need. */
function closure(lock, names) {
  const found = new Set();
  const visit = (name, from) => {
    // Node.js looks in the folder of who asks, then in those above it.
    for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
      const path = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
      if (lock[path] !== undefined) {
        if (found.has(path)) return;
        found.add(path);
        for (const needed of Object.keys(lock[path].dependencies ?? {})) visit(needed, path);
        return;
      }
      if (at === '') throw new Error(`${name} is not in package-lock.json`);
    }
  };
  for (const name of names) visit(name, '');
  return [...found].toSorted();
}

/** What lies below a package has a path of its own; types, maps and tests are for who works on it. */
const NOT_RUN =
  /^\/(?:node_modules|tests?|types|docs|benchmarks?|examples)$|\.(?:d\.[cm]?ts|map)$|\/\.[^/]+$/;

/** Puts the package into a folder. */
export function stageService(folder, { withLibraries = false, repository } = {}) {
  const lock = lockOf();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, 'dist-service'), join(folder, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(join(folder, 'README.md'), README);
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify(about(lock, repository), undefined, 2)}\n`,
  );
  if (!withLibraries) return;
  const names = SERVICE_PACKAGES.filter((name) => name !== '@electric-sql/pglite');
  for (const path of closure(lock, names)) {
    const from = join(ROOT, path);
    if (!existsSync(from)) throw new Error(`${path} is not installed: npm ci`);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(from, join(folder, path), {
      recursive: true,
      filter: (file) => file === from || !NOT_RUN.test(file.slice(from.length)),
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    options: { 'with-libraries': { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const folder = positionals[0] ?? join(ROOT, 'package/scoville-service');
  stageService(folder, { withLibraries: values['with-libraries'] });
  console.log(folder);
}
