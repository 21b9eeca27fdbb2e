import { analyseDockerfile } from '../../dockerfile/analyse-dockerfile.ts';
import { withLinkedTargets } from '../../dockerfile/linked-targets.ts';
import { assignments } from '../../model/assignment.ts';
import type { BuildAnalysis } from '../../model/build-analysis.ts';
import type { DockerfileModel } from '../../model/dockerfile.ts';
import { lastValueOf, valuesOf } from '../../plans/flags/flag-spec.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import { buildContext } from '../contexts/build-context.ts';
import type { ContextSource } from '../contexts/context-source.ts';

/**
 * The Dockerfile's model, and what it installs and downloads; both undefined if its text is not
 * known here, or has errors, which BuildKit reports.
 */
export function readBuildFile(
  parsed: ParsedBuild,
  source: ContextSource,
  env: Readonly<Record<string, string | undefined>>,
): { readonly model: DockerfileModel | undefined; readonly analysis: BuildAnalysis | undefined } {
  const none = { model: undefined, analysis: undefined };
  if (source.dockerfileText === undefined) return none;
  const target = lastValueOf(parsed, 'target') ?? '';
  const read = analyseDockerfile(
    source.dockerfileText,
    {
      buildArgs: givenArguments(parsed, env),
      buildContexts: assignments(valuesOf(parsed, 'build-context')),
      ...(target === '' ? {} : { target }),
    },
    buildContext(source.directory, source.dockerfilePath),
  );
  return read.ok ? withLinkedTargets(read.value, parsed.linked ?? []) : none;
}

/** The build arguments that are given, with their values. */
export function givenArguments(
  parsed: ParsedBuild,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return assignments(valuesOf(parsed, 'build-arg').map((text) => withValue(text, env)));
}

/** Gives `--build-arg NAME` that variable's value; if it is not set, as if it were not given. */
function withValue(text: string, env: Readonly<Record<string, string | undefined>>): string {
  const value = text.includes('=') ? undefined : env[text];
  return value === undefined ? text : `${text}=${value}`;
}
