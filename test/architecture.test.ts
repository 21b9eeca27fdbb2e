import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/**
 * docs/architecture.md, the import table: rooms at the bottom, and what each may import. They know
 * nothing of commands. The other rooms are commands and their flows: they import what they need.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  model: ['lib'],
  ui: ['lib', 'model'],
  image: ['lib', 'model'],
  programs: ['lib', 'model'],
  dockerfile: ['lib', 'model', 'programs'],
  facts: ['lib', 'model', 'programs', 'image'],
  normalize: ['lib', 'model', 'image'],
  criteria: ['lib', 'model', 'programs', 'image', 'dockerfile', 'facts'],
  config: ['lib', 'model', 'image', 'criteria'],
  report: ['lib', 'model', 'config'],
};
const FLOWS = [
  'build',
  'cli',
  'fix',
  'grade',
  'init',
  'lint',
  'profile',
  'reproduce',
  'scan',
  'trust',
];

/**
 * Who else parses JSON, and why no engine reads it otherwise: a document that one reads too goes
 * through formats/strict-json.ts.
 */
const OWN_READERS: Readonly<Record<string, string>> = {
  'cli/plugin.ts': 'the configuration of the user’s own Docker client',
  'lib/json.ts':
    'what a program on this machine printed, records of package managers, and files of the user’s own project: no engine reads them',
  'model/dockerfile.ts': 'a list of words on a line of a Dockerfile: it has no keys',
  'image/layout/store.ts': 'our own record of a build',
  'image/caches.ts': 'our own cache',
  'image/owner.ts': 'our own lock',
  'image/registry/http.ts': 'a message, shown and not used',
  'build/bake.ts': 'what buildx wrote on this machine',
  'fix/files.ts': 'our own record of a fix',
  'build/build.ts': 'what buildx wrote on this machine',
  'build/normalise-built.ts': 'documents that this build normalized and wrote',
  'trust/signer.ts': 'our own settings',
  'build/bake-definition.ts': 'what buildx printed on this machine',
  'cli/plugin-call.ts': 'our own note in a script of ours',
  'report/json.ts': 'our own lines',
  'scan/advisories.ts': 'our own database',
  'scan/osv.ts': 'answers of a service, which no engine reads',
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
 * Who writes, renames or links files besides `image/disk.ts`, the one atomic writer,
 * and why. What a user named is written by that one (`writeFileBeside`), so that it is never half
 * there.
 */
const OWN_WRITERS: Readonly<Record<string, string>> = {
  'reproduce/fetch-store.ts': 'a body is renamed to the digest of what was written',
  'reproduce/inputs.ts': 'a body gets a second name, its digest',
  'reproduce/hermetic-session.ts': 'a temporary folder of ours',
  'image/layout/store.ts': 'the layout: a link between its own folders',
  'image/layout/entries.ts': 'a temporary folder of ours',
  'image/owner.ts': 'our own lock, which has to be new',
  'image/blob-store.ts': 'the layout: a blob is renamed to the digest of what was written',
  'image/archive/spool.ts': 'a temporary file of ours',
  'config/project-files.ts': 'calls the atomic writer; a device or pipe is written as it is',
  'build/load-image.ts': 'an image to a pipe, and blobs by digest into a layout',
  'grade/line-file.ts': 'lines are appended, so that a run can go on from them',
  'trust/sign.ts': 'a temporary folder of ours',
  'trust/trusted-signers.ts': 'a temporary folder of ours',
  'reproduce/diffoscope.ts': 'a temporary folder of ours',
  'build/clock.ts': 'the folder of a build',
  'build/send-contexts.ts': 'the copy of a context, in a folder of ours',
  'scan/scan-sbom.ts': 'a temporary folder of ours',
  'scan/scan-image.ts': 'a temporary folder of ours',
  'trust/verify-attachments.ts': 'a temporary folder of ours',
  'scan/update-database.ts': 'a download that goes on where it ended, in our cache',
  'fix/files.ts': 'what --undo needs, in our cache',
  'fix/verify.ts': 'a temporary folder of ours',
  'build/send.ts': 'the folder of a build',
  'build/engine.ts': 'an empty mark in our cache',
  'build/run-buildkit.ts': 'the folder of a build',
  'trust/cosign.ts': 'a temporary folder of ours',
  'trust/sigstore.ts': 'a temporary folder of ours',
  'trust/cosign-sign.ts': 'a pair of keys is made in a folder beside, then renamed together',
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
    const known = new Set([...Object.keys(MAY_IMPORT), ...FLOWS, 'bin']);
    expect([...new Set(files.map(room))].filter((name) => !known.has(name))).toEqual([]);
  });

  test('holds for every import', () => {
    const wrong = files.flatMap((file) =>
      (local.get(file) ?? [])
        .filter((target) => target.startsWith(SRC + '/') && room(target) !== room(file))
        .filter((target) => MAY_IMPORT[room(file)]?.includes(room(target)) === false)
        .map((target) => `${relative(SRC, file)} -> ${relative(SRC, target)}`),
    );
    expect(wrong).toEqual([]);
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

  test('one file starts processes and one sets the exit code', () => {
    const starters = files.filter((f) =>
      importsOf(f).some((i) => /^(execa|(node:)?child_process)$/.test(i)),
    );
    expect(starters.map((f) => relative(SRC, f))).toEqual(['lib/run-tool.ts']);
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
      ['image/disk.ts', ...Object.keys(OWN_WRITERS)].sort(),
    );
  });

  test('pure rooms read no file, no network and no clock', () => {
    const pure = ['model', 'programs', 'dockerfile', 'facts', 'criteria', 'report'];
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
    expect(readers.sort()).toEqual(['image/formats/json.ts', ...Object.keys(OWN_READERS)].sort());
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
