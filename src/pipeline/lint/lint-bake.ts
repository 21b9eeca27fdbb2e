import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { UserError } from '../../model/errors.ts';
import { COMPOSE_FILES, parseBakeDefinition } from '../../plans/bake/bake-definition.ts';
import { bakeJobs, dockerfileOf, jobWords } from '../../plans/bake/bake-jobs.ts';
import { lastValueOf, valuesOf } from '../../plans/flags/flag-spec.ts';
import { parseBuildArgs } from '../../plans/flags/parse-build-args.ts';
import { isAddress } from '../../plans/source-url.ts';
import { printBake } from '../../tools/buildx/bake.ts';
import type { PipelineContext } from '../context.ts';

/** A Dockerfile as a target of a definition builds it. */
export interface BakedDockerfile {
  /** From the working folder. Of a Dockerfile inside the definition: the definition and target. */
  readonly path: string;
  /** Its text, where it stands in the definition. */
  readonly inline?: string;
  readonly buildArgs: readonly string[];
  readonly target: string | undefined;
  /** Absolute. */
  readonly contextFolder: string;
}

/** True if a file is a definition of bake or compose by its name, as docker finds it. */
export function isDefinition(path: string): boolean {
  const name = basename(path);
  return (
    COMPOSE_FILES.includes(name) ||
    /\.hcl$/i.test(name) ||
    /^(?:docker-)?(?:compose|bake)\..*(?:ya?ml|json)$/i.test(name)
  );
}

/**
 * What the targets of a definition build, each Dockerfile once for the arguments and the stage that
 * it is built with; as `docker buildx bake` resolves it, which has to be there. Throws UserError in
 * its words.
 */
export async function bakedDockerfiles(
  { run, cwd, signal, env }: Pick<PipelineContext, 'run' | 'cwd' | 'signal' | 'env'>,
  path: string,
): Promise<readonly BakedDockerfile[]> {
  await requireFewAliases(resolve(cwd, path), path);
  const text = await printBake(run, { words: ['--file', path], cwd, stdin: undefined, signal });
  const definition = parseBakeDefinition(text);
  if (!definition.ok) throw new UserError(`${path}: ${definition.error}`);
  const jobs = bakeJobs(definition.value);
  if (!jobs.ok) throw new UserError(`${path}: ${jobs.error}`);
  const found = new Map<string, BakedDockerfile>();
  for (const job of jobs.value) {
    const parsed = parseBuildArgs(jobWords(job, new Map()), env);
    if (!parsed.ok || parsed.value.kind === 'help') continue;
    const { name, inline } = job.target;
    const file = dockerfileOf(job.target);
    // What lies elsewhere is not fetched to be linted.
    if (inline === undefined && (isAddress(file) || isAddress(parsed.value.context))) continue;
    const one: BakedDockerfile = {
      path: inline === undefined ? file : `${path}#${name}`,
      ...(inline === undefined ? {} : { inline }),
      buildArgs: valuesOf(parsed.value, 'build-arg'),
      target: lastValueOf(parsed.value, 'target'),
      contextFolder: resolve(cwd, parsed.value.context),
    };
    found.set(JSON.stringify(one), one);
  }
  return [...found.values()];
}

const LARGEST = 16 * 1024 * 1024;
const MOST_ALIASES = 10_000;

/**
 * Aliases within aliases unfold without end in buildx, which takes all memory before its time is
 * over. Throws UserError; whatever else is wrong with the file, buildx says in its own words.
 */
async function requireFewAliases(file: string, shown: string): Promise<void> {
  if (!/\.ya?ml$/i.test(file)) return;
  const { parseAllDocuments } = await import('yaml');
  try {
    const found = await stat(file);
    if (!found.isFile() || found.size > LARGEST) return;
    const text = await readFile(file, 'utf8');
    for (const document of parseAllDocuments(text, { logLevel: 'silent' }))
      if ('toJS' in document) document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    if (error instanceof ReferenceError) throw new UserError(`${shown}: ${error.message}`);
  }
}
