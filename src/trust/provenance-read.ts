import { err, ok, type Result } from '../lib/errors.ts';
import { field, isObject, type JsonObject, objectOf } from '../lib/json.ts';
import { joined } from '../lib/text.ts';
import type { RecordedSteps } from '../model/build-analysis.ts';
import { MEDIA_TYPE } from '../model/image.ts';
import type { RecordedBuild, RecordedMount, RecordedSource } from '../model/lock.ts';
import { parseDigest } from '../model/reference.ts';
import { type Material, PREDICATE_TYPE } from '../model/statement.ts';
import { base64Of, listOf, textOf, textsOf } from './bundle.ts';
import { BUILD_TYPE } from './identity.ts';

/** What a SLSA provenance predicate says, v0.2 and v1 alike. */
export interface ReadProvenance {
  /** Empty where the builder is not named (buildx 0.13 on the docker driver). */
  readonly builderId: string;
  readonly buildType: string;
  readonly materials: readonly Material[];
  readonly startedOn: string | undefined;
  readonly finishedOn: string | undefined;
  readonly invocationId: string | undefined;
  readonly dockerfile: { readonly name: string; readonly text: string } | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** `--build-context` in BuildKit's form: `docker-image://`, `oci-layout://`, `local:`, a URL. */
  readonly buildContexts: Readonly<Record<string, string>>;
  readonly target: string | undefined;
  /** `dockerfile.v0` or `gateway.v0`, and the image behind `# syntax=`. */
  readonly frontend: { readonly name: string | undefined; readonly source: string | undefined };
  readonly platform: string | undefined;
  /** Its RUNs got only the materials, by digest, and nothing else from a network. */
  readonly replayed: boolean;
  /** What ran; undefined where the steps are not recorded (mode=min). */
  readonly steps: RecordedSteps | undefined;
  readonly parametersComplete: boolean;
  /** As stated, to be passed on or read further. */
  readonly raw: {
    /** `uri`, `digest`, `path`: a git URL with its commit; no `uri` for a local directory. */
    readonly configSource: JsonObject;
    /** `frontend`, `args`, `secrets` (ids alone), `ssh`, `locals`. */
    readonly request: JsonObject;
    readonly args: Readonly<Record<string, string>>;
    /** The build steps (LLB), mode=max. */
    readonly buildConfig: unknown;
    /** `vcs`, `source`, `layers`. */
    readonly metadata: JsonObject;
    /** What this program states of its own. */
    readonly own: JsonObject;
    readonly hermetic: boolean;
    readonly materialsComplete: boolean;
  };
}

const MAX_DOCKERFILE_BYTES = 4 * 1024 * 1024;
const MAX_MATERIALS = 10_000;
const MAX_STEPS = 100_000;
/** Fetched by BuildKit, not by a command: an ADD of an address, a git repository. */
const FETCHED = /^(?:https?|git):\/\//;

export function isProvenanceType(predicateType: string): boolean {
  return (
    predicateType === PREDICATE_TYPE.slsaProvenanceV1 ||
    predicateType === PREDICATE_TYPE.slsaProvenanceV02
  );
}

const BUILDKIT = 'https://mobyproject.org/buildkit@v1#';
const [V1_IN, V1_RUN] = ['buildDefinition internalParameters', 'runDetails metadata'];
const V1_EX = 'buildDefinition externalParameters';

/**
 * Where each version, and each release of BuildKit, has what a predicate says: paths, the first
 * with a value counts. The specification writes invocationId, BuildKit and cosign invocationID.
 */
