import { lastValueOf, valuesOf } from '../cli/flag-table.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import type { SteadyInputs } from '../model/lock.ts';
import { type Digest, formatReference, parseReference } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { hermeticMode } from '../reproduce/recorded-fetches.ts';
import {
  decideEpoch,
  type EpochDecision,
  imageNames,
  labelsFromFlags,
  labelsOf,
  parseAnnotations,
  planAnnotations,
  type PlannedAnnotations,
  rfc3339,
} from './annotations.ts';
import { planAttestations } from './attest-plan.ts';
import { type ImageOutput, isOnStdout, type ParsedBuild } from './command-line.ts';
import type { GitFacts } from './git.ts';
import {
  type NeededImage,
  neededImages,
  pinsOf,
  type ResolvedImage,
  SOURCE_POLICY_VARIABLE,
  sourcePolicy,
} from './images.ts';
import { planLock, type PlannedLock } from './plan-lock.ts';
import {
  type BuildInputs,
  type BuildPlan,
  imageInvocation,
  otherOutputs,
  type PassthroughPlan,
  type PlannedPolicy,
  progressStyle,
} from './plan.ts';
import { startNotices, steadyInputs } from './steady-inputs.ts';

interface Checked {
  readonly settings: Settings;
  readonly names: readonly string[];
  readonly progress: BuildPlan['progress'];
  readonly needed: readonly NeededImage[];
  readonly epoch: EpochDecision | undefined;
  readonly steady: SteadyInputs | undefined;
  readonly created: string;
  readonly annotations: PlannedAnnotations;
}

/**
 * Turns intent into everything that a build does, as data. Nothing is read and nothing is started;
 * the same inputs give the same plan. An error is buildx' own text for what the user wrote wrong;
 * its exit code there is 1.
 */
export function planBuild(inputs: BuildInputs): Result<BuildPlan | PassthroughPlan> {
  const { parsed, env, paths } = inputs;
  const { output, flags, context } = parsed;
  if (output.kind === 'passthrough') {
    const invocation = { outputs: [], flags, context, env: {} };
    return ok({ kind: 'passthrough', invocation, reason: output.reason });
  }
  if (output.others.some(isOnStdout))
    return err(
      'a tar on stdout beside an image is not made; name a file for it, or build it apart',
    );
  const hermetic = hermeticMode(parsed.own, inputs.settings, inputs.lock?.before);
  if (!hermetic.ok) return hermetic;
  const checked = check(inputs, output);
  if (!checked.ok) return checked;
  const { settings, epoch, annotations } = checked.value;
  const attest = planAttestations(parsed, settings, env, parsed.own.grade);
  const pinning = planPins(inputs, checked.value);
  const given = {
    ...(epoch === undefined ? {} : { SOURCE_DATE_EPOCH: String(epoch.seconds) }),
    ...(pinning.policy === undefined ? {} : { [SOURCE_POLICY_VARIABLE]: pinning.policy.file }),
  };
  return ok({
    kind: 'build',
    invocation: imageInvocation(parsed, {
      paths,
      labels: annotations.labels,
      attestFlags: attest.buildxFlags,
      // The provenance has what was asked of git here: buildx would start git seven times more.
      env: inputs.git === undefined ? given : { ...given, BUILDX_GIT_INFO: '0' },
    }),
    layout: paths.layout,
    metadataFile: paths.metadataFile,
    sourcePolicy: pinning.policy,
    platforms: platformsOf(parsed, env),
    destinations: output.destinations,
    ...(output.others.length === 0 ? {} : { others: otherOutputs(parsed, output.others, given) }),
    compression: output.compression,
    attest,
    grade: parsed.own.grade,
    withInputs: parsed.own.withInputs,
    // Level 5 is not to be had without.
    prove: parsed.own.prove ?? settings.gate.minLevel === 5,
    userFiles: userFiles(parsed),
    notices: [...output.notices, ...pinning.notices, ...startNotices(checked.value, inputs)],
    ...(inputs.git === undefined ? {} : { vcs: vcsOf(inputs.git) }),
    hermetic: hermetic.value,
    ...lockOf(inputs, checked.value),
    ...checked.value,
  });
}

