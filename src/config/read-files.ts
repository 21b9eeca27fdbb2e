import { readFile, stat } from 'node:fs/promises';
import { parseStrictJson } from '../image/formats/json.ts';
import { messageOf, UserError } from '../lib/errors.ts';

interface TextOptions {
  readonly largest: number;
  readonly utf8?: 'required';
}

/**
 * The text of a regular file of at most `largest` bytes, undefined where the file is missing.
 * Throws UserError for another kind of file, one too large, or, where it has to be UTF-8, other
 * bytes; else those become U+FFFD. A pipe is refused, not read: nobody could read it again.
 */
export async function readText(path: string, options: TextOptions): Promise<string | undefined> {
  try {
    return await boundedText(path, options);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new UserError(`${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** The same; throws Error with the reason alone. */
export async function boundedText(path: string, { largest, utf8 }: TextOptions): Promise<string> {
  const bytes = await boundedBytes(path, largest);
  const text = bytes.toString('utf8');
  if (utf8 === 'required' && !Buffer.from(text, 'utf8').equals(bytes))
    throw new Error('it is not UTF-8');
  return text;
}

async function boundedBytes(path: string, largest: number): Promise<Buffer> {
  const found = await stat(path);
  if (!found.isFile()) throw new Error('it is not a file');
  if (found.size > largest) throw new Error(`it is larger than ${largest / 2 ** 20} MiB`);
  return readFile(path);
}

const LARGEST = 32 * 1024 * 1024;

/** A file's JSON. Throws if not a regular file of at most 32 MiB, or not unambiguous JSON. */
export async function readJsonFile(file: string): Promise<unknown> {
  const parsed = parseStrictJson(await boundedBytes(file, LARGEST), 'it', LARGEST);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}
