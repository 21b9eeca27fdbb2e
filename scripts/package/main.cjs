// What the single executable starts with (package.mjs): puts the package's files, which it carries, beside the user's data
// once for each content, and goes on as `node dist/scoville.js` does. They are the very files of the npm package, so all that is found
// beside them (threads, templates, chunks loaded on demand) is found here too.
'use strict';
const {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const { createRequire } = require('node:module');
const { homedir, tmpdir } = require('node:os');
const { dirname, isAbsolute, join, resolve } = require('node:path');
const { getAsset } = require('node:sea');

/** As `pathsOf` in src/commands/paths.ts: beside the layout. */
function dataFolder(env) {
  const home = env.SCOVILLE_HOME ?? '';
  if (home !== '') return resolve(home);
  const data = env.XDG_DATA_HOME ?? '';
  return join(isAbsolute(data) ? data : join(homedir(), '.local/share'), 'scoville');
}

/** The folder with the package's files, whole or not there at all. */
function unpack(into) {
  const folder = join(into, 'program', getAsset('id', 'utf8'));
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  const beside = mkdtempSync(`${folder}-`);
  try {
    for (const [path, text] of Object.entries(JSON.parse(getAsset('files', 'utf8')))) {
      mkdirSync(dirname(join(beside, path)), { recursive: true });
      writeFileSync(join(beside, path), text);
    }
    renameSync(beside, folder);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    // Another one was faster.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** The same where nothing may be written beside the user's data: for this run alone. */
function unpackForNow() {
  const temporary = mkdtempSync(join(tmpdir(), 'scoville-program-'));
  process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));
  return unpack(temporary);
}

let folder;
try {
  folder = unpack(dataFolder(process.env));
} catch {
  folder = unpackForNow();
}
// Only a file on disk may import a module of today.
createRequire(join(folder, 'start.cjs'))('./start.cjs');
