// What the single executable starts with (executable.mjs): puts the package's files, which it carries, beside the user's data once for
// each content, and goes on as `node dist/scoville.js` does. They are the very files of the npm package, so all that is found beside
// them (threads, templates, chunks loaded on demand) is found here too.
'use strict';
const {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const { createRequire } = require('node:module');
const { homedir, tmpdir } = require('node:os');
const { dirname, isAbsolute, join, resolve } = require('node:path');
const { getAsset, getRawAsset } = require('node:sea');

/** Names the content: SHA-256 of all files and their paths. */
const ID = getAsset('id', 'utf8');

/** As `pathsOf` in src/cli/io.ts: beside the layout. */
function dataFolder(env) {
  const home = env.SCOVILLE_HOME ?? '';
  if (home !== '') return resolve(home);
  const data = env.XDG_DATA_HOME ?? '';
  return join(isAbsolute(data) ? data : join(homedir(), '.local/share'), 'scoville');
}

/** Path and bytes of each file. */
function* files() {
  const bytes = Buffer.from(getRawAsset('files'));
  let at = 0;
  for (const [path, length] of JSON.parse(getAsset('index', 'utf8'))) {
    yield [path, bytes.subarray(at, at + length)];
    at += length;
  }
}

/** Where others could change what is run, nothing is run. */
function assertOwn(folder) {
  const { uid, mode } = lstatSync(folder);
  if (uid !== process.getuid() || (mode & 0o170022) !== 0o040000)
    throw new Error(`${folder} is not a folder that only this user can write`);
}

/** Whether the folder is there, only this user's, and each file in it is what the executable carries. */
function isWhole(folder) {
  try {
    assertOwn(folder);
    for (const [path, bytes] of files())
      if (!readFileSync(join(folder, path)).equals(bytes)) return false;
    return true;
  } catch {
    return false;
  }
}

/** The folder with the package's files, whole or not there at all. */
function unpack(into) {
  const program = join(into, 'program');
  mkdirSync(program, { recursive: true, mode: 0o700 });
  assertOwn(program);
  const folder = join(program, ID);
  if (isWhole(folder)) return folder;
  const beside = mkdtempSync(join(program, 'new-'));
  try {
    const files_ = join(beside, 'files');
    for (const [path, bytes] of files()) {
      mkdirSync(dirname(join(files_, path)), { recursive: true, mode: 0o700 });
      writeFileSync(join(files_, path), bytes);
    }
    try {
      renameSync(folder, join(beside, 'old'));
    } catch {
      // There was none, or another start took it away.
    }
    renameSync(files_, folder);
  } catch (error) {
    // Another start was faster.
    if (!isWhole(folder)) throw error;
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  return folder;
}

/** The same where that cannot be: for this run alone. */
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
createRequire(join(folder, 'dist/scoville.js'))('./scoville.js');
