// npm run package [-- --out FILE]: one executable with the Node.js that runs this in it. docs/package.md says how to use it.
import './usage.mjs';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeExecutable } from './package/executable.mjs';

const { values } = parseArgs({ options: { out: { type: 'string', default: 'package/scoville' } } });
const out = resolve(values.out);
await makeExecutable({ target: process.execPath, out });
console.log(
  `${out}: ${(statSync(out).size / 1e6).toFixed(0)} MB, Node.js ${process.versions.node}, ${process.platform} ${process.arch}`,
);
