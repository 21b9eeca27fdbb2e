import { parsePlatform } from '../image/platforms.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import { given, ownValue } from '../lib/json.ts';
import { byName, oneLine } from '../lib/text.ts';
import { LATEST_EPOCH } from '../lib/time.ts';
import { assignment, type DockerfileModel, stageChain, unquoted } from '../model/dockerfile.ts';
import { OWN_ANNOTATION } from '../model/image.ts';
import { formatReference, parseReference, withDefaultTag } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import type { GitFacts } from './git.ts';
import { publicSourceUrl } from './shown-command.ts';

interface LeveledAnnotations {
  readonly index: Readonly<Record<string, string>>;
  readonly indexDescriptor: Readonly<Record<string, string>>;
  readonly manifest: Readonly<Record<string, string>>;
  readonly manifestDescriptor: Readonly<Record<string, string>>;
  /** `manifest[linux/amd64]:key=value`: of one platform only, before the general ones. */
  readonly byPlatform: readonly {
    readonly platform: string;
    readonly level: 'manifest' | 'manifestDescriptor';
    readonly key: string;
    readonly value: string;
  }[];
}

const LEVELS: Readonly<Record<string, Exclude<keyof LeveledAnnotations, 'byPlatform'>>> = {
  index: 'index',
  'index-descriptor': 'indexDescriptor',
  manifest: 'manifest',
  'manifest-descriptor': 'manifestDescriptor',
};

/**
 * Reads `[LEVEL[PLATFORM],...:]KEY=VALUE` as buildx does (util/buildflags/export.go,
 * ParseAnnotations), its error texts included. Without a level, an annotation goes on the manifest
 * as buildx has it, and on the index too, since what is published here is always an index.
 */
export function parseAnnotations(texts: readonly string[]): Result<LeveledAnnotations> {
  const found = {
    index: {} as Record<string, string>,
    indexDescriptor: {} as Record<string, string>,
    manifest: {} as Record<string, string>,
    manifestDescriptor: {} as Record<string, string>,
    byPlatform: [] as LeveledAnnotations['byPlatform'][number][],
  };
  for (const text of texts) {
    if (text === '') continue;
    const equals = text.indexOf('=');
    if (equals < 0) return err(`invalid annotation ${JSON.stringify(text)}, expected key=value`);
    const value = text.slice(equals + 1);
    const name = text.slice(0, equals);
    const colon = name.indexOf(':');
    const key = name.slice(colon + 1);
    for (const target of colon < 0 ? ['manifest', 'index'] : name.slice(0, colon).split(',')) {
      const match = /^([a-z-]+)(?:\[([A-Za-z0-9_/-]+)\])?$/.exec(target);
      if (match === null)
        return err(
          `invalid annotation type ${JSON.stringify(target)}, expected type and optional platform in square brackets`,
        );
      const [, type = '', platform] = match;
      const level = ownValue(LEVELS, type);
      if (platform !== undefined && parsePlatform(platform) === undefined) {
        const text = JSON.stringify(platform);
        return err(
          `invalid platform ${text}: ${text}: cannot parse platform specifier: invalid argument`,
        );
      }
      if (level === undefined) return err(`unknown annotation type ${JSON.stringify(type)}`);
      const isOfOne = level === 'manifest' || level === 'manifestDescriptor';
      if (platform !== undefined && isOfOne) found.byPlatform.push({ platform, level, key, value });
      else setKey(found[level], key, value);
    }
  }
  return ok(found);
}

