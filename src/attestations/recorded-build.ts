import { parseDigest } from '../model/digest.ts';
import { type JsonObject, objectOf } from '../model/json-value.ts';
import { MEDIA_TYPE } from '../model/oci.ts';
import { joined } from '../model/path.ts';
import type { RecordedBuild, RecordedMount, RecordedSource } from '../model/recorded-build.ts';
import { err, ok, type Result } from '../model/result.ts';
import { BUILD_TYPE } from './identity.ts';
import { parseProvenance, provenanceParts, type ReadProvenance } from './provenance-read.ts';
import { listOf, textOf, textsOf } from './untrusted-json.ts';

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
