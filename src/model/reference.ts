import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../lib/errors.ts';
import { given } from '../lib/json.ts';

/** A content digest of the OCI image specification: `sha256:` and 64 lower-case hex digits. */
export type Digest = string & { readonly __brand: 'Digest' };

const SHA256 = /^sha256:[0-9a-f]{64}$/;

/** Well-formed sha256 (OCI image-spec, descriptor.md, "Digests"). */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && SHA256.test(text);
}

export function parseDigest(text: unknown): Digest | undefined {
  return isDigest(text) ? text : undefined;
}

export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

/** The 64 hex digits behind the algorithm's name. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** What cosign and the referrers' fallback call manifests that hang on an image. */
const ATTACHED_TAG = /^sha256-[0-9a-f]{64}(?:\.\w+)?$/;

export function isAttachedTag(tag: string): boolean {
  return ATTACHED_TAG.test(tag);
}

/** Normalized as in Docker: `node:22` is `docker.io/library/node`, tag `22`. */
export interface ImageReference {
  /** Host with port; default `docker.io`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const HOST =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::\d{1,5})?$/i;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * Parses `[HOST[:PORT]/]PATH[:TAG][@DIGEST]` by the grammar of distribution/reference. The first
 * component is a host if it contains a dot or a colon, or is `localhost`. Errors name the malformed
 * part. A missing tag stays missing.
 */
export function parseReference(text: string): Result<ImageReference> {
  if (text === '' || text.length > 4096) return err('an image reference must not be empty');
  let rest = text;
  let digest: Digest | undefined;
  const at = rest.indexOf('@');
  if (at >= 0) {
    digest = parseDigest(rest.slice(at + 1));
    if (digest === undefined) return err(`${text}: the part after @ is not a sha256 digest`);
    rest = rest.slice(0, at);
  }
  let registry = 'docker.io';
  const slash = rest.indexOf('/');
  const first = slash < 0 ? '' : rest.slice(0, slash);
  if (
    first !== '' &&
    (/[.:[]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  ) {
    if (!HOST.test(first)) return err(`${text}: ${first} is not a registry host`);
    registry = first === 'index.docker.io' ? 'docker.io' : first;
    rest = rest.slice(slash + 1);
  }
  let tag: string | undefined;
  const colon = rest.lastIndexOf(':');
  if (colon >= 0) {
    tag = rest.slice(colon + 1);
    if (!TAG.test(tag)) return err(`${text}: ${tag} is not a valid tag`);
    rest = rest.slice(0, colon);
  }
  if (!rest.split('/').every((part) => COMPONENT.test(part)))
    return err(`${text}: ${rest} is not a valid repository name (lower case, digits, . _ - and /)`);
  const repository = registry === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest;
  return ok({ registry, repository, ...given({ tag, digest }) });
}

/** The full spelling: `docker.io/library/node:22@sha256:...`. */
export function formatReference(ref: ImageReference): string {
  const tag = ref.tag === undefined ? '' : `:${ref.tag}`;
  const digest = ref.digest === undefined ? '' : `@${ref.digest}`;
  return `${ref.registry}/${ref.repository}${tag}${digest}`;
}

/** Docker's short form: without `docker.io/` and `library/`. */
export function familiarReference(ref: ImageReference): string {
  return formatReference(ref).replace(/^docker\.io\/(?:library\/)?/, '');
}

export function withDefaultTag(ref: ImageReference): ImageReference {
  return ref.tag === undefined && ref.digest === undefined ? { ...ref, tag: 'latest' } : ref;
}

export function referencesOf(names: readonly string[]): readonly ImageReference[] {
  return names.flatMap((name) => {
    const reference = parseReference(name);
    return reference.ok ? [reference.value] : [];
  });
}

/** A name with its registry and tag; undefined where it is not a reference. */
export function fullName(name: string): string | undefined {
  const reference = parseReference(name);
  return reference.ok ? formatReference(withDefaultTag(reference.value)) : undefined;
}