/** Sets a key from outside as an own property, `__proto__` too. */
function setKey(record: Record<string, string>, key: string, value: string): void {
  Object.defineProperty(record, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

export interface AnnotationInputs {
  readonly settings: Settings;
  readonly git: GitFacts | undefined;
  /** RFC 3339. */
  readonly created: string;
  /** Repository name of the first tag, or the context's folder; the title of last resort. */
  readonly fallbackTitle: string | undefined;
  readonly base: { readonly name: string; readonly digest: string | undefined } | undefined;
  readonly dockerfileLabels: Readonly<Record<string, string>>;
  readonly userLabels: Readonly<Record<string, string>>;
  readonly userAnnotations: LeveledAnnotations;
}

export interface PlannedAnnotations extends LeveledAnnotations {
  /** Config labels to add; keys that the Dockerfile or `--label` sets are not among them. */
  readonly labels: Readonly<Record<string, string>>;
}

const OCI = 'org.opencontainers.image.';
const LONGEST_VALUE = 1024;

/**
 * Annotations of index and manifest by the OCI image specification (annotations.md, "Pre-Defined
 * Annotation Keys"), with labels that say the same. For each key the first of these decides:
 * `--annotation`, `--label`, the settings, the Dockerfile's LABEL, git and the build.
 */
export function planAnnotations(inputs: AnnotationInputs): PlannedAnnotations {
  const { userAnnotations: user, userLabels, dockerfileLabels } = inputs;
  const configured = configuredValues(inputs.settings);
  const own: Record<string, string> = {};
  const derived = derivedValues(inputs);
  for (const key of new Set([...Object.keys(configured), ...Object.keys(derived)])) {
    const value =
      ownValue(userLabels, key) ??
      ownValue(configured, key) ??
      ownValue(dockerfileLabels, key) ??
      ownValue(derived, key) ??
      '';
    const clean = boundedValue(value);
    if (clean !== '') setKey(own, key, clean);
  }
  const labels = Object.entries(own).filter(
    ([key]) =>
      ownValue(userLabels, key) === undefined &&
      (ownValue(configured, key) !== undefined || ownValue(dockerfileLabels, key) === undefined),
  );
  return {
    ...user,
    index: sorted({ ...own, ...user.index }),
    manifest: sorted({ ...own, ...user.manifest }),
    labels: sorted(Object.fromEntries(labels.map(([k, v]) => [k, user.manifest[k] ?? v]))),
  };
}

function configuredValues(settings: Settings): Readonly<Record<string, string>> {
  const { annotations, ...fields } = settings.image;
  const named = Object.entries(fields).map(([name, value]) => [`${OCI}${name}`, value] as const);
  const own = given({ [OWN_ANNOTATION.secrets]: settings.secrets.use });
  return { ...Object.fromEntries(named), ...own, ...annotations };
}

function derivedValues(inputs: AnnotationInputs): Readonly<Record<string, string>> {
  const { git, base, fallbackTitle: title, created } = inputs;
  const values: Readonly<Record<string, string | undefined>> = {
    title,
    source: git?.remoteUrl === undefined ? undefined : publicSourceUrl(git.remoteUrl),
    revision: git && git.commit + (git.dirty ? '-dirty' : ''),
    created,
    version: git?.dirty === false ? git.exactTag : undefined,
    'base.name': base?.name,
    'base.digest': base?.digest,
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined ? [] : [[`${OCI}${key}`, value]],
    ),
  );
}

function boundedValue(text: string): string {
  const bounded = oneLine(text.slice(0, LONGEST_VALUE * 4)).slice(0, LONGEST_VALUE);
  // A character that the bound cut in two is left out.
  return bounded.replace(/[\ud800-\udbff]$/, '').trim();
}

function sorted(record: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(byName(Object.entries(record)));
}

/** LABELs of the target and of the stages it is built on; a later one wins. */
export function labelsOf(model: DockerfileModel): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const { instructions } of stageChain(model))
    for (const instruction of instructions)
      if (instruction.keyword === 'LABEL')
        for (const [key, value] of labelPairs(instruction.arguments)) setKey(labels, key, value);
  return labels;
}

/** `LABEL key=value ...`, and the old form `LABEL key words...`. */
function labelPairs(words: readonly string[]): readonly (readonly [string, string])[] {
  const [first, ...rest] = words;
  if (first === undefined) return [];
  if (!first.includes('=')) return [[unquoted(first), unquoted(rest.join(' '))]];
  return words
    .map(assignment)
    .flatMap(([key, value]) => (value === undefined ? [] : [[unquoted(key), unquoted(value)]]));
}

/** `KEY=VALUE` texts of `--label`; without `=` the value is empty, as buildx has it. */
export function labelsFromFlags(texts: readonly string[]): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const text of texts) {
    const [key, value = ''] = assignment(text);
    setKey(labels, key, value);
  }
  return labels;
}

