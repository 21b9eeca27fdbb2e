// How far apart things are: `npm run walks` prints, for each chain below, the shortest imports from
// its first file to its last, and all files that take part (a star: a stop of the chain; the others
// lie on the way). Imports of types alone lead nowhere at run time.
// Ends with 1 where a chain has more files than it may.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const SRC = join(import.meta.dirname, '../src');
const IMPORTS =
  /^(?:import|export)\s(?!type\s)[^;]*?\sfrom\s+'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm;

/** Who a chain leads by, in the order in which things happen. */
const CHAINS = [
  {
    title: 'argv to the published tag',
    most: 30,
    stops: [
      'bin.ts',
      'cli/build.ts',
      'build/command-line.ts',
      'build/build.ts',
      'dockerfile/read-dockerfile.ts',
      'build/plan.ts',
      'lib/run-tool.ts',
      'build/normalise-built.ts',
      'normalize/normalise-layer.ts',
      'image/walk/layer-walk.ts',
      'trust/sign.ts',
      'grade/assess.ts',
      'criteria/catalogue.ts',
      'criteria/score.ts',
      'image/registry/push.ts',
    ],
  },
  {
    title: '--min-level stops a push',
    most: 8,
    stops: [
      'cli/build.ts',
      'build/flags.ts',
      'build/build.ts',
      'build/gate.ts',
      'criteria/score.ts',
      'build/publish.ts',
    ],
  },
  {
    title: '--secret reaches buildx',
    most: 5,
    stops: ['cli/build.ts', 'build/command-line.ts', 'build/plan.ts', 'build/buildx.ts'],
  },
  {
    title: 'a setuid file to its report',
    most: 12,
    stops: [
      'grade/grade-command.ts',
      'grade/grade-image.ts',
      'grade/assess.ts',
      'grade/inspect-layers.ts',
      'image/walk/layer-walk.ts',
      'facts/layer-files.ts',
      'facts/filesystem.ts',
      'criteria/no-elevated-files.ts',
      'criteria/score.ts',
      'report/terminal.ts',
    ],
  },
  {
    title: 'a layer is normalized',
    most: 12,
    stops: [
      'cli/build.ts',
      'build/build.ts',
      'build/normalise-built.ts',
      'normalize/normalise-layer.ts',
      'normalize/layer-rewriter.ts',
      'normalize/catalogue.ts',
      'normalize/rules/path-rules.ts',
      'normalize/compressor.ts',
      'normalize/deflate/deflate.ts',
    ],
  },
  {
    title: 'verify decides signed',
    most: 14,
    stops: [
      'trust/verify-command.ts',
      'trust/verify-image.ts',
      'image/attachments.ts',
      'trust/attached.ts',
      'trust/verify-attached.ts',
      'trust/trusted-signers.ts',
      'criteria/attested.ts',
    ],
  },
  {
    title: 'an apk layer to the verdict of no-shell',
    most: 12,
    stops: [
      'grade/grade-image.ts',
      'grade/assess.ts',
      'image/walk/layer-walk.ts',
      'image/tar/tar-reader.ts',
      'facts/packages/distributions.ts',
      'facts/layer-files.ts',
      'facts/filesystem.ts',
      'grade/assess.ts',
      'criteria/catalogue.ts',
      'criteria/no-shell.ts',
    ],
  },
  {
    title: 'a Dockerfile to an edit',
    most: 12,
    stops: [
      'fix/plan.ts',
      'dockerfile/analyse-dockerfile.ts',
      'dockerfile/logical-lines.ts',
      'dockerfile/read-dockerfile.ts',
      'dockerfile/shell/parse-shell.ts',
      'dockerfile/shell/wrappers.ts',
      'criteria/package-caches.ts',
      'programs/managers.ts',
      'criteria/package-caches.ts',
      'criteria/edit-text.ts',
    ],
  },
];

/** Each file of src/ with those that it imports, by their paths below src/. */
function importsOf() {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.tsx?$/.test(file),
  );
  return new Map(
    files.map((file) => {
      const found = [...readFileSync(join(SRC, file), 'utf8').matchAll(IMPORTS)];
      const to = found.map(([, plain, later]) => join(dirname(file), plain ?? later));
      return [file, to];
    }),
  );
}

/** The shortest imports that lead from one file to another; undefined where none do. */
function shortest(imports, from, to) {
  const before = new Map([[from, undefined]]);
  for (const file of before.keys()) {
    if (file === to) {
      const path = [];
      for (let at = to; at !== undefined; at = before.get(at)) path.unshift(at);
      return path;
    }
    for (const next of imports.get(file) ?? []) if (!before.has(next)) before.set(next, file);
  }
  return undefined;
}

/** The files that take part in a chain: each stop is reached from the last one before it that leads there. */
function walk({ stops }, imports) {
  const files = new Set(stops.slice(0, 1));
  for (const [at, stop] of stops.entries()) {
    const before = stops.slice(0, at).reverse();
    const from = before.find((one) => shortest(imports, one, stop) !== undefined);
    if (from === undefined && at > 0) throw new Error(`nothing before ${stop} imports it`);
    if (from !== undefined) for (const file of shortest(imports, from, stop)) files.add(file);
  }
  return [...files];
}

const imports = importsOf();
for (const chain of CHAINS) {
  const { title, most, stops } = chain;
  const files = walk(chain, imports);
  // By its second stop: a command that only pushes is another chain.
  const [first, second] = stops;
  const way = new Set([
    ...(shortest(imports, first, second) ?? []),
    ...(shortest(imports, second, stops.at(-1)) ?? shortest(imports, first, stops.at(-1)) ?? []),
  ]);
  console.log(`${title}: ${files.length} files of at most ${most}`);
  console.log(`  shortest, ${way.size}: ${[...way].join(' > ')}`);
  for (const file of files) console.log(`  ${stops.includes(file) ? '*' : ' '} ${file}`);
  if (files.length > most) process.exitCode = 1;
}
