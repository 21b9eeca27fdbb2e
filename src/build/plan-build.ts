import { lastValueOf, valuesOf } from '../cli/flag-table.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { type Digest, formatReference, parseReference } from '../model/reference.ts';
import { hermeticMode } from '../reproduce/recorded-fetches.ts';
import {
  decideEpoch,
  type EpochDecision,
  imageNames,
  labelsFromFlags,
  labelsOf,
  parseAnnotations,
  planAnnotations,
  rfc3339,
} from './annotations.ts';
import { planAttestations } from './attest-plan.ts';
import { startNotices, steadyInputs } from './clock.ts';
import { type Destination, isOnStdout, type ParsedBuild } from './command-line.ts';
import type { GitFacts } from './git.ts';
import {
  type NeededImage,
  neededImages,
  pinsOf,
  type ResolvedImage,
  SOURCE_POLICY_VARIABLE,
  sourcePolicy,
} from './images.ts';
import { planLock } from './plan-lock.ts';
import {
  type BuildInputs,
  type BuildPlan,
  imageInvocation,
  otherOutputs,
  type PassthroughPlan,
  type PlannedPolicy,
  policyFileOf,
  progressStyle,
} from './plan.ts';

/** A build as data. Starts nothing. An error is buildx' own text (exit code 1). */
export function planBuild(inputs: BuildInputs): Result<BuildPlan | PassthroughPlan> {
  const { parsed, env, layout } = inputs;
  const { output, flags, context } = parsed;
  if (output.kind === 'passthrough') {
    const invocation = { outputs: [], flags, context, env: {} };
    return ok({ kind: 'passthrough', invocation, reason: output.reason });
  }
  if (output.problem !== undefined) return err(output.problem);
  if (output.others.some(isOnStdout))
    return err(
      'a tar on stdout beside an image is not made; name a file for it, or build it apart',
    );
  const { settings, recorded, git, dockerfile, resolved, lock } = inputs;
  const hermetic = hermeticMode(parsed.own, settings, lock?.before);
  if (!hermetic.ok) return hermetic;
  const named = imageNames(valuesOf(parsed, 'tag'), output.names);
  if (!named.ok) return named;
  const names = named.value;
  if (names.length === 0 && output.destinations.some((d) => d.kind === 'registry'))
    return err('tag is needed when pushing to registry');
  const progress = progressStyle(parsed, env);
  if (!progress.ok) return progress;
  const needed = neededImages(dockerfile, parsed);
  const decided = recorded === undefined ? planEpoch(inputs, needed) : ok(recorded.epoch);
  if (!decided.ok) return decided;
  const epoch = decided.value;
  const created = recorded?.created ?? createdTime(inputs, epoch);
  const user = parseAnnotations([...valuesOf(parsed, 'annotation'), ...output.annotations]);
  if (!user.ok) return user;
  const annotations =
    recorded?.annotations ??
    planAnnotations({
      settings,
      git,
      created,
      fallbackTitle: repositoryName(names[0]) ?? inputs.contextName,
      base: baseImage(needed, resolved),
      dockerfileLabels: dockerfile === undefined ? {} : labelsOf(dockerfile),
      userLabels: labelsFromFlags(valuesOf(parsed, 'label')),
      userAnnotations: user.value,
    });
  const steady = recorded === undefined ? steadyInputs(settings, inputs) : recorded.steady;
  const attest = planAttestations(parsed, settings, env, parsed.own.grade);
  const pinning = planPins(inputs, needed);
  const variables = given({
    SOURCE_DATE_EPOCH: epoch && String(epoch.seconds),
    [SOURCE_POLICY_VARIABLE]: pinning.policy && policyFileOf(layout, pinning.policy).path,
  });
  const { compression, others } = output;
  const target = lastValueOf(parsed, 'target');
  const platforms = platformsOf(parsed, env);
  return ok({
    kind: 'build',
    invocation: imageInvocation(parsed, {
      layout,
      labels: annotations.labels,
      attestFlags: attest.buildxFlags,
      // The provenance has what was asked of git here: buildx would start git seven times more.
      env: git === undefined ? variables : { ...variables, BUILDX_GIT_INFO: '0' },
    }),
    layout,
    sourcePolicy: pinning.policy,
    platforms,
    destinations: withKept(inputs, output.destinations, platforms),
    compression,
    attest,
    grade: parsed.own.grade,
    withInputs: parsed.own.withInputs,
    // Level 5 is not to be had without.
    prove: parsed.own.prove ?? settings.gate.minLevel === 5,
    userFiles: given({
      iidFile: lastValueOf(parsed, 'iidfile') || undefined,
      metadataFile: lastValueOf(parsed, 'metadata-file') || undefined,
    }),
    notices: [...output.notices, ...pinning.notices, ...startNotices(steady, inputs)],
    hermetic: hermetic.value,
    settings,
    names,
    progress: progress.value,
    needed,
    epoch,
    steady,
    created,
    annotations,
    ...given({
      others: others.length === 0 ? undefined : otherOutputs(parsed, others, variables),
      vcs: git && vcsOf(git),
      lock: lock && planLock(lock, { target, needed, resolved, epoch, steady, dockerfile }),
    }),
  });
}

