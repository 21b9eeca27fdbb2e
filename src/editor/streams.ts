import { Readable, Writable } from 'node:stream';
import type { CommandIo } from '../cli/io.ts';

/** A command's stdin and stdout as streams; `ended` resolves at the end of stdin, or an abort. */
export function streamsOf({ stdin, writeOut, signal }: CommandIo) {
  const input = Readable.from(stdin);
  const output = new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      writeOut(Buffer.from(chunk).toString('utf8'));
      done();
    },
  });
  const ended = new Promise<void>((done) => {
    for (const event of ['end', 'error', 'close']) input.once(event, done);
    signal.addEventListener('abort', () => {
      done();
    });
  });
  return { input, output, ended };
}
