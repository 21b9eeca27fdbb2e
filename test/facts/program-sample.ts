import { deflateSync } from 'node:zlib';

/** Fills a program of `size` bytes with what is found in no list, `parts` at their offsets. */
export function program(
  size: number,
  parts: Readonly<Record<number, Uint8Array>>,
  magic = '\x7fELF',
): Buffer {
  const bytes = Buffer.alloc(size, 'x\x9c machine code ', 'latin1');
  bytes.write(magic, 0, 'latin1');
  for (const [at, part] of Object.entries(parts)) bytes.set(part, Number(at));
  return bytes;
}

const START = Buffer.from('3077af0c9274080241e1c107e6d618e6', 'hex');
const END = Buffer.from('f932433186182072008242104116d8f2', 'hex');

function counted(text: Uint8Array): Buffer {
  const length: number[] = [];
  for (let left = text.length; ; left >>>= 7) {
    if (left < 0x80) return Buffer.concat([Buffer.from([...length, left]), text]);
    length.push((left & 0x7f) | 0x80);
  }
}

export const MODULES = [
  ...['path\texample.com/app/cmd/app', 'mod\texample.com/App\t(devel)\t'],
  ...['dep\tgolang.org/x/text\tv0.3.0\th1:x=', 'dep\texample.com/orig\tv1.0.0'],
  ...['=>\texample.com/fork\tv1.1.0\th1:y=', 'dep\texample.com/local\tv1.0.0', '=>\t./local\t\t'],
  ...['build\t-compiler=gc', ''],
].join('\n');

function modules(text: string): Buffer {
  return Buffer.concat([START, Buffer.from(text), END]);
}

/** Build information as Go writes it since 1.18. */
export function buildInfo(version: string, text: string): Buffer {
  const header = Buffer.alloc(32);
  header.write('\xff Go buildinf:\x08\x02', 'latin1');
  return Buffer.concat([
    header,
    counted(Buffer.from(version)),
    counted(text === '' ? Buffer.alloc(0) : modules(text)),
  ]);
}

/** What cargo-auditable puts into a program. */
export function dependencyList(document: unknown, level = 7): Buffer {
  return deflateSync(JSON.stringify(document), { level });
}
