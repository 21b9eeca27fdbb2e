import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

const ROOMS = [
  'admission',
  'config',
  'difference',
  'dockerfile',
  'oci',
  'tools',
  'normalise',
  'facts',
  'rules',
  'grading',
  'hermetic',
  'attestations',
  'plans',
  'profile',
  'reporters',
  'ui',
];

/**
 * docs/architecture.md, the import table: what a room may import besides itself, `model` and
 * libraries.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  // What any room may call; it knows nothing of images.
  lib: [],
  model: [],
  tar: [],
  formats: [],
  // What is known of programs, as data: several rooms read command lines and names of files.
  programs: [],
  // The orders of versions: scanners' answers and the database of advisories stand on them.
  versions: [],
  ...Object.fromEntries(ROOMS.map((room) => [room, []])),
  // docs/decisions/0001: the tar codec is one room that two others stand on.
  oci: ['tar', 'formats'],
  normalise: ['tar', 'formats'],
  // docs/decisions/0016: so are the readers of file formats, JSON among them.
  attestations: ['formats'],
  tools: ['formats', 'versions'],
  // A rule is verdict, finding and edits: it reads the Dockerfile itself.
  rules: ['formats', 'programs', 'dockerfile', 'facts'],
  difference: ['formats'],
  dockerfile: ['programs'],
  facts: ['formats', 'programs'],
  // One reader and one comparison of profiles: the criterion's.
  profile: ['rules'],
  pipeline: [
    'tar',
    'formats',
    'programs',
    'versions',
    ...ROOMS.filter((room) => room !== 'ui' && room !== 'reporters'),
  ],
  commands: ['pipeline', ...ROOMS],
  bin: ['commands'],
};

/**
 * Who else parses JSON, and why no engine reads it otherwise: a document that one reads too goes
 * through formats/strict-json.ts.
 */
const OWN_READERS: Readonly<Record<string, string>> = {
  'commands/plugin/docker-plugin.ts': 'the configuration of the user’s own Docker client',
  'model/json-value.ts':
    'what a program on this machine printed, records of package managers, and files of the user’s own project: no engine reads them',
  'model/dockerfile.ts': 'a list of words on a line of a Dockerfile: it has no keys',
  'oci/layout/build-record.ts': 'our own record of a build',
  'oci/layout/caches.ts': 'our own cache',
  'oci/layout/owner.ts': 'our own lock',
  'oci/registry/registry-errors.ts': 'a message, shown and not used',
  'pipeline/bake/bake.ts': 'what buildx wrote on this machine',
  'pipeline/fix/undo-fix.ts': 'our own record of a fix',
  'pipeline/image-build/build.ts': 'what buildx wrote on this machine',
  'pipeline/image-build/normalise-image.ts': 'documents that this build normalized and wrote',
  'pipeline/sign/public-log.ts': 'our own settings',
  'pipeline/sign/signing-choice.ts': 'our own settings',
  'plans/bake/bake-definition.ts': 'what buildx printed on this machine',
  'plans/plugin/plugin-file.ts': 'our own note in a script of ours',
  'reporters/fleet-line.ts': 'our own lines',
  'pipeline/advisories/fetch-export.ts': 'our own note of a download',
  'tools/advisories/database-file.ts': 'our own database',
  'tools/osv/osv-http.ts': 'answers of a service, which no engine reads',
};

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? sources(path) : /\.tsx?$/.test(name) ? [path] : [];
  });
}

function room(file: string): string {
  const [first = ''] = relative(SRC, file).split('/');
  return first.replace(/\.tsx?$/, '');
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g,
  );
  return [...found].map((m) => m[1] ?? m[2] ?? '');
}

/**
 * Who writes, renames or links files besides `oci/blobs/replace-file.ts`, the one atomic writer,
 * and why. What a user named is written by that one (`writeFileBeside`), so that it is never half
 * there.
 */
