// Joins the chunks that esbuild makes of what several parts share. It makes one for each set of parts, more than two hundred; a command
// would load a hundred of them, and finding and opening a file takes longer than most of them run.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';

const IMPORT = /(import|export)(?:\{([^{}]*)\}from)?"((?:\.\/|\.\.\/)(?:[\w-]+\/)*([\w-]+\.js))"/g;

/** Output files that are loaded with one, itself among them. */
function loadedWith(outputs, file, loaded = new Set()) {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  for (const { path, kind, external } of outputs[file].imports)
    if (external !== true && kind !== 'dynamic-import') loadedWith(outputs, path, loaded);
  return loaded;
}

/**
 * The shared chunks by which of the outputs of `entries` (sources) load them: nothing is loaded that was not loaded before. Those that none of
 * them loads stay as they are. What a group imports is loaded by all that load the group, so no two import each other.
 */
function groupsOf({ outputs }, entries) {
  const groups = new Map();
  const chunks = Object.keys(outputs).filter(
    (file) => file.endsWith('.js') && outputs[file].entryPoint === undefined,
  );
  const loads = entries.map((entry) => {
    const file = Object.keys(outputs).find((name) => outputs[name].entryPoint === entry);
    if (file === undefined) throw new Error(`${entry} is not loaded by itself`);
    return loadedWith(outputs, file);
  });
  for (const chunk of chunks) {
    const key = loads.map((loaded) => (loaded.has(chunk) ? '1' : '0')).join('');
    if (key.includes('1')) groups.set(key, [...(groups.get(key) ?? []), chunk]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Rewrites the files of an esbuild build with `splitting`, minified, by its metafile. Its chunks lie in one folder. */
export async function joinChunks(metafile, entries) {
  const { outputs } = metafile;
  /** By a chunk's name: the file that has it now, and what the names that it exports begin with there. */
  const places = new Map();
  const groups = groupsOf(metafile, entries).map((chunks) => {
    const names = chunks.map((chunk) => basename(chunk));
    const hash = createHash('sha256').update(names.join()).digest('hex').slice(0, 8).toUpperCase();
    const file = `shared-${hash}.js`;
    names.forEach((name, index) => places.set(name, { file, prefix: `c${index}_` }));
    return { chunks, file };
  });
  const rewrite = (text, own) =>
    text.replace(IMPORT, (all, word, list, path, name) => {
      const place = places.get(name);
      if (place === undefined || place.file === own) return all;
      const target = JSON.stringify(path.slice(0, -name.length) + place.file);
      if (list === undefined) return word + target;
      const specifiers = list.split(',').map((one) => {
        const [imported, local = imported] = one.split(' as ');
        return `${place.prefix}${imported} as ${local}`;
      });
      return `${word}{${specifiers.join()}}from${target}`;
    });
  const joined = await Promise.all(
    groups.map(async ({ chunks, file }) => {
      const isOwn = (path) => places.get(basename(path))?.file === file;
      const contents = chunks.map((chunk) => {
        const { prefix } = places.get(basename(chunk));
        const list = outputs[chunk].exports.map((name) => `${name} as ${prefix}${name}`);
        return `export{${list.join()}}from"./${basename(chunk)}";`;
      });
      const { outputFiles } = await build({
        stdin: { contents: contents.join('\n'), resolveDir: dirname(chunks[0]) },
        bundle: true,
        write: false,
        platform: 'node',
        target: 'node20.19',
        format: 'esm',
        minify: true,
        legalComments: 'eof',
        plugins: [
          {
            name: 'group',
            setup: (plugin) => {
              plugin.onResolve({ filter: /.*/ }, ({ path, kind }) =>
                kind !== 'entry-point' && (kind === 'dynamic-import' || !isOwn(path))
                  ? { path, external: true }
                  : undefined,
              );
              plugin.onLoad({ filter: /\.js$/ }, ({ path }) => ({
                contents: rewrite(readFileSync(path, 'utf8'), file),
              }));
            },
          },
        ],
      });
      return { path: join(dirname(chunks[0]), file), text: outputFiles[0].text };
    }),
  );
  for (const file of Object.keys(outputs)) {
    if (!file.endsWith('.js')) continue;
    if (places.has(basename(file))) rmSync(file);
    else writeFileSync(file, rewrite(readFileSync(file, 'utf8')));
  }
  for (const { path, text } of joined) writeFileSync(path, text);
}