const PLACES = {
  builder: ['builder', 'runDetails builder'],
  buildType: ['buildType', 'buildDefinition buildType'],
  materials: ['materials', 'buildDefinition resolvedDependencies'],
  startedOn: ['metadata buildStartedOn', `${V1_RUN} startedOn`],
  finishedOn: ['metadata buildFinishedOn', `${V1_RUN} finishedOn`],
  invocationId: ['metadata buildInvocationID', `${V1_RUN} invocationId`, `${V1_RUN} invocationID`],
  platform: [
    'invocation environment platform',
    `${V1_IN} builderPlatform`,
    `${V1_IN} environment platform`,
  ],
  configSource: ['invocation configSource', `${V1_EX} configSource`],
  // Newer BuildKit documents `request` and `buildkit_*`; its first v1 kept the names of v0.2.
  request: ['invocation parameters', `${V1_EX} request`, `${V1_EX} parameters`],
  buildConfig: ['buildConfig', `${V1_IN} buildConfig`, `${V1_EX} buildConfig`],
  metadata: [
    `metadata ${BUILDKIT}metadata`,
    `${V1_RUN} buildkit_metadata`,
    `${V1_RUN} ${BUILDKIT}metadata`,
  ],
  own: [`${V1_IN} scoville`],
  hermetic: [
    `metadata ${BUILDKIT}hermetic`,
    `${V1_RUN} buildkit_hermetic`,
    `${V1_RUN} ${BUILDKIT}hermetic`,
  ],
  completeness: [
    'metadata completeness',
    `${V1_RUN} buildkit_completeness`,
    `${V1_RUN} ${BUILDKIT}completeness`,
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/**
 * Reads a provenance predicate, BuildKit's (docs/attestations/slsa-definitions.md), ours or another
 * builder's. The predicate's own fields show the version. Everything is taken as hostile: wrong
 * types read as absent, lists and texts are bounded. An error where it has neither version's shape.
 */
export function parseProvenance(predicate: unknown): Result<ReadProvenance> {
  if (!isObject(predicate)) return err('the provenance is not a JSON object');
  const isV1 = isObject(predicate['buildDefinition']);
  if (!isV1 && !isObject(predicate['builder']))
    return err('the provenance has the fields of neither SLSA v0.2 nor v1');
  const at = (name: keyof typeof PLACES): unknown =>
    PLACES[name]
      .filter((path) => /^(?:buildDefinition|runDetails) /.test(path) === isV1)
      .map((path) => path.split(' ').reduce<unknown>(field, predicate))
      .find((found) => found !== undefined && found !== null);
  const request = objectOf(at('request'));
  const args = textsOf(request['args']);
  const { entryPoint, ...source } = objectOf(at('configSource'));
  const configSource = isV1 || entryPoint === undefined ? source : { ...source, path: entryPoint };
  const metadata = objectOf(at('metadata'));
  const { infos, locations } = objectOf(metadata['source']);
  const dockerfile = dockerfileOf(infos, textOf(configSource['path']));
  const complete = objectOf(at('completeness'));
  const own = objectOf(at('own'));
  const buildType = textOf(at('buildType')) ?? '';
  return ok({
    builderId: textOf(objectOf(at('builder'))['id']) ?? '',
    buildType,
    materials: materialsOf(at('materials')),
    startedOn: textOf(at('startedOn'), 64),
    finishedOn: textOf(at('finishedOn'), 64),
    invocationId: textOf(at('invocationId')),
    platform: textOf(at('platform'), 100),
    parametersComplete: (complete['request'] ?? complete['parameters']) === true,
    replayed: buildType === BUILD_TYPE && own['fetches'] === 'replayed',
    buildArgs: withPrefix(args, 'build-arg:'),
    buildContexts: withPrefix(args, 'context:'),
    target: args['target'],
    frontend: { name: textOf(request['frontend'], 200), source: args['source'] },
    dockerfile,
    steps: recordedSteps(at('buildConfig'), locations, dockerfile?.text),
    raw: {
      configSource,
      request,
      args,
      buildConfig: at('buildConfig'),
      metadata,
      own,
      hermetic: at('hermetic') === true,
      materialsComplete: (complete['resolvedDependencies'] ?? complete['materials']) === true,
    },
  });
}

function materialsOf(value: unknown): Material[] {
  return listOf(value, MAX_MATERIALS).flatMap((item) => {
    const material = objectOf(item);
    const uri = textOf(material['uri']) ?? textOf(material['name']);
    return uri === undefined ? [] : [{ uri, digest: textsOf(material['digest'], 20) }];
  });
}

function withPrefix(
  args: Readonly<Record<string, string>>,
  prefix: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(args)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/** The file that the build was started with, else the first that says it is a Dockerfile. */
function dockerfileOf(infos: unknown, path: string | undefined): ReadProvenance['dockerfile'] {
  const files = listOf(infos, 100)
    .map(objectOf)
    .filter((info) => (textOf(info['language'], 40) ?? 'Dockerfile') === 'Dockerfile');
  const info = files.find((file) => file['filename'] === path) ?? files[0];
  const bytes = base64Of(info?.['data'], MAX_DOCKERFILE_BYTES);
  if (bytes === undefined) return undefined;
  return {
    name: textOf(info?.['filename']) ?? 'Dockerfile',
    text: new TextDecoder().decode(bytes),
  };
}

/** The recorded steps; undefined for mode=min, another builder, or more steps than anyone runs. */
function recordedSteps(
  buildConfig: unknown,
  locations: unknown,
  dockerfile: string | undefined,
): RecordedSteps | undefined {
  const steps = objectOf(buildConfig)['llbDefinition'];
  if (!Array.isArray(steps) || steps.length > MAX_STEPS || dockerfile === undefined)
    return undefined;
  const lines = dockerfile.split('\n');
  const isInFrom = (id: string) =>
    startLines(objectOf(locations)[id]).some((line) => /^\s*FROM\b/i.test(lines[line - 1] ?? ''));
  const read = steps
    .map(objectOf)
    .map((step) => ({ id: textOf(step['id']) ?? '', ...operationOf(step) }));
  return {
    commands: read.flatMap(({ exec }) => (exec === undefined ? [] : [wordsOf(exec)])),
    fetchesInFrom: read.some(
      ({ id, source }) =>
        FETCHED.test(textOf(objectOf(source)['identifier'], 65_536) ?? '') && isInFrom(id),
    ),
  };
}

/** Go writes the operation under `Op`, by its kind. */
function operationOf(step: JsonObject): { readonly exec?: unknown; readonly source?: unknown } {
  const op = objectOf(step['op']);
  return objectOf(op['Op'] ?? op);
}

function wordsOf(exec: unknown): readonly string[] {
  const words = listOf(objectOf(objectOf(exec)['meta'])['args'], MAX_STEPS);
  return words.map((word) => textOf(word, 1024 * 1024) ?? '');
}

function startLines(value: unknown): readonly number[] {
  return listOf(objectOf(value)['locations'], 1000)
    .flatMap((place) => listOf(objectOf(place)['ranges'], 1000))
    .map((range) => Number(objectOf(objectOf(range)['start'])['line'] ?? 0));
}

/** Arguments that do not change the image, or that the plan sets again. */
export const OF_THE_RUN =
  /^(?:no-cache|frontend\.caps|image-resolve-mode|cache-from|cache-imports|cache-to|multi-platform|platform|cgroup-parent|vcs:.*|attest:.*|local-sessionid:.*|localsessionid:.*|contextkey|dockerfilekey|contextsubdir)$/;

const BUILDKIT_TYPE = /^https:\/\/(?:mobyproject\.org\/buildkit@v1|github\.com\/moby\/buildkit\/)/;
const MOST_MOUNTS = 100;

/**
 * What a provenance says of how to build the image again, BuildKit's own or this program's. An
 * error for another builder's, whose parameters mean something else. Nothing is trusted: texts are
 * bounded, wrong types read as absent, and nothing here is fit to be run yet.
 */
export function recordedBuild(predicate: unknown): Result<RecordedBuild> {
  const read = parseProvenance(predicate);
  if (!read.ok) return read;
  const { buildType, raw } = read.value;
  const isOwn = buildType === BUILD_TYPE;
  if (!isOwn && !BUILDKIT_TYPE.test(buildType))
    return err(`a build of type ${JSON.stringify(buildType.slice(0, 200))} is not known here`);
  const own = isOwn ? raw.own : {};
  return ok({
    builder: isOwn ? 'scoville' : 'buildkit',
    source: sourceOf(raw),
    args: raw.args,
    secrets: mountsOf(raw.request['secrets']),
    ssh: mountsOf(raw.request['ssh']),
    otherLocals: localsOf(raw.request['locals']),
    materials: read.value.materials,
    dockerfileText: read.value.dockerfile?.text,
    isComplete: read.value.parametersComplete,
    platform: read.value.platform,
    normaliser: normaliserOf(own),
    steady: steadyOf(own),
    inputs: inputsOf(own),
    epoch: countOf(own['sourceDateEpoch']),
  });
}

/** `off` where nothing was normalized: the image still went through this program's compressor. */
function normaliserOf(own: JsonObject): RecordedBuild['normaliser'] {
  const said = objectOf(own['normaliser']);
  const mode = said['mode'];
  const id = textOf(said['version'], 200);
  if (own['normaliser'] === null) return { id: '', mode: 'off' };
  const isKnown = mode === 'safe' || mode === 'aggressive' || mode === 'deterministic';
  return id !== undefined && isKnown ? { id, mode } : undefined;
}

function steadyOf(own: JsonObject): RecordedBuild['steady'] {
  const said = objectOf(own['runs']);
  const start = countOf(said['start']);
  const { clock } = said;
  if (start === undefined || (clock !== 'frozen' && clock !== 'running')) return undefined;
  return {
    start,
    clock,
    oneProcessor: said['oneProcessor'] === true,
    oneFileTime: said['oneFileTime'] === true,
    sortedFolders: said['sortedFolders'] === true,
    temporaryNames: said['temporaryNames'] === true,
    sameAddresses: said['sameAddresses'] === true,
    seed: countOf(said['seed']),
  };
}

function inputsOf(own: JsonObject): RecordedBuild['inputs'] {
  const said = objectOf(own['inputs']);
  const digest = parseDigest(`sha256:${textOf(objectOf(said['digest'])['sha256'], 64) ?? ''}`);
  const size = countOf(objectOf(said['annotations'])['size']);
  if (digest === undefined || size === undefined) return undefined;
  return { mediaType: MEDIA_TYPE.manifest, digest, size };
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function mountsOf(value: unknown): readonly RecordedMount[] {
  return listOf(value, MOST_MOUNTS).map((item) => {
    const mount = objectOf(item);
    return { id: textOf(mount['id'], 200) ?? '', optional: mount['optional'] === true };
  });
}

function localsOf(value: unknown): readonly string[] {
  return listOf(value, MOST_MOUNTS)
    .map((item) => textOf(objectOf(item)['name'], 200) ?? '')
    .filter((name) => name !== 'context' && name !== 'dockerfile');
}

function sourceOf({ configSource, metadata, args, own }: ReadProvenance['raw']) {
  const name = textOf(configSource['path']) ?? 'Dockerfile';
  const uri = textOf(configSource['uri']);
  if (uri !== undefined) return gitContext(uri, textsOf(configSource['digest'], 20), name);
  const vcs = textsOf(metadata['vcs'], 20);
  const { source: url, revision } = vcs;
  if (url === undefined || revision === undefined) return undefined;
  const label = args['label:org.opencontainers.image.revision'] ?? '';
  const plain = revision.replace(/-dirty$/, '');
  return {
    url,
    revision: plain,
    context: folder(vcs['localdir:context']),
    dockerfile: joined(folder(vcs['localdir:dockerfile']), name),
    byBuildKit: false,
    isDirty: plain !== revision || label === `${plain}-dirty` || own['workingTree'] === 'dirty',
  };
}

/** `https://host/repo.git#REF:SUBDIR` with commit (moby/buildkit, util/gitutil); else undefined. */
function gitContext(
  uri: string,
  digest: Readonly<Record<string, string>>,
  name: string,
): RecordedSource | undefined {
  const revision = digest['sha1'] ?? digest['gitCommit'];
  if (revision === undefined) return undefined;
  const [url = '', fragment = ''] = uri.replace(/^git\+/, '').split('#', 2);
  const context = folder(/:([^]*)/.exec(fragment)?.[1]);
  const dockerfile = joined(context, name);
  return { url, revision, context, dockerfile, byBuildKit: true, isDirty: false };
}

function folder(path: string | undefined): string {
  return path === undefined || path === '.' ? '' : path.replace(/(?<!\/)\/+$/, '');
}