function vcsOf(git: GitFacts): NonNullable<BuildPlan['vcs']> {
  const { commit, dirty, remoteUrl, folder, dockerfileFolder } = git;
  return {
    revision: dirty ? `${commit}-dirty` : commit,
    ...(remoteUrl === undefined ? {} : { source: remoteUrl }),
    ...(folder === undefined ? {} : { 'localdir:context': folder || '.' }),
    ...(dockerfileFolder === undefined ? {} : { 'localdir:dockerfile': dockerfileFolder || '.' }),
  };
}

function check(inputs: BuildInputs, output: ImageOutput): Result<Checked> {
  const { parsed, env, settings } = inputs;
  const names = imageNames(valuesOf(parsed, 'tag'), output.names);
  if (!names.ok) return names;
  if (names.value.length === 0 && output.destinations.some((d) => d.kind === 'registry'))
    return err('tag is needed when pushing to registry');
  const progress = progressStyle(parsed, env);
  if (!progress.ok) return progress;
  const needed = neededImages(inputs.dockerfile, parsed);
  const { recorded } = inputs;
  const epoch = recorded === undefined ? planEpoch(inputs, settings, needed) : ok(recorded.epoch);
  if (!epoch.ok) return epoch;
  const created = recorded?.created ?? createdTime(inputs, epoch.value);
  const annotations =
    recorded === undefined
      ? annotate(inputs, { settings, created, needed, names: names.value, output })
      : ok(recorded.annotations);
  if (!annotations.ok) return annotations;
  return ok({
    settings,
    names: names.value,
    progress: progress.value,
    needed,
    epoch: epoch.value,
    steady: recorded === undefined ? steadyInputs(settings, inputs) : recorded.steady,
    created,
    annotations: annotations.value,
  });
}

function annotate(
  inputs: BuildInputs,
  so: Pick<Checked, 'settings' | 'created' | 'needed' | 'names'> & { readonly output: ImageOutput },
): Result<PlannedAnnotations> {
  const { parsed, dockerfile } = inputs;
  const user = parseAnnotations([...valuesOf(parsed, 'annotation'), ...so.output.annotations]);
  if (!user.ok) return user;
  return ok(
    planAnnotations({
      settings: so.settings,
      git: inputs.git,
      created: so.created,
      fallbackTitle: repositoryName(so.names[0]) ?? inputs.contextName,
      base: baseImage(so.needed, inputs.resolved),
      dockerfileLabels: dockerfile === undefined ? {} : labelsOf(dockerfile),
      userLabels: labelsFromFlags(valuesOf(parsed, 'label')),
      userAnnotations: user.value,
    }),
  );
}

function planEpoch(
  inputs: BuildInputs,
  settings: Settings,
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
  return bySelf && settings.reproducible.mode === 'off' ? ok(undefined) : decision;
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
  { settings, needed }: Checked,
): { readonly policy: PlannedPolicy | undefined; readonly notices: readonly string[] } {
  const pins = settings.reproducible.pin ? pinsOf(needed, inputs.resolved) : [];
  const remotes = inputs.lock?.before?.remotes;
  if (pins.length === 0 && (remotes?.size ?? 0) === 0) return { policy: undefined, notices: [] };
  if ((inputs.env[SOURCE_POLICY_VARIABLE] ?? '') !== '')
    return {
      policy: undefined,
      notices: [
        `${SOURCE_POLICY_VARIABLE} is set: that policy stands, and no image is pinned here`,
      ],
    };
  const policy = { file: inputs.paths.sourcePolicyFile, policy: sourcePolicy(pins, remotes), pins };
  return { policy, notices: [] };
}

function lockOf(inputs: BuildInputs, { needed, epoch, steady }: Checked): { lock?: PlannedLock } {
  const { lock, parsed, resolved, dockerfile } = inputs;
  if (lock === undefined) return {};
  const target = lastValueOf(parsed, 'target');
  return { lock: planLock(lock, { target, needed, resolved, epoch, steady, dockerfile }) };
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

function userFiles(parsed: ParsedBuild): BuildPlan['userFiles'] {
  const iidFile = lastValueOf(parsed, 'iidfile');
  const metadataFile = lastValueOf(parsed, 'metadata-file');
  return {
    ...(iidFile ? { iidFile } : {}),
    ...(metadataFile ? { metadataFile } : {}),
  };
}
