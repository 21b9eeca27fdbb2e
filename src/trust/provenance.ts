import { ok, type Result } from '../lib/errors.ts';
import { distinct, given, isObject, objectOf } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import { byCodeUnit, cleanText } from '../lib/text.ts';
import type { Descriptor } from '../model/image.ts';
import type { SteadyInputs } from '../model/lock.ts';
import { type Digest, digestHex, digestOf } from '../model/reference.ts';
import { SECRET_SHAPE, secretName } from '../model/secret-names.ts';
import type { ReproMode } from '../model/settings.ts';
import type { Material } from '../model/statement.ts';
import { BUILD_TYPE, BUILDER_ID } from './identity.ts';
import { parseProvenance, type ReadProvenance } from './provenance-read.ts';

/** Replaces a value that must not be published. */
export const MASK = '[masked]';

const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"']{1,2000}@/gi;
// Shorter values would mask innocent text wherever it repeats them.
const MIN_REPEATED = 6;
const MAX_DEPTH = 100;

/** Masks secrets in BuildKit's request and steps; knows the values of the frontend's arguments. */
export class SecretMask {
  readonly #values: readonly string[];

  constructor(args: Readonly<Record<string, string>>) {
    this.#values = Object.entries(args)
      .filter(([key]) => isSecretArgument(key))
      // What a RUN prints comes line by line.
      .flatMap(([, value]) => [value, ...value.split(/[\r\n]+/).map((line) => line.trim())])
      // What is shown was cleaned before.
      .flatMap((value) => [value, cleanText(value)])
      .filter((value) => value.length >= MIN_REPEATED)
      // Longest first, so that a value within another leaves no rest.
      .sort((a, b) => b.length - a.length);
  }

  /** The arguments: a value is masked if its name is secret, else only what looks secret in it. */
  args(args: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.entries(args).map(([key, value]) => [
        key,
        isSecretArgument(key) && value !== '' ? MASK : this.text(value),
      ]),
    );
  }

  /** A text with secret values, secret shapes, URL credentials and secret `NAME=value` masked. */
  text(text: string): string {
    const variable = /^([A-Za-z_][A-Za-z0-9_]*)=./s.exec(text)?.[1];
    if (variable !== undefined && isMaskedName(variable)) return `${variable}=${MASK}`;
    return this.known(text.replace(URL_CREDENTIALS, `$1${MASK}@`).replace(SECRET_SHAPE, MASK));
  }

  /** A text with nothing but the values of secret arguments masked. */
  known(text: string): string {
    return this.#values.reduce((rest, value) => rest.replaceAll(value, MASK), text);
  }

  /** A copy of JSON with all texts masked, keys too; nesting deeper than 100 levels is left out. */
  json(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.text(value);
    if (depth > MAX_DEPTH) return null;
    if (Array.isArray(value)) return value.map((item) => this.json(item, depth + 1));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.text(key), this.json(item, depth + 1)]),
    );
  }
}

/** True for secret names, but not labels: everyone can read those, and a rebuild needs them. */
function isSecretArgument(key: string): boolean {
  if (key.startsWith('label:')) return false;
  return isMaskedName(key.slice(key.indexOf(':') + 1));
}

function isMaskedName(name: string): boolean {
  return secretName(name, 'possible') !== undefined;
}

/** Paths beyond these are counted, not listed: a dropped package cache can have 100,000 files. */
const MAX_LISTED_PER_RULE = 1000;

type Touched = readonly { readonly path: string; readonly rule: string }[];

/**
 * The list of touched files as a byproduct. `content` (base64, with its digest) is JSON `[{rule,
 * count, paths}]`, sorted. The count by rule is in `annotations` too.
 */
export function normalisedFiles(touched: Touched) {
  const rules = [...groupBy(touched, ({ rule }) => rule)]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([rule, files]) => {
      const paths = [...new Set(files.map(({ path }) => path))].sort(byCodeUnit);
      return { rule, count: paths.length, paths: paths.slice(0, MAX_LISTED_PER_RULE) };
    });
  const content = JSON.stringify(rules);
  return {
    name: 'normalised-files',
    mediaType: 'application/json',
    digest: { sha256: digestHex(digestOf(content)) },
    content: Buffer.from(content).toString('base64'),
    annotations: Object.fromEntries(rules.map(({ rule, count }) => [rule, count])),
  };
}

