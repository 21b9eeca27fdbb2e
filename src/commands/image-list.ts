import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, UserError } from '../model/errors.ts';
import { parseImageList } from '../plans/image-list.ts';
import type { CommandIo } from './io.ts';

const LARGEST = 16 * 1024 * 1024;

/** Reads a list of images from a file, or from stdin where it is `-`. Throws UserError where it holds none, or something else. */
export async function readImageList(file: string, io: CommandIo): Promise<readonly string[]> {
  const name = file === '-' ? 'the list on stdin' : file;
  const read = parseImageList(await textOf(file, name, io));
  if (!read.ok)
    throw new UserError(`${name}: ${read.error}`, {
      nextStep:
        'a list has one image a line; to grade an image by its Dockerfile, name the image too: scoville grade --file DOCKERFILE IMAGE',
    });
  if (read.value.length === 0) throw new UserError(`${name} names no image`);
  return read.value;
}

async function textOf(file: string, name: string, io: CommandIo): Promise<string> {
  const stream = file === '-' ? io.stdin : createReadStream(resolve(io.cwd, file));
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > LARGEST) throw new UserError(`${name} is larger than 16 MiB`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${name} cannot be read: ${messageOf(cause)}`, { cause });
  }
  return Buffer.concat(chunks).toString('utf8');
}
