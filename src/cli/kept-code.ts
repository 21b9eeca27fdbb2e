/* eslint-disable no-restricted-imports -- nothing but our own cache is written */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { getHeapCodeStatistics } from 'node:v8';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';
import { temporaryPath } from '../image/disk.ts';
import { field, listField, numberField, parseJson } from '../lib/json.ts';

/** What a run has kept for the next. */
interface Kept {
  /** Bytes of V8's code at the end of that run. */
  readonly size: number;
  /** By path below the folder of the program. */
  readonly parts: ReadonlyMap<string, Buffer>;
}

export interface Program {
  readonly folder: string;
  /** Changes with what is in its files. */
  readonly id: string;
  /** Loads what is not named by a relative path. */
  readonly require: Load;
}

type Load = (id: string) => unknown;
type Module = (
  exports: object,
  require: Load,
  module: { exports: object },
  filename: string,
  dirname: string,
) => void;

/** More code by this share is worth writing all of it again. */
const GROWTH = 1.03;

/**
 * Runs files of CommonJS as `require` does, with the code that V8 made of them in an earlier run. A
 * third of the processor time of a short command goes into making it.
 */
export class KeptCode {
  readonly #program: Program;
  readonly #file: string | undefined;
  readonly #kept: Kept;
  readonly #modules = new Map<string, { exports: object }>();
  readonly #scripts = new Map<string, Script>();
  #isWhole: boolean;

  /** `file`: where code is kept, if anywhere. */
  constructor(program: Program, file: string | undefined) {
    this.#program = program;
    this.#file = file;
    this.#kept = file === undefined ? NONE : readKept(file, program.id);
    this.#isWhole = this.#kept.parts.size > 0;
  }

  /** `name`: a path below the folder of the program. */
  load(name: string): object {
    const known = this.#modules.get(name);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    this.#modules.set(name, module);
    const cachedData = this.#kept.parts.get(name);
    const file = join(this.#program.folder, name);
    const source = `(function(exports,require,module,__filename,__dirname){${readFileSync(file, 'utf8')}\n})`;
    const script = new Script(source, {
      filename: file,
      ...(cachedData === undefined ? {} : { cachedData }),
    });
    // V8 rejects code of another version, of other flags or of a longer file.
    if (cachedData === undefined || script.cachedDataRejected === true) this.#isWhole = false;
    this.#scripts.set(name, script);
    const require: Load = (id) =>
      id.startsWith('.') ? this.load(join(dirname(name), id)) : this.#program.require(id);
    (script.runInThisContext() as Module)(module.exports, require, module, file, dirname(file));
    return module.exports;
  }

  /** Keeps the code where this run had none, or needed more. Never throws. */
  keep(): void {
    const file = this.#file;
    const size = codeSize();
    const isKnown = this.#isWhole && size < this.#kept.size * GROWTH;
    if (file === undefined || isKnown) return;
    try {
      makeFolder(dirname(file));
      if (!isOwn(dirname(file))) return;
      const parts = new Map(this.#kept.parts);
      for (const [name, script] of this.#scripts) parts.set(name, script.createCachedData());
      const lengths = [...parts].map(([name, { length }]) => [name, length]);
      const about = { id: this.#program.id, size, parts: lengths };
      const head = Buffer.from(JSON.stringify(about));
      const all = Buffer.concat([number(head.length), head, ...parts.values()]);
      replace(file, Buffer.concat([number(crc32(all)), all]));
    } catch {
      // A full disk, or a home that cannot be written.
    }
  }
}

const NONE: Kept = { size: 0, parts: new Map() };

/** Nothing where it is not ours alone, damaged, or of other code. */
function readKept(file: string, id: string): Kept {
  try {
    if (!isOwn(dirname(file))) return NONE;
    const bytes = readFileSync(file);
    const all = bytes.subarray(NUMBER);
    // V8 checks the head alone, and would run what is damaged.
    if (bytes.readUInt32LE() !== crc32(all)) return NONE;
    let at = NUMBER + all.readUInt32LE();
    const head = parseJson(all.toString('utf8', NUMBER, at));
    if (field(head, 'id') !== id) return NONE;
    const parts = new Map<string, Buffer>();
    for (const [name, length] of listField(head, 'parts') as readonly (readonly [string, number])[])
      parts.set(name, all.subarray(at, (at += length)));
    return { size: numberField(head, 'size') ?? 0, parts };
  } catch {
    return NONE;
  }
}

const NUMBER = 4;

function number(value: number): Buffer {
  const bytes = Buffer.alloc(NUMBER);
  bytes.writeUInt32LE(value);
  return bytes;
}

function codeSize(): number {
  return getHeapCodeStatistics().bytecode_and_metadata_size;
}

function replace(file: string, bytes: Uint8Array): void {
  const beside = temporaryPath(dirname(file));
  try {
    writeFileSync(beside, bytes, { mode: 0o600, flag: 'wx' });
    renameSync(beside, file);
  } finally {
    rmSync(beside, { force: true });
  }
}

/** Below the home of a user, which must be there: `.cache`, `scoville`, `code` and `v1`. */
const MOST_NEW = 4;

/** Not `recursive`: Node's own way loops for ever below /proc. */
function makeFolder(folder: string, left = MOST_NEW): void {
  if (left === 0 || existsSync(folder)) return;
  makeFolder(dirname(folder), left - 1);
  mkdirSync(folder, { mode: 0o700 });
}

/** Only this user, and root, can put anything there or another folder in its place. */
export function isOwn(folder: string): boolean {
  const user = process.getuid?.();
  const { mode, uid } = lstatSync(folder);
  if (user === undefined || uid !== user || (mode & 0o170077) !== 0o040000) return false;
  for (let at = realpathSync(folder); at !== dirname(at);) {
    at = dirname(at);
    const above = lstatSync(at);
    const isShared = (above.mode & 0o022) !== 0 && (above.mode & 0o1000) === 0;
    if (isShared || (above.uid !== user && above.uid !== 0)) return false;
  }
  return true;
}
