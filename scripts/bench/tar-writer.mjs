import { writeSync } from 'node:fs';

const BLOCK = 512;

/** Writes a ustar archive of plain files to an open file: name below 100 characters, fixed time, root's. */
export function tarWriter(fd) {
  return {
    add(name, mode, content) {
      writeSync(fd, header(name, mode, content.length));
      writeSync(fd, content);
      writeSync(fd, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK));
    },
    end() {
      writeSync(fd, Buffer.alloc(2 * BLOCK));
    },
  };
}

/** The block in front of a file's content. */
export function header(name, mode, size) {
  const block = Buffer.alloc(BLOCK);
  const octal = (value, at, width) =>
    block.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1');
  block.write(name, 0, 'latin1');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(1_700_000_000, 136, 12);
  block.write('        0', 148, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
