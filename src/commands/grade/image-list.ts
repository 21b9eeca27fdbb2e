import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from '../../model/errors.ts';
import { parseImageList } from '../../plans/image-list.ts';
import type { CommandIo } from '../io.ts';
import { readStream } from '../read-stream.ts';

/** Reads a list of images from a file, or stdin for `-`. Throws UserError if none or not a list. */
export async function readImageList(file: string, io: CommandIo): Promise<readonly string[]> {
  const name = file === '-' ? 'the list on stdin' : file;
  const read = parseImageList(await textOf(file, name, io));
  if (!read.ok)
    throw new UserError(`${name}: ${read.error}`, {
      nextStep:
        'a list has one image a line; to grade an image by its Dockerfile, name the image too: scoville grade --file DOCKERFILE IMAGE',
    });
  if (read.value.length === 0) throw new UserError(`${name} does not name an image`);
  return read.value;
}

async function textOf(file: string, name: string, io: CommandIo): Promise<string> {
  const stream = file === '-' ? io.stdin : createReadStream(resolve(io.cwd, file));
  return Buffer.from(await readStream(stream as AsyncIterable<Uint8Array>, name)).toString('utf8');
}