const OWN_WRITERS: Readonly<Record<string, string>> = {
  'hermetic/fetch-store.ts': 'a body is renamed to the digest of what was written',
  'pipeline/hermetic/write-inputs.ts': 'a body gets a second name, its digest',
  'pipeline/hermetic/hermetic-session.ts': 'a temporary folder of ours',
  'oci/layout/layout-store.ts': 'the layout: a link between its own folders',
  'oci/layout/small-layout.ts': 'a temporary folder of ours',
  'oci/layout/owner.ts': 'our own lock, which has to be new',
  'oci/blobs/blob-writer.ts': 'the layout: a blob is renamed to the digest of what was written',
  'oci/archive/spool.ts': 'a temporary file of ours',
  'pipeline/write-file-beside.ts': 'calls the atomic writer; a device or pipe is written as it is',
  'pipeline/write-files-together.ts': 'files of a template, all or none: each beside, then renamed',
  'pipeline/publish/write-image-file.ts': 'an image to a pipe, and blobs by digest into a layout',
  'pipeline/grade/line-file.ts': 'lines are appended, so that a run can go on from them',
  'pipeline/sign/sign-statements.ts': 'a temporary folder of ours',
  'pipeline/sign/trusted-signers.ts': 'a temporary folder of ours',
  'pipeline/compare/deeper-views.ts': 'a temporary folder of ours',
  'pipeline/image-build/clock-folder.ts': 'the folder of a build',
  'pipeline/image-build/clock-probe.ts': 'the folder of a build',
  'pipeline/contexts/copy-context.ts': 'the copy of a context, in a folder of ours',
  'pipeline/scan/scan-sbom.ts': 'a temporary folder of ours',
  'pipeline/scan/scan-platforms.ts': 'a temporary folder of ours',
  'pipeline/verify/verify-attachments.ts': 'a temporary folder of ours',
  'pipeline/advisories/fetch-export.ts': 'a download that goes on where it ended, in our cache',
  'pipeline/fix/undo-fix.ts': 'what --undo needs, in our cache',
  'pipeline/fix/verify-fixes.ts': 'a temporary folder of ours',
  'pipeline/image-build/send.ts': 'the folder of a build',
  'pipeline/image-build/engine.ts': 'an empty mark in our cache',
  'pipeline/image-build/run-buildkit.ts': 'the folder of a build',
  'tools/cosign/cosign-verify-attached.ts': 'a temporary folder of ours',
  'tools/cosign/cosign-sign.ts': 'a temporary folder of ours',
  'tools/cosign/cosign-trust.ts': 'a temporary folder of ours',
  'tools/cosign/sigstore.ts': 'a temporary folder of ours',
  'tools/cosign/cosign-keys.ts': 'a pair of keys is made in a folder beside, then renamed together',
};

/** What of node:fs puts bytes or names into a folder. */
const WRITES =
  /^(?:writeFile|appendFile|copyFile|cp|rename|link|symlink|truncate|writev?|createWriteStream|WriteStream)(?:Sync)?$/;
/** A mode of `open` that writes. */
const WRITE_MODE = /'(?:[wa]x?s?\+?|wx\+|ax\+|rs?\+)'|\bO_(?:WRONLY|RDWR|CREAT)\b/;

/**
 * Names that a file takes from node:fs; `*` for the whole of it, where nobody could see what is
 * used.
 */
