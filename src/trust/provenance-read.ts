import { err, ok, type Result } from '../lib/errors.ts';
import { isObject, type JsonObject, objectOf } from '../lib/json.ts';
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
  readonly slsa: 'v0.2' | 'v1';
  /** Empty where the builder is not named (buildx 0.13 on the docker driver). */
  readonly builderId: string;
  readonly buildType: string;
  readonly materials: readonly Material[];
  /** RFC 3339, as stated. */
  readonly startedOn: string | undefined;
  readonly finishedOn: string | undefined;
  readonly invocationId: string | undefined;
  /** The Dockerfile's text (BuildKit, mode=max). */
  readonly dockerfile: { readonly name: string; readonly text: string } | undefined;
  /** Where the build started: a git URL with its commit, or nothing for a local directory. */
  readonly configSource: {
    readonly uri?: string;
    readonly digest: Readonly<Record<string, string>>;
    readonly path?: string;
  };
  readonly buildArgs: Readonly<Record<string, string>>;
  /** `--build-context` in BuildKit's form: `docker-image://`, `oci-layout://`, `local:`, a URL. */
  readonly buildContexts: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly target: string | undefined;
  /** `dockerfile.v0` or `gateway.v0`, and the image behind `# syntax=`. */
  readonly frontend: { readonly name: string | undefined; readonly source: string | undefined };
  readonly platform: string | undefined;
  readonly vcs: { readonly source?: string; readonly revision?: string };
  /** Its RUNs got only the materials, by digest, and nothing else from a network. */
  readonly replayed: boolean;
  /** What ran; undefined where the steps are not recorded (mode=min). */
  readonly steps: RecordedSteps | undefined;
  /** False where BuildKit left arguments out (mode=min). */
  readonly parametersComplete: boolean;
}

const BUILDKIT = 'https://mobyproject.org/buildkit@v1#';
const MAX_DOCKERFILE_BYTES = 4 * 1024 * 1024;
const MAX_MATERIALS = 10_000;
const MAX_STEPS = 100_000;
/** Fetched by BuildKit, not by a command: an ADD of an address, a git repository. */
const FETCHED = /^(?:https?|git):\/\//;

/** True for the predicate types that `parseProvenance` reads. */
export function isProvenanceType(predicateType: string): boolean {
  return (
    predicateType === PREDICATE_TYPE.slsaProvenanceV1 ||
    predicateType === PREDICATE_TYPE.slsaProvenanceV02
  );
}

/**
 * Reads a provenance predicate, BuildKit's (docs/attestations/slsa-definitions.md), ours or another
 * builder's. The predicate's own fields show the version. Everything is taken as hostile: wrong
 * types read as absent, lists and texts are bounded. An error where it has neither version's shape.
 */
export function parseProvenance(predicate: unknown): Result<ReadProvenance> {
  if (!isObject(predicate)) return err('the provenance is not a JSON object');
  if (isObject(predicate['buildDefinition']) || isObject(predicate['builder']))
    return ok(readParts(provenanceParts(predicate)));
  return err('the provenance has the fields of neither SLSA v0.2 nor v1');
}

/** Parts of a predicate as they are, found where its version and BuildKit's release has them. */
interface ProvenanceParts {
  readonly slsa: ReadProvenance['slsa'];
  readonly builder: JsonObject;
  readonly buildType: unknown;
  readonly materials: unknown;
  readonly startedOn: unknown;
  readonly finishedOn: unknown;
  readonly invocationId: unknown;
  readonly platform: unknown;
  /** `uri`, `digest`, `path`. */
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
  readonly parametersComplete: boolean;
  readonly materialsComplete: boolean;
}

/** Takes a predicate that `parseProvenance` could read apart. */
export function provenanceParts(predicate: unknown): ProvenanceParts {
  const object = objectOf(predicate);
  return isObject(object['buildDefinition']) ? v1Parts(object) : v02Parts(object);
}

function v02Parts(predicate: JsonObject): ProvenanceParts {
  const invocation = objectOf(predicate['invocation']);
  const metadata = objectOf(predicate['metadata']);
  const request = objectOf(invocation['parameters']);
  const { entryPoint, ...source } = objectOf(invocation['configSource']);
  const completeness = objectOf(metadata['completeness']);
  return {
    slsa: 'v0.2',
    builder: objectOf(predicate['builder']),
    buildType: predicate['buildType'],
    materials: predicate['materials'],
    startedOn: metadata['buildStartedOn'],
    finishedOn: metadata['buildFinishedOn'],
    invocationId: metadata['buildInvocationID'],
    platform: objectOf(invocation['environment'])['platform'],
    configSource: entryPoint === undefined ? source : { ...source, path: entryPoint },
    request,
    args: textsOf(request['args']),
    buildConfig: predicate['buildConfig'],
    metadata: objectOf(metadata[`${BUILDKIT}metadata`]),
    own: {},
    hermetic: metadata[`${BUILDKIT}hermetic`] === true,
    parametersComplete: completeness['parameters'] === true,
    materialsComplete: completeness['materials'] === true,
  };
}

