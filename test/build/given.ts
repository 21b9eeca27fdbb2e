import { parseBuildArgs, type ParsedBuild } from '../../src/build/command-line.ts';
import { applyOptions } from '../../src/build/flags.ts';
import { planBuild } from '../../src/build/plan-build.ts';
import type { BuildInputs, BuildPlan } from '../../src/build/plan.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import type { DockerfileModel } from '../../src/model/dockerfile.ts';
import type { BakeTarget } from '../../src/model/events.ts';
import { type Digest, parseDigest } from '../../src/model/reference.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';

/** The command line taken apart; throws where it is wrong. */
export function parsed(...argv: readonly string[]): ParsedBuild {
  return parsedIn({}, argv);
}

function parsedIn(env: BuildInputs['env'], argv: readonly string[]): ParsedBuild {
  const result = parseBuildArgs(argv, env);
  if (!result.ok) throw new Error(result.error.message);
  if (result.value.kind === 'help') throw new Error('help');
  return result.value;
}

export function digest(letter: string): Digest {
  const made = parseDigest(`sha256:${letter.repeat(64)}`);
  if (made === undefined) throw new Error(`${letter} is no hex digit`);
  return made;
}

export function inputs(argv: readonly string[], more: Partial<BuildInputs> = {}): BuildInputs {
  const { settings = DEFAULT_SETTINGS, ...rest } = more;
  const words = parsedIn(more.env ?? {}, argv);
  return {
    parsed: words,
    settings: applyOptions(settings, words.own),
    git: undefined,
    dockerfile: undefined,
    resolved: [],
    env: {},
    contextName: undefined,
    now: Date.parse('2026-08-20T12:00:00Z'),
    startedAt: Date.parse('2026-08-20T12:00:00Z') / 1000,
    layout: '/store/builds/1',
    ...rest,
  };
}

/** The plan of a build; throws where there is none, or where buildx does it alone. */
export function planned(argv: readonly string[], more: Partial<BuildInputs> = {}): BuildPlan {
  const plan = planBuild(inputs(argv, more));
  if (!plan.ok) throw new Error(plan.error);
  if (plan.value.kind === 'passthrough') throw new Error(plan.value.reason);
  return plan.value;
}

/** The model of a Dockerfile that must parse. */
export function dockerfile(text: string): DockerfileModel {
  const read = parseDockerfile(text);
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
}

/** A target of a definition; `more` goes above. */
export function bakeTarget(name: string, more: Partial<BakeTarget> = {}): BakeTarget {
  const given = { context: '.', contexts: {}, dockerfile: 'Dockerfile', ...more };
  return { name, platforms: [], tags: [], entitlements: [], flags: [], ...given };
}