export interface ProvenanceInput {
  readonly buildkit: unknown;
  /** Digest of the manifest (or index) that BuildKit itself wrote, before normalization. */
  readonly buildkitDigest: Digest | undefined;
  readonly toolVersion: string;
  readonly builderId?: string;
  /** Address of the CI run; BuildKit's own id of its run stands beside it. */
  readonly invocationId?: string | undefined;
  /** Versions of what took part, by name: `docker`, `buildkit`, `buildx`. */
  readonly versions: Readonly<Record<string, string>>;
  /** Real times, RFC 3339; BuildKit's own where they are left out. */
  readonly startedOn?: string;
  readonly finishedOn?: string;
  /** Our own decisions that shaped the image: epoch, pinning, options. Secrets are masked. */
  readonly parameters?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly normaliser:
    | {
        readonly version: string;
        readonly mode: Exclude<ReproMode, 'off'>;
        readonly rules: readonly string[];
        readonly touched: Touched;
      }
    | undefined;
  /** What RUNs were given. A seed is not a secret. */
  readonly runs?: SteadyInputs | undefined;
  /** The artifact beside the image that has what RUNs fetched. */
  readonly inputs?: Descriptor | undefined;
  /** Inputs that BuildKit does not know of: the git commit of a local directory. */
  readonly materials?: readonly Material[];
  /** Who signed a material, by its digest, where that was verified. */
  readonly signers?: ReadonlyMap<string, string>;
  /** The git checkout that was the context. Where it is undefined, BuildKit's record is used. */
  readonly vcs?: Readonly<Record<string, string>>;
}

/**
 * Our provenance, the predicate of SLSA v1 (slsa.dev/spec/v1.0/provenance), built on BuildKit's
 * statement: its request, build steps, materials and Dockerfile. Added are this program as the
 * builder, what was normalized, and BuildKit's own result as a byproduct. Values of build arguments
 * that look secret are masked wherever they appear. An error where BuildKit's predicate cannot be
 * read.
 */
export function slsaProvenance(input: ProvenanceInput): Result<ReturnType<typeof provenanceOf>> {
  const found = parseProvenance(input.buildkit);
  return found.ok ? ok(provenanceOf(input, found.value)) : found;
}

function provenanceOf(input: ProvenanceInput, read: ReadProvenance) {
  const { parameters = {}, runs, inputs, normaliser, buildkitDigest, vcs } = input;
  const { raw, builderId, invocationId } = read;
  const mask = new SecretMask(raw.args);
  const own = given({
    ...objectOf(mask.json(parameters)),
    runs: runs && { ...runs },
    inputs: inputs && {
      mediaType: inputs.mediaType,
      digest: { sha256: digestHex(inputs.digest) },
      annotations: { size: inputs.size, artifactType: inputs.artifactType },
    },
  });
  // The Dockerfile and its line map stay as BuildKit has them. `layers` goes: it names the layers
  // from before normalization.
  const checkout = vcs ?? raw.metadata['vcs'];
  const metadata = given({
    vcs: checkout === undefined ? undefined : mask.json(checkout),
    source: raw.metadata['source'],
  });
  return {
    buildDefinition: {
      buildType: BUILD_TYPE,
      externalParameters: {
        configSource: mask.json(raw.configSource),
        request: {
          ...objectOf(mask.json({ ...raw.request, args: {} })),
          args: mask.args(raw.args),
        },
      },
      internalParameters: {
        builderPlatform: read.platform ?? '',
        ...(raw.buildConfig === undefined ? {} : { buildConfig: mask.json(raw.buildConfig) }),
        scoville: {
          ...own,
          normaliser:
            normaliser === undefined
              ? null
              : {
                  version: normaliser.version,
                  mode: normaliser.mode,
                  rules: [...normaliser.rules].sort(byCodeUnit),
                },
        },
      },
      resolvedDependencies: dependencies(input, read, mask),
    },
    runDetails: {
      builder: {
        id: input.builderId ?? BUILDER_ID,
        version: { scoville: input.toolVersion, ...input.versions },
      },
      metadata: {
        ...given({
          invocationId: input.invocationId ?? invocationId,
          buildkit_invocationId: input.invocationId && invocationId,
          startedOn: input.startedOn ?? read.startedOn,
          finishedOn: input.finishedOn ?? read.finishedOn,
          // Whom BuildKit named, where the user or a CI system gave it: a run's URL.
          buildkit_builderId: builderId === '' ? undefined : builderId,
          buildkit_metadata: Object.keys(metadata).length === 0 ? undefined : metadata,
        }),
        buildkit_hermetic: raw.hermetic,
        buildkit_completeness: {
          request: read.parametersComplete,
          resolvedDependencies: raw.materialsComplete,
        },
      },
      // In-toto resource descriptors (in-toto/attestation, spec/v1/resource_descriptor.md).
      byproducts: [
        ...(buildkitDigest === undefined
          ? []
          : [{ name: 'buildkit-image', digest: { sha256: digestHex(buildkitDigest) } }]),
        ...(normaliser === undefined ? [] : [normalisedFiles(normaliser.touched)]),
      ],
    },
  };
}

/** Each once, sorted by URI, credentials in URLs masked. */
function dependencies(
  { materials = [], signers }: ProvenanceInput,
  read: ReadProvenance,
  mask: SecretMask,
): readonly Material[] {
  const masked = [...read.materials, ...materials].map(({ uri, digest }) => ({
    uri: mask.text(uri),
    digest,
  }));
  return distinct(masked)
    .toSorted((a, b) => byCodeUnit(JSON.stringify(a), JSON.stringify(b)))
    .map((material) => {
      const signedBy = signers?.get(`sha256:${material.digest['sha256'] ?? ''}`);
      return signedBy === undefined ? material : { ...material, annotations: { signedBy } };
    });
}
