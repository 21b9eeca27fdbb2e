// Imports that are made when the command is bundled, for esbuild and vitest alike: the text of a file (FILE?raw),
// and the check of a JSON schema (schema-check:NAME of schema/NAME.json), as code that needs no library and makes none while it runs.
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

const OURS = ['x-scope', 'x-flag', 'x-default', 'x-expects', 'x-file', 'x-tightens', 'x-where'];

async function checkOf(name) {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const { default: standalone } = await import('ajv/dist/standalone/index.js');
  const ajv = new Ajv2020({
    allErrors: true,
    logger: false,
    messages: false,
    // Lengths in UTF-16 units, as JavaScript counts them.
    unicode: false,
    allowUnionTypes: true,
    // What `format` says is for readers, as JSON Schema has it.
    validateFormats: false,
    code: { source: true, esm: true, lines: false },
  });
  ajv.addVocabulary(OURS);
  const file = new URL(`../../schema/${name}.json`, import.meta.url);
  return standalone.default(ajv, ajv.compile(JSON.parse(await readFile(file, 'utf8'))));
}

const PREFIX = 'schema-check:';

/** Parts of libraries that the command never uses, by the end of their path, and what stands there instead. */
const LEFT_OUT = {
  // HTTP/2, which no request here asks for, and for which Node loads code.
  'undici/lib/dispatcher/client-h2.js':
    "module.exports = () => { throw new Error('not part of scoville'); };",
  // Errors in forty languages.
  'zod/v4/locales/index.js': "export { default as en } from './en.js';",
  // A compiler of schemas, for answers that our server never asks an agent for.
  '@modelcontextprotocol/sdk/dist/esm/validation/ajv-provider.js':
    "export class AjvJsonSchemaValidator { getValidator() { throw new Error('not part of scoville'); } }",
};

function ending(path) {
  return new RegExp(`/node_modules/${path.replaceAll('.', '\\.')}$`);
}

/** Texts in libraries that wait for something at the top of a module, as CommonJS cannot, and what stands there instead. */
const NOT_AWAITED = {
  // Ink would connect to a debugger, and read its version for it, where DEV is set.
  'ink/build/reconciler.js': [
    ["await import('./devtools.js')", ''],
    ['await loadPackageJson()', 'undefined'],
  ],
  // What is loaded on demand waits for it (to-commonjs.mjs).
  'yoga-layout/dist/src/index.js': [
    [
      'wrapAssembly(await loadYoga())',
      '{}; globalThis.__ready = loadYoga().then((made) => Object.assign(Yoga, wrapAssembly(made)))',
    ],
  ],
};

/** For esbuild. */
export const plugins = [
  {
    name: 'left-out',
    setup(build) {
      for (const [path, contents] of Object.entries(LEFT_OUT)) {
        build.onLoad({ filter: ending(path) }, () => ({ contents }));
      }
      for (const [path, texts] of Object.entries(NOT_AWAITED))
        build.onLoad({ filter: ending(path) }, async ({ path: file }) => {
          let contents = await readFile(file, 'utf8');
          for (const [there, instead] of texts) {
            if (!contents.includes(there)) throw new Error(`${path} has no ${there}`);
            contents = contents.replace(there, instead);
          }
          return { contents };
        });
    },
  },
  {
    name: 'raw-text',
    setup(build) {
      build.onResolve({ filter: /\?raw$/ }, ({ path, resolveDir }) => ({
        path: resolve(resolveDir, path.replace(/\?raw$/, '')),
        namespace: 'raw-text',
      }));
      build.onLoad({ filter: /.*/, namespace: 'raw-text' }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        const isStyle = path.endsWith('.css');
        const { code } = isStyle
          ? await build.esbuild.transform(text, { loader: 'css', minify: true })
          : { code: text };
        return { contents: code, loader: 'text' };
      });
    },
  },
  {
    name: 'schema-check',
    setup(build) {
      build.onResolve({ filter: /^schema-check:/ }, ({ path }) => ({
        path: path.slice(PREFIX.length),
        namespace: 'schema-check',
      }));
      build.onLoad({ filter: /.*/, namespace: 'schema-check' }, async ({ path }) => ({
        contents: await checkOf(path),
      }));
    },
  },
];

/** For vitest, which knows FILE?raw itself but takes a style for empty. */
export const vitePlugin = {
  name: 'made-imports',
  enforce: 'pre',
  resolveId(id, importer) {
    if (id.startsWith(PREFIX)) return `\0${id}`;
    if (!id.endsWith('?raw') || importer === undefined) return undefined;
    return `\0${resolve(dirname(importer), id.slice(0, -'?raw'.length))}.raw`;
  },
  async load(id) {
    if (id.startsWith(`\0${PREFIX}`)) return checkOf(id.slice(PREFIX.length + 1));
    if (!id.startsWith('\0/') || !id.endsWith('.raw')) return undefined;
    const text = await readFile(id.slice(1, -'.raw'.length), 'utf8');
    return `export default ${JSON.stringify(text)};`;
  },
};
