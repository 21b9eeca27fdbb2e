import type { RecordedSteps } from '../model/build-analysis.ts';
import { isObject, type JsonObject, objectOf } from '../model/json-value.ts';
import { err, ok, type Result } from '../model/result.ts';
import { type Material, PREDICATE_TYPE } from '../model/statement.ts';
import { BUILD_TYPE } from './identity.ts';
import { recordedSteps } from './recorded-steps.ts';
import { base64Of, listOf, textOf, textsOf } from './untrusted-json.ts';

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
  if (isObject(predicate['buildDefinition'])) return ok(readV1(predicate));
  if (isObject(predicate['builder'])) return ok(readV02(predicate));
  return err('the provenance has the fields of neither SLSA v0.2 nor v1');
}

function readV02(predicate: JsonObject): ReadProvenance {
  const invocation = objectOf(predicate['invocation']);
  const metadata = objectOf(predicate['metadata']);
  const source = objectOf(invocation['configSource']);
  return {
    slsa: 'v0.2',
    builderId: textOf(objectOf(predicate['builder'])['id']) ?? '',
    buildType: textOf(predicate['buildType']) ?? '',
    materials: materialsOf(predicate['materials']),
    startedOn: textOf(metadata['buildStartedOn'], 64),
    finishedOn: textOf(metadata['buildFinishedOn'], 64),
    invocationId: textOf(metadata['buildInvocationID']),
    platform: textOf(objectOf(invocation['environment'])['platform'], 100),
    parametersComplete: objectOf(metadata['completeness'])['parameters'] === true,
    replayed: false,
    ...requestOf(invocation['parameters']),
    ...configSourceOf(source, textOf(source['entryPoint'])),
    ...buildkitMetadataOf(
      metadata[`${BUILDKIT}metadata`],
      textOf(source['entryPoint']),
      predicate['buildConfig'],
    ),
  };
}

function readV1(predicate: JsonObject): ReadProvenance {
  const definition = objectOf(predicate['buildDefinition']);
  const external = objectOf(definition['externalParameters']);
  const internal = objectOf(definition['internalParameters']);
  const details = objectOf(predicate['runDetails']);
  const metadata = objectOf(details['metadata']);
  const source = objectOf(external['configSource']);
  const path = textOf(source['path']);
  const completeness = objectOf(
    metadata['buildkit_completeness'] ?? metadata[`${BUILDKIT}completeness`],
  );
  return {
    slsa: 'v1',
    builderId: textOf(objectOf(details['builder'])['id']) ?? '',
    buildType: textOf(definition['buildType']) ?? '',
    materials: materialsOf(definition['resolvedDependencies']),
    startedOn: textOf(metadata['startedOn'], 64),
    finishedOn: textOf(metadata['finishedOn'], 64),
    // The specification writes invocationId; BuildKit and cosign write invocationID.
    invocationId: textOf(metadata['invocationId'] ?? metadata['invocationID']),
    platform: textOf(
      internal['builderPlatform'] ?? objectOf(internal['environment'])['platform'],
      100,
    ),
    parametersComplete: (completeness['request'] ?? completeness['parameters']) === true,
    replayed:
      definition['buildType'] === BUILD_TYPE &&
      objectOf(internal['scoville'])['fetches'] === 'replayed',
    ...requestOf(external['request'] ?? external['parameters']),
    ...configSourceOf(source, path),
    ...buildkitMetadataOf(
      metadata['buildkit_metadata'] ?? metadata[`${BUILDKIT}metadata`],
      path,
      internal['buildConfig'] ?? external['buildConfig'],
    ),
  };
}

function materialsOf(value: unknown): Material[] {
  return listOf(value, MAX_MATERIALS).flatMap((item) => {
    const material = objectOf(item);
    const uri = textOf(material['uri']) ?? textOf(material['name']);
    return uri === undefined ? [] : [{ uri, digest: textsOf(material['digest'], 20) }];
  });
}

function requestOf(
  value: unknown,
): Pick<ReadProvenance, 'buildArgs' | 'buildContexts' | 'labels' | 'target' | 'frontend'> {
  const request = objectOf(value);
  const args = textsOf(request['args']);
  return {
    buildArgs: withPrefix(args, 'build-arg:'),
    buildContexts: withPrefix(args, 'context:'),
    labels: withPrefix(args, 'label:'),
    target: args['target'],
    frontend: { name: textOf(request['frontend'], 200), source: args['source'] },
  };
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

function configSourceOf(
  source: JsonObject,
  path: string | undefined,
): Pick<ReadProvenance, 'configSource'> {
  const uri = textOf(source['uri']);
  return {
    configSource: {
      ...(uri === undefined ? {} : { uri }),
      digest: textsOf(source['digest'], 20),
      ...(path === undefined ? {} : { path }),
    },
  };
}

function buildkitMetadataOf(
  value: unknown,
  path: string | undefined,
  buildConfig: unknown,
): Pick<ReadProvenance, 'dockerfile' | 'vcs' | 'steps'> {
  const metadata = objectOf(value);
  const { source, revision } = textsOf(metadata['vcs'], 20);
  const { infos, locations } = objectOf(metadata['source']);
  const dockerfile = dockerfileOf(infos, path);
  return {
    dockerfile,
    steps: recordedSteps(buildConfig, locations, dockerfile?.text),
    vcs: {
      ...(source === undefined ? {} : { source }),
      ...(revision === undefined ? {} : { revision }),
    },
  };
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
