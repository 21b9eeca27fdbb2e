// Makes CommonJS of the modules that esbuild wrote: V8 can be given code that it made of such a file in an earlier run, and Node.js 20
// loads them in half of the time. esbuild itself splits nothing but modules.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transform } from 'esbuild';

const OWN_IMPORT = /\bimport\(("\.{1,2}\/[\w./-]+")\)/g;
/** `__ready`: what a library waits for at its top (plugins.mjs). */
const LATE =
  'Promise.resolve().then(()=>require($1)).then(async one=>(await globalThis.__ready,one))';
/** What esbuild exports is a copy, by which each use would go through two functions. */
const COPY = 'module.exports = __toCommonJS(stdin_exports);';
const OPTIONS = { platform: 'node', target: 'node20.19', legalComments: 'inline' };

/** Rewrites all files of a folder. Gives a name that changes with their content. */
export async function toCommonJs(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.js'));
  const hash = createHash('sha256');
  for (const name of names.sort()) {
    const text = await asCommonJs(readFileSync(join(folder, name), 'utf8'));
    hash.update(`${name} ${text}`);
    writeFileSync(join(folder, name), text);
  }
  // The folder above says that its files are modules.
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  return hash.digest('hex');
}

async function asCommonJs(text) {
  const loading = text.replaceAll(OWN_IMPORT, LATE);
  const define = { 'import.meta.url': '__url' };
  const { code } = await transform(loading, { ...OPTIONS, format: 'cjs', define });
  const url = code.includes('__url')
    ? "const __url = require('node:url').pathToFileURL(__filename).href;\n"
    : '';
  const whole = `'use strict';\n${url}${code.replace(COPY, 'module.exports = stdin_exports;')}`;
  return (await transform(whole, { ...OPTIONS, minify: true })).code;
}