/** Full names, each once: of `--tag`, else of `name=` of outputs. Errors have buildx' texts. */
export function imageNames(
  tags: readonly string[],
  outputNames: readonly string[],
): Result<readonly string[]> {
  const names: string[] = [];
  for (const text of tags.length > 0 ? tags : outputNames) {
    const reference = parseReference(text);
    if (reference.ok && reference.value.digest === undefined) {
      names.push(formatReference(withDefaultTag(reference.value)));
      continue;
    }
    const why = reference.ok
      ? 'refusing to create a tag with a digest reference'
      : parseReference(text.toLowerCase()).ok
        ? 'repository name must be lowercase'
        : 'invalid reference format';
    return err(`invalid tag ${JSON.stringify(text)}: ${why}`);
  }
  return ok([...new Set(names)]);
}

/** The earliest time of a layer, 1980-01-01T00:00:00Z, in seconds: zip files have none earlier. */
export const EARLIEST_EPOCH = 315_532_800;

/** The time given to files in layers, seconds since 1970, and what decided it. */
export interface EpochDecision {
  readonly seconds: number;
  readonly source: 'build-arg' | 'environment' | 'dockerfile' | 'lock' | 'base-image' | 'fallback';
  readonly reason: string;
}

export interface EpochInputs {
  readonly buildArgument: string | undefined;
  readonly environment: string | undefined;
  readonly dockerfileDefault: string | undefined;
  readonly locked?: { readonly seconds: number; readonly reason: string } | undefined;
  readonly baseImages: readonly { readonly name: string; readonly created: string | undefined }[];
}

/**
 * The epoch of a build: what the user says, else what the lock file has, else the creation time of
 * the oldest base image. So a cached and a clean build agree, and an unchanged layer keeps its
 * digest from commit to commit. The last of the three is never before 1980. BuildKit ignores
 * `context` for local contexts, so it leaves the choice to the base image.
 */
export function decideEpoch(inputs: EpochInputs): Result<EpochDecision> {
  const said = [
    { text: inputs.buildArgument, source: 'build-arg', from: '--build-arg' },
    { text: inputs.environment, source: 'environment', from: 'the environment' },
    { text: inputs.dockerfileDefault, source: 'dockerfile', from: 'the Dockerfile' },
  ] as const;
  for (const { text, source, from } of said) {
    if (text === undefined || text === '' || text === 'context') continue;
    if (!/^\d{1,12}$/.test(text) || Number(text) > LATEST_EPOCH)
      return err(
        `invalid SOURCE_DATE_EPOCH: ${JSON.stringify(text)} is not a number of seconds up to the year 9999`,
      );
    return ok({ seconds: Number(text), source, reason: `SOURCE_DATE_EPOCH of ${from}` });
  }
  const { locked, baseImages } = inputs;
  if (locked === undefined) return ok(epochOfBases(baseImages));
  return ok({ seconds: locked.seconds, source: 'lock', reason: `lock file: ${locked.reason}` });
}

function epochOfBases(bases: EpochInputs['baseImages']): EpochDecision {
  const dated = bases.flatMap(({ name, created }) => {
    const seconds = created === undefined ? Number.NaN : Math.floor(Date.parse(created) / 1000);
    return Number.isFinite(seconds) ? [{ name, seconds }] : [];
  });
  const oldest = dated.toSorted((a, b) => a.seconds - b.seconds)[0];
  const earliest = { seconds: EARLIEST_EPOCH, source: 'base-image' } as const;
  if (oldest === undefined)
    return {
      ...earliest,
      source: 'fallback',
      reason: 'no base image with a creation time: 1980-01-01',
    };
  const reason = `creation time of ${oldest.name}`;
  if (oldest.seconds < EARLIEST_EPOCH)
    return { ...earliest, reason: `${reason}, moved up to 1980-01-01` };
  const which = dated.length > 1 ? ', the oldest base image' : '';
  return { ...earliest, seconds: oldest.seconds, reason: `${reason}${which}` };
}

/** RFC 3339 in UTC, whole seconds. */
export function rfc3339(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
