import { dirname, resolve } from 'node:path';
import { assignment } from '../../model/assignment.ts';
import { UserError } from '../../model/errors.ts';
import { buildContext } from '../contexts/build-context.ts';
import { readText } from '../read-text.ts';
import type { GivenDockerfile } from './grade-build-fact.ts';

const LARGEST = 4 * 2 ** 20;

/**
 * Reads a Dockerfile of at most 4 MiB, by default with its folder as the build context. Throws
 * UserError where it cannot be read.
 */
export async function readGivenDockerfile(
  cwd: string,
  path: string,
  built: {
    readonly buildArgs: readonly string[];
    readonly target: string | undefined;
    readonly contextFolder?: string;
  },
): Promise<GivenDockerfile> {
  const text = await readText(resolve(cwd, path), { largest: LARGEST });
  if (text === undefined) throw new UserError(`${path}: no such file`);
  const file = resolve(cwd, path);
  return {
    ...givenDockerfile(path, text, built),
    context: buildContext(built.contextFolder ?? dirname(file), file),
  };
}

/** The text of a Dockerfile with `NAME=VALUE` arguments and the target of its build. */
export function givenDockerfile(
  name: string,
  text: string,
  built: { readonly buildArgs: readonly string[]; readonly target: string | undefined },
): GivenDockerfile {
  const buildArgs = Object.fromEntries(
    built.buildArgs.map(assignment).map(([argument, value = '']) => [argument, value]),
  );
  const { target } = built;
  return { name, text, buildArgs, ...(target === undefined ? {} : { target }) };
}
