import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf, UserError } from '../model/errors.ts';
import type { GivenDockerfile } from './grade-build-fact.ts';

const LARGEST = 4 * 1024 * 1024;

/** Reads a Dockerfile of at most 4 MiB. Throws UserError where it cannot be read. */
export async function readGivenDockerfile(
  cwd: string,
  path: string,
  built: { readonly buildArgs: readonly string[]; readonly target: string | undefined },
): Promise<GivenDockerfile> {
  const text = await readText(resolve(cwd, path)).catch((cause: unknown) => {
    throw new UserError(`the Dockerfile ${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
  return givenDockerfile(path, text, built);
}

/** The text of a Dockerfile with `NAME=VALUE` arguments and the target of its build. */
export function givenDockerfile(
  name: string,
  text: string,
  built: { readonly buildArgs: readonly string[]; readonly target: string | undefined },
): GivenDockerfile {
  const buildArgs = Object.fromEntries(
    built.buildArgs.map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
  const { target } = built;
  return { name, text, buildArgs, ...(target === undefined ? {} : { target }) };
}

async function readText(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Error('it is no file');
    if (found.size > LARGEST) throw new Error(`it is larger than ${LARGEST} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