/** What an engine builds and pushes is in its store too, but for `store=false`. */
function withKept(
  { keepsPushed }: BuildInputs,
  all: readonly Destination[],
  platforms: readonly string[],
): readonly Destination[] {
  const keeps = keepsPushed === 'all' || (keepsPushed !== undefined && platforms.length < 2);
  const isKept = all.some((one) => one.kind === 'registry' && one.keeps);
  const isThere = all.some(({ kind }) => kind === 'docker');
  const own = { kind: 'docker', byDefault: false, keepsPushed: true } as const;
  return keeps && isKept && !isThere ? [...all, own] : all;
}

function vcsOf(git: GitFacts): NonNullable<BuildPlan['vcs']> {
  const { commit, dirty, remoteUrl, folder, dockerfileFolder } = git;
  const more = given({
    source: remoteUrl,
    'localdir:context': folder === '' ? '.' : folder,
    'localdir:dockerfile': dockerfileFolder === '' ? '.' : dockerfileFolder,
  });
  return { revision: dirty ? `${commit}-dirty` : commit, ...more };
}

function planEpoch(
  inputs: BuildInputs,
  needed: readonly NeededImage[],
): Result<EpochDecision | undefined> {
  const created = new Map(inputs.resolved.map((image) => [image.name, image.created]));
  const argument = valuesOf(inputs.parsed, 'build-arg').findLast((text) =>
    text.startsWith('SOURCE_DATE_EPOCH='),
  );
  const decision = decideEpoch({
    buildArgument: argument?.slice('SOURCE_DATE_EPOCH='.length),
    environment: inputs.env['SOURCE_DATE_EPOCH'],
    dockerfileDefault: inputs.dockerfile?.globalArgs['SOURCE_DATE_EPOCH'],
    locked: inputs.lock?.before?.epoch,
    baseImages: needed
      .filter((image) => image.kind === 'from' || image.isBase)
      .map(({ reference }) => formatReference(reference))
      .map((name) => ({ name, created: created.get(name) })),
  });
  const bySelf = decision.ok && ['lock', 'base-image', 'fallback'].includes(decision.value.source);
  return bySelf && inputs.settings.reproducible.mode === 'off' ? ok(undefined) : decision;
}

/** The user's SOURCE_DATE_EPOCH, else the commit's time, else the epoch of the layers, else now. */
function createdTime(inputs: BuildInputs, epoch: EpochDecision | undefined): string {
  const said = epoch?.source === 'build-arg' || epoch?.source === 'environment';
  if (epoch !== undefined && said) return rfc3339(epoch.seconds);
  if (inputs.git !== undefined) return rfc3339(inputs.git.committedAt);
  return rfc3339(epoch?.seconds ?? Math.floor(inputs.now / 1000));
}

function planPins(
  inputs: BuildInputs,
  needed: readonly NeededImage[],
): { readonly policy?: PlannedPolicy; readonly notices: readonly string[] } {
  const pins = inputs.settings.reproducible.pin ? pinsOf(needed, inputs.resolved) : [];
  const remotes = inputs.lock?.before?.remotes;
  if (pins.length === 0 && (remotes?.size ?? 0) === 0) return { notices: [] };
  const stands = `${SOURCE_POLICY_VARIABLE} is set: that policy stands, and no image is pinned here`;
  if ((inputs.env[SOURCE_POLICY_VARIABLE] ?? '') !== '') return { notices: [stands] };
  return { policy: { policy: sourcePolicy(pins, remotes), pins }, notices: [] };
}

function baseImage(
  needed: readonly NeededImage[],
  resolved: readonly ResolvedImage[],
): { readonly name: string; readonly digest: Digest | undefined } | undefined {
  const base = needed.find((image) => image.isBase)?.reference;
  if (base === undefined) return undefined;
  const full = formatReference(base);
  const { digest, ...named } = base;
  const name = named.tag === undefined ? full : formatReference(named);
  return { name, digest: digest ?? resolved.find((image) => image.name === full)?.digest };
}

function repositoryName(name: string | undefined): string | undefined {
  const reference = name === undefined ? undefined : parseReference(name);
  return reference?.ok === true ? reference.value.repository.split('/').at(-1) : undefined;
}

function platformsOf(
  parsed: ParsedBuild,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const given = valuesOf(parsed, 'platform');
  const texts = given.length > 0 ? given : [env['DOCKER_DEFAULT_PLATFORM'] ?? ''];
  const platforms = texts.flatMap((text) => text.split(',')).map((text) => text.trim());
  return [...new Set(platforms)].filter((text) => text !== '');
}
