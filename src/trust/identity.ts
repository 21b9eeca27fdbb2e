import { err } from '../lib/errors.ts';
import { isObject } from '../lib/json.ts';
import { fileName } from '../lib/text.ts';
import { purlText } from '../model/packages.ts';
import { type Digest, isDigest, parseReference } from '../model/reference.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { parseUntrustedJson } from './bundle.ts';

/**
 * Who built (`runDetails.builder.id`): the package that this program is published as, without a
 * version, so that a policy can name it once. The versions of what took part are in
 * `runDetails.builder.version`. docs/attestations.md defines it.
 */
export const BUILDER_ID = 'pkg:npm/scoville';

/**
 * The builder where a CI service ran it: the same, with the service and the workflow or project
 * behind `#`, so that a policy can name one of them. It is what the environment says; only the
 * signer vouches for it.
 */
export function builderId(env: Readonly<Record<string, string | undefined>>): string {
  const workflow = env['GITHUB_WORKFLOW_REF']?.split('@')[0];
  const project = env['CI_PROJECT_URL'];
  if (env['GITHUB_ACTIONS'] === 'true' && workflow !== undefined && PLAIN.test(workflow))
    return `${BUILDER_ID}#${env['GITHUB_SERVER_URL'] ?? 'https://github.com'}/${workflow}`;
  if (env['GITLAB_CI'] === 'true' && project !== undefined && PLAIN.test(project))
    return `${BUILDER_ID}#${project}`;
  return BUILDER_ID;
}

/** The address of the run, where a CI service gives one. */
export function runAddress(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env;
  const ofGitHub =
    server === undefined || repository === undefined || run === undefined
      ? undefined
      : `${server}/${repository}/actions/runs/${run}/attempts/${env['GITHUB_RUN_ATTEMPT'] ?? '1'}`;
  const found = env['GITHUB_ACTIONS'] === 'true' ? ofGitHub : env['CI_JOB_URL'];
  return found !== undefined && ADDRESS.test(found) ? found : undefined;
}

const PLAIN = /^[\w.:/-]{1,500}$/;
const ADDRESS = /^https?:\/\/[\w.:-]+(?:\/[\w.~-]+){1,20}$/;

export const VERIFIER_ID = 'pkg:npm/scoville';

/** What our provenance's parameters mean: BuildKit's, and those that docs/attestations.md adds. */
export const BUILD_TYPE = 'pkg:npm/scoville#docs/attestations.md';

/**
 * The package URL of an image (purl-spec, type `oci`): name and digest, the repository and, where
 * given, the architecture as qualifiers. For a name that is not a reference, the purl
 * has the digest alone.
 */
export function imagePurl(image: {
  readonly name: string;
  readonly digest: Digest;
  readonly architecture?: string;
  /** Left out: what is named is where images of that name are kept. */
  readonly withoutTag?: boolean;
}): string {
  // An image without a tag goes by its digest, which would parse as a repository with a tag.
  const reference = isDigest(image.name) ? err('no name') : parseReference(image.name);
  const repository = reference.ok ? reference.value.repository : 'image';
  const name = fileName(repository);
  const { value: at } = reference.ok ? reference : { value: undefined };
  return purlText({
    type: 'oci',
    path: [name],
    version: image.digest,
    qualifiers: {
      arch: image.architecture,
      repository_url: at && `${at.registry}/${repository}`,
      tag: image.withoutTag === true ? undefined : at?.tag,
    },
  });
}

interface ReadPredicate {
  readonly predicateType: string;
  readonly predicate: unknown;
}

/** Types that cosign gives to what it does not know (`--type custom`). */
const CUSTOM =
  /^(?:https:\/\/cosign\.sigstore\.dev\/attestation(?:\/v\d+)?|cosign\.sigstore\.dev\/attestation\/v1|custom)$/i;
const CYCLONEDX = /^(?:https?:\/\/)?(?:www\.)?cyclonedx\.org(?:\/|$)|^cyclonedx(?:json)?$/i;
const SPDX =
  /^(?:https?:\/\/)?(?:www\.)?spdx\.(?:dev|org)\/(?:document|spdxdocs|rdf)|^(?:text\/)?spdx(?:json|\+json)?$/i;

/**
 * The predicate without wrappings, its type in one spelling. SPDX comes as
 * `https://spdx.dev/Document`, also with `/v2.3` or `-v2.3`; CycloneDX as
 * `https://cyclonedx.org/bom/v1.5` or `/schema`. Older cosign quotes the document as a text, or
 * puts it under `Data` of a custom predicate, where its content decides. Other predicates come back
 * as they are.
 */
export function readPredicate(predicateType: string, predicate: unknown): ReadPredicate {
  const unwrapped = unwrap(predicate);
  const content = sbomType(unwrapped);
  if (CYCLONEDX.test(predicateType))
    return {
      predicateType: spelled(predicateType, PREDICATE_TYPE.cyclonedx),
      predicate: unwrapped,
    };
  if (SPDX.test(predicateType))
    return { predicateType: spelled(predicateType, PREDICATE_TYPE.spdx), predicate: unwrapped };
  if (CUSTOM.test(predicateType) && content !== undefined)
    return { predicateType: content, predicate: unwrapped };
  return { predicateType, predicate };
}

/** The predicate type of an SBOM document by its own fields; undefined for any other. */
export function sbomType(document: unknown): string | undefined {
  if (!isObject(document)) return undefined;
  if (document['bomFormat'] === 'CycloneDX') return PREDICATE_TYPE.cyclonedx;
  return 'spdxVersion' in document || isSpdx3(document) ? PREDICATE_TYPE.spdx : undefined;
}

function isSpdx3(document: Readonly<Record<string, unknown>>): boolean {
  const context = document['@context'];
  return '@graph' in document && typeof context === 'string' && /spdx/i.test(context);
}

function spelled(type: string, canonical: string): string {
  return type.startsWith(canonical) ? type : canonical;
}

function unwrap(predicate: unknown): unknown {
  const inner = isObject(predicate) && 'Data' in predicate ? predicate['Data'] : predicate;
  if (typeof inner !== 'string') return inner;
  const parsed = parseUntrustedJson(inner, 'the document in the predicate');
  return parsed.ok && isObject(parsed.value) ? parsed.value : inner;
}

/**
 * The most bytes of a predicate that is signed as a statement. A log takes the whole statement:
 * Rekor refused an SBOM of 3.5 MB (cosign#3599). A key's envelope has it in base64, and readers
 * stop at 16 MiB (ours, GitHub's attestation store).
 */
const LARGEST = { keyless: 2 * 1024 * 1024, key: 8 * 1024 * 1024 } as const;

/** Why a predicate of this size is not signed as a statement; undefined where it can be. */
export function tooLarge(bytes: number, signedBy: keyof typeof LARGEST): string | undefined {
  if (bytes <= LARGEST[signedBy]) return undefined;
  const most = `${LARGEST[signedBy] / 1024 / 1024} MiB`;
  const who = signedBy === 'keyless' ? 'a transparency log takes' : 'readers of statements take';
  return `${(bytes / 1e6).toFixed(1)} MB, more than ${who} (${most})`;
}

/** In bytes, of a predicate: in base64, with what is around it, readers' 16 MiB. */
const LARGEST_READ = 11 * 1024 * 1024;

export function unreadable(bytes: number): string | undefined {
  if (bytes <= LARGEST_READ) return undefined;
  return `${(bytes / 1e6).toFixed(1)} MB, and readers take ${LARGEST_READ / 1024 / 1024} MiB`;
}