function takenFromFs(text: string): readonly string[] {
  const imports = text.matchAll(
    /import\s+(?:type\s+)?([^;]*?)\s+from\s+'(?:node:)?fs(?:\/promises)?'|(?:import|require)\(\s*'(?:node:)?fs/g,
  );
  return [...imports].flatMap(([, names]) =>
    names?.startsWith('{') === true
      ? names.split(/[{},]/).map((name) => name.trim().replace(/^type |\s+as .*$/g, ''))
      : ['*'],
  );
}

/** What others may import of the filesystem tree: docs/explanation/filesystem-tree.md. */
const TREE = 'facts/filesystem/';
const TREE_FACE = [
  'file-tree.ts: the tree',
  'place.ts: one place of it',
  'filesystem.ts: what criteria see of it',
  'file-collector.ts: what a walk over a layer collects',
  'path-list.ts: the files of one layer',
  'executable-kind.ts: what a program is by its bytes',
].map((line) => TREE + line.replace(/:.*/, ''));

const files = sources(SRC);
const local = new Map(
  files.map((file) => [
    file,
    importsOf(file)
      .filter((i) => i.startsWith('.'))
      .map((i) => resolve(dirname(file), i)),
  ]),
);

describe('the import table of docs/architecture.md', () => {
  test('knows every room', () => {
    expect([...new Set(files.map(room))].filter((name) => !(name in MAY_IMPORT))).toEqual([]);
  });

  test('holds for every import', () => {
    const wrong = files.flatMap((file) =>
      (local.get(file) ?? [])
        .filter((target) => target.startsWith(SRC + '/'))
        .filter((target) => {
          const to = room(target);
          return (
            to !== room(file) &&
            to !== 'model' &&
            to !== 'lib' &&
            !(MAY_IMPORT[room(file)] ?? []).includes(to)
          );
        })
        .map((target) => `${relative(SRC, file)} -> ${relative(SRC, target)}`),
    );
    expect(wrong).toEqual([]);
  });

  test('nobody else knows how the filesystem tree keeps its places', () => {
    const taken = files.flatMap((file) =>
      relative(SRC, file).startsWith(TREE)
        ? []
        : (local.get(file) ?? []).map((target) => relative(SRC, target)),
    );
    const inside = new Set(taken.filter((target) => target.startsWith(TREE)));
    expect([...inside].sort()).toEqual([...TREE_FACE].sort());
  });

  test('has no cycles, type imports included', () => {
    const cycles: string[] = [];
    const state = new Map<string, 'open' | 'done'>();
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        cycles.push(
          [...path.slice(path.indexOf(file)), file].map((f) => relative(SRC, f)).join(' -> '),
        );
        return;
      }
      state.set(file, 'open');
      for (const target of local.get(file) ?? [])
        if (local.has(target)) visit(target, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });

  test('has no cycles between folders: a folder is one thing to the files and folders beside it', () => {
    const beside = new Map<string, Map<string, Set<string>>>();
    for (const [file, targets] of local)
      for (const target of targets) {
        const [from, to] = [relative(SRC, file).split('/'), relative(SRC, target).split('/')];
        const depth = from.findIndex((part, at) => part !== to[at]);
        const level = beside.get(from.slice(0, depth).join('/')) ?? new Map<string, Set<string>>();
        beside.set(from.slice(0, depth).join('/'), level);
        const [one = '', other = ''] = [from[depth], to[depth]];
        level.set(one, (level.get(one) ?? new Set()).add(other));
      }
    const cycles = [...beside].flatMap(([folder, level]) => {
      const reaches = (start: string): Set<string> => {
        const seen = new Set<string>();
        const todo = [start];
        for (let at = todo.pop(); at !== undefined; at = todo.pop())
          for (const next of level.get(at) ?? [])
            if (!seen.has(next)) {
              seen.add(next);
              todo.push(next);
            }
        return seen;
      };
      return [...level.keys()]
        .filter((one) => reaches(one).has(one))
        .map((one) => `${folder}/${one}`);
    });
    expect(cycles).toEqual([]);
  });

  test('one file starts processes and one sets the exit code', () => {
    const starters = files.filter((f) =>
      importsOf(f).some((i) => /^(execa|(node:)?child_process)$/.test(i)),
    );
    expect(starters.map((f) => relative(SRC, f))).toEqual(['tools/run-tool.ts']);
    const enders = files.filter((f) => /process\.exit(Code)?\b/.test(readFileSync(f, 'utf8')));
    expect(enders.map((f) => relative(SRC, f))).toEqual(['bin.ts']);
  });

  test('folders are made by lib/make-folders.ts: Node’s own never ends below /proc', () => {
    const makers = files.filter((f) =>
      /\bmkdir(?:Sync)?\(.*recursive: true/.test(readFileSync(f, 'utf8')),
    );
    expect(makers.map((f) => relative(SRC, f))).toEqual(['lib/make-folders.ts']);
  });

  test('files of users have one writer', () => {
    const writers = files.filter((f) => {
      const text = readFileSync(f, 'utf8');
      const taken = takenFromFs(text);
      return (
        taken.some((name) => name === '*' || name === 'promises' || WRITES.test(name)) ||
        (taken.some((name) => /^open(?:Sync)?$/.test(name)) && WRITE_MODE.test(text))
      );
    });
    expect(writers.map((f) => relative(SRC, f)).sort()).toEqual(
      ['oci/blobs/replace-file.ts', ...Object.keys(OWN_WRITERS)].sort(),
    );
  });

  test('pure rooms read no file, no network and no clock', () => {
    const pure = [
      'admission',
      'model',
      'tar',
      'formats',
      'programs',
      'versions',
      'dockerfile',
      'facts',
      'rules',
      'grading',
      'attestations',
      'plans',
      'profile',
      'reporters',
    ];
    const impure = files
      .filter((f) => pure.includes(room(f)))
      .filter((f) => {
        const text = readFileSync(f, 'utf8');
        return (
          importsOf(f).some((i) => /^(node:)?(fs|fs\/promises|http|https|net|os)$/.test(i)) ||
          /\bDate\.now\(\)|new Date\(\)|process\.env\b/.test(text)
        );
      });
    expect(impure.map((f) => relative(SRC, f))).toEqual([]);
  });

  test('JSON from outside has one reader', () => {
    const readers = files
      .filter((f) => /\bJSON\.parse\b/.test(readFileSync(f, 'utf8')))
      .map((f) => relative(SRC, f));
    expect(readers.sort()).toEqual(['formats/strict-json.ts', ...Object.keys(OWN_READERS)].sort());
  });

  test('a test that mocks a module has a process of its own', () => {
    const mocking = sources(resolve(SRC, '../test'))
      .filter((f) => /^ *(await )?vi\.(mock|doMock|resetModules)\(/m.test(readFileSync(f, 'utf8')))
      .map((f) => relative(SRC, f));
    expect(mocking).not.toEqual([]);
    expect(mocking.filter((f) => !f.endsWith('.alone.test.ts'))).toEqual([]);
  });

  test('a file is what a person wants open at once: none over 600 lines', () => {
    const lengths = files.map((f) => ({
      file: relative(SRC, f),
      lines: readFileSync(f, 'utf8').split('\n').length - 1,
    }));
    expect(lengths.filter((l) => l.lines > 600)).toEqual([]);
  });
});
