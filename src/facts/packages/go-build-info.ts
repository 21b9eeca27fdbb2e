import type { RawPackage } from '../layer-facts.ts';
import { isPlainText, type RecordContent } from './record.ts';

/** 16-byte marks that Go puts around its module list (src/cmd/go/internal/modload/build.go). */
export const MODULES_START = Buffer.from('3077af0c9274080241e1c107e6d618e6', 'hex');
export const MODULES_END = Buffer.from('f932433186182072008242104116d8f2', 'hex');
/** Begins the build information (src/debug/buildinfo/buildinfo.go); it is aligned to 16 bytes. */
export const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');

const HEADER = 32;
const INLINE = 2;
const BIG_ENDIAN = 1;
export const MAX_MODULES = 8 * 1024 * 1024;

export type GoBuildInfo =
  /** Since Go 1.18: version and module list follow the header. */
  | { readonly form: 'inline'; readonly version: string; readonly modules: string }
  /** Before: the header has the address of the version's string. */
  | {
      readonly form: 'pointer';
      readonly pointerSize: 4 | 8;
      readonly bigEndian: boolean;
      readonly version: bigint;
    }
  | { readonly form: 'none' };

/** Reads build information from its magic on, or says how many bytes it needs to do so. */
export function readBuildInfo(bytes: Buffer): GoBuildInfo | { readonly need: number } {
  if (bytes.length < HEADER) return { need: HEADER };
  const pointerSize = bytes.readUInt8(14);
  const flags = bytes.readUInt8(15);
  if ((flags & INLINE) === 0) {
    if (pointerSize !== 4 && pointerSize !== 8) return { form: 'none' };
    const bigEndian = (flags & BIG_ENDIAN) !== 0;
    return {
      form: 'pointer',
      pointerSize,
      bigEndian,
      version: pointerAt(bytes, 16, pointerSize, bigEndian),
    };
  }
  const version = countedText(bytes, HEADER);
  if ('need' in version) return version;
  if (!/^(?:go|devel)/.test(version.text.toString('latin1', 0, 5))) return { form: 'none' };
  const modules = countedText(bytes, version.end);
  if ('need' in modules)
    // A length that no module list has: the magic is in a program that looks for it.
    return modules.need > MAX_MODULES ? { form: 'none' } : modules;
  return {
    form: 'inline',
    version: version.text.toString('utf8'),
    modules: withoutMarks(modules.text),
  };
}

export function pointerAt(bytes: Buffer, at: number, size: 4 | 8, bigEndian: boolean): bigint {
  if (size === 4) return BigInt(bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  return bigEndian ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at);
}

function countedText(
  bytes: Buffer,
  at: number,
): { readonly text: Buffer; readonly end: number } | { readonly need: number } {
  let length = 0;
  for (let i = 0; i < 5; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined) return { need: at + i + 1 };
    length += (byte & 0x7f) * 2 ** (7 * i);
    if ((byte & 0x80) !== 0) continue;
    const start = at + i + 1;
    const end = start + length;
    return end > bytes.length ? { need: end } : { text: bytes.subarray(start, end), end };
  }
  return { need: MAX_MODULES + 1 };
}

function withoutMarks(text: Buffer): string {
  const marked = text.length >= 33 && text[text.length - 17] === 0x0a;
  return marked ? text.toString('utf8', 16, text.length - 16) : '';
}

/**
 * Packages of a Go program: its standard library (by Go's version), its main module and those it
 * depends on, each replaced one by what replaces it. A main module that was built from a working
 * tree has no version.
 */
export function goPackages(version: string | undefined, modules: string): readonly RawPackage[] {
  const found: RawPackage[] = [];
  const stdlib = /^go(\d[\w.-]*)/.exec(version ?? '')?.[1];
  if (stdlib !== undefined)
    found.push({ type: 'golang', name: 'stdlib', version: stdlib, licenses: [] });
  for (const line of modules.split('\n')) {
    const [kind, name, stated = ''] = line.split('\t');
    const isModule = kind === 'mod' || kind === 'dep' || kind === '=>';
    if (!isModule || !isPlainText(name) || stated.length > 200) continue;
    const replaced = kind === '=>' ? found.pop() : undefined;
    const known = isPlainText(stated) && stated !== '(devel)' ? stated : '';
    // Replaced by a folder of the machine that built it: what was in it is not known.
    const isLocal = /^[./]/.test(name) && replaced !== undefined;
    found.push({
      type: 'golang',
      name: isLocal ? replaced.name : name,
      version: known,
      licenses: [],
    });
  }
  return found;
}

/**
 * What a Go program records. Some are built without a list of modules (not in module mode): then
 * nobody knows what they contain.
 */
export function goRecord({
  version,
  modules,
}: {
  readonly version: string;
  readonly modules: string;
}): RecordContent {
  const packages = goPackages(version, modules);
  return modules === ''
    ? { packages, unreadable: 'it is a Go program without a list of its modules' }
    : { packages };
}
