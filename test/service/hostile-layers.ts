import { gzipSync } from 'node:zlib';
import { entry, tarOf } from '../fakes/tar-bytes.ts';

const BLOCK = 512;
const MEMBER = 64 << 20;

/** A gzip with two files of 5 GiB of zeros, the same member again and again: 10 MB, or 46 at level 1. */
export function bombLayer(level = 9): Buffer {
  const times = 80;
  const zeros = gzipSync(Buffer.alloc(MEMBER), { level });
  const fileOf = (name: string): Buffer[] => [
    gzipSync(tarOf([{ entry: entry({ name, size: times * MEMBER }) }]).subarray(0, BLOCK)),
    ...Array<Buffer>(times).fill(zeros),
  ];
  return Buffer.concat([...fileOf('one'), ...fileOf('two'), gzipSync(Buffer.alloc(2 * BLOCK))]);
}

/** Empty files, by one header of which the name's digits and the checksum change. */
export function manyFilesLayer(count: number): Buffer {
  const start = `usr/share/${'x'.repeat(60)}/`;
  const digitsOf = (number: number): string => String(number).padStart(7, '0');
  const header = tarOf([{ entry: entry({ name: start + digitsOf(0), size: 0 }) }]).subarray(
    ...[0, BLOCK],
  );
  const sum = parseInt(header.toString('latin1', 148, 154), 8);
  const tar = Buffer.alloc(BLOCK * (count + 2));
  for (let i = 0; i < count; i += 1) {
    const digits = digitsOf(i);
    const more = Array.from(digits).reduce((all, digit) => all + Number(digit), 0);
    header.copy(tar, BLOCK * i);
    tar.write(digits, BLOCK * i + start.length, 'latin1');
    tar.write((sum + more).toString(8).padStart(6, '0'), BLOCK * i + 148, 'latin1');
  }
  return tar;
}