// Newer BuildKit documents `request` and `buildkit_*`; its first v1 statements kept v0.2's names.
function v1Parts(predicate: JsonObject): ProvenanceParts {
  const definition = objectOf(predicate['buildDefinition']);
  const external = objectOf(definition['externalParameters']);
  const internal = objectOf(definition['internalParameters']);
  const details = objectOf(predicate['runDetails']);
  const metadata = objectOf(details['metadata']);
  const request = objectOf(external['request'] ?? external['parameters']);
  const buildkit = (name: string): unknown =>
    metadata[`buildkit_${name}`] ?? metadata[`${BUILDKIT}${name}`];
  const completeness = objectOf(buildkit('completeness'));
  return {
    slsa: 'v1',
    builder: objectOf(details['builder']),
    buildType: definition['buildType'],
    materials: definition['resolvedDependencies'],
    startedOn: metadata['startedOn'],
    finishedOn: metadata['finishedOn'],
    // The specification writes invocationId; BuildKit and cosign write invocationID.
    invocationId: metadata['invocationId'] ?? metadata['invocationID'],
    platform: internal['builderPlatform'] ?? objectOf(internal['environment'])['platform'],
    configSource: objectOf(external['configSource']),
    request,
    args: textsOf(request['args']),
    buildConfig: internal['buildConfig'] ?? external['buildConfig'],
    metadata: objectOf(buildkit('metadata')),
    own: objectOf(internal['scoville']),
    hermetic: buildkit('hermetic') === true,
    parametersComplete: (completeness['request'] ?? completeness['parameters']) === true,
    materialsComplete: (completeness['resolvedDependencies'] ?? completeness['materials']) === true,
  };
}

function readParts(parts: ProvenanceParts): ReadProvenance {
  const { args, configSource, metadata, own } = parts;
  const path = textOf(configSource['path']);
  const uri = textOf(configSource['uri']);
  const { source, revision } = textsOf(metadata['vcs'], 20);
  const { infos, locations } = objectOf(metadata['source']);
  const dockerfile = dockerfileOf(infos, path);
  const buildType = textOf(parts.buildType) ?? '';
  return {
    slsa: parts.slsa,
    builderId: textOf(parts.builder['id']) ?? '',
    buildType,
    materials: materialsOf(parts.materials),
    startedOn: textOf(parts.startedOn, 64),
    finishedOn: textOf(parts.finishedOn, 64),
    invocationId: textOf(parts.invocationId),
    platform: textOf(parts.platform, 100),
    parametersComplete: parts.parametersComplete,
    replayed: buildType === BUILD_TYPE && own['fetches'] === 'replayed',
    buildArgs: withPrefix(args, 'build-arg:'),
    buildContexts: withPrefix(args, 'context:'),
    labels: withPrefix(args, 'label:'),
    target: args['target'],
    frontend: { name: textOf(parts.request['frontend'], 200), source: args['source'] },
    configSource: {
      ...(uri === undefined ? {} : { uri }),
      digest: textsOf(configSource['digest'], 20),
      ...(path === undefined ? {} : { path }),
    },
    dockerfile,
    steps: recordedSteps(parts.buildConfig, locations, dockerfile?.text),
    vcs: {
      ...(source === undefined ? {} : { source }),
      ...(revision === undefined ? {} : { revision }),
    },
  };
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

const BUILDKIT_TYPE = /^https:\/\/(?:mobyproject\.org\/buildkit@v1|github\.com\/moby\/buildkit\/)/;
const MOST_MOUNTS = 100;
/** Marks changed working trees: in our statement, and after a revision in labels and buildx. */
const DIRTY = 'dirty';

/**
 * What a provenance says of how to build the image again, BuildKit's own or this program's. An
 * error for another builder's, whose parameters mean something else. Nothing is trusted: texts are
 * bounded, wrong types read as absent, and nothing here is fit to be run yet.
 */
export function recordedBuild(predicate: unknown): Result<RecordedBuild> {
  const read = parseProvenance(predicate);
  if (!read.ok) return read;
  const { buildType } = read.value;
  const isOwn = buildType === BUILD_TYPE;
  if (!isOwn && !BUILDKIT_TYPE.test(buildType))
    return err(`a build of type ${JSON.stringify(buildType.slice(0, 200))} is not known here`);
  const parts = provenanceParts(predicate);
  const { own } = parts;
  return ok({
    builder: isOwn ? 'scoville' : 'buildkit',
    source: sourceOf(read.value, parts),
    args: parts.args,
    secrets: mountsOf(parts.request['secrets']),
    ssh: mountsOf(parts.request['ssh']),
    otherLocals: localsOf(parts.request['locals']),
    materials: read.value.materials,
    dockerfileText: read.value.dockerfile?.text,
    isComplete: read.value.parametersComplete,
    platform: read.value.platform,
    normaliser: isOwn ? normaliserOf(own) : undefined,
    steady: isOwn ? steadyOf(own) : undefined,
    inputs: isOwn ? inputsOf(own) : undefined,
    epoch: isOwn ? countOf(own['sourceDateEpoch']) : undefined,
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

/** What RUNs were given, where the statement says so and it is whole. */
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

function sourceOf(
  read: ReadProvenance,
  { metadata, args, own }: ReturnType<typeof provenanceParts>,
): RecordedSource | undefined {
  const name = read.configSource.path ?? 'Dockerfile';
  if (read.configSource.uri !== undefined)
    return gitContext(read.configSource.uri, read.configSource.digest, name);
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
    isDirty: plain !== revision || label === `${plain}-dirty` || own['workingTree'] === DIRTY,
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
  const colon = fragment.indexOf(':');
  const context = folder(colon < 0 ? undefined : fragment.slice(colon + 1));
  return {
    url,
    revision,
    context,
    dockerfile: joined(context, name),
    byBuildKit: true,
    isDirty: false,
  };
}

function folder(path: string | undefined): string {
  return path === undefined || path === '.' ? '' : path.replace(/(?<!\/)\/+$/, '');
}
