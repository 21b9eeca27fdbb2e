import { isObject } from '../model/json-value.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { parseUntrustedJson } from './untrusted-json.ts';

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
 * The predicate with its wrappings taken off and its type in one spelling. SBOMs come as
 * `https://spdx.dev/Document`, with `/v2.3` or `-v2.3` behind it, as
 * `https://cyclonedx.org/bom/v1.5` or `/schema`; older cosign quotes the document as a text, or
 * puts it under `Data` of a custom predicate. What a custom predicate quotes goes by its content.
 * Other predicates come back as they are.
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
