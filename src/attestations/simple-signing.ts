import { type Digest, parseDigest } from '../model/digest.ts';
import { objectOf } from '../model/json-value.ts';
import { err, ok, type Result } from '../model/result.ts';
import { SIMPLE_SIGNING } from './attached-shapes.ts';
import { parseUntrustedJson, textOf } from './untrusted-json.ts';

const MAX_PAYLOAD_BYTES = 1024 * 1024;
/** Both are in use: cosign writes the first, skopeo and podman the second. */
const TYPES = new Set(['cosign container image signature', 'atomic container signature']);

/** What a "simple signing" payload is about. */
interface SimpleSigning {
  readonly digest: Digest;
  /** The repository that it was signed for, as the signer wrote it. */
  readonly repository: string | undefined;
}

/** Reads the payload that cosign signed before bundles (sigstore/cosign, specs/SIGNATURE_SPEC.md, "Payload"). */
export function parseSimpleSigning(payload: Uint8Array): Result<SimpleSigning> {
  const parsed = parseUntrustedJson(
    payload,
    'the signed payload',
    MAX_PAYLOAD_BYTES,
    SIMPLE_SIGNING,
  );
  if (!parsed.ok) return parsed;
  const critical = objectOf(objectOf(parsed.value)['critical']);
  if (!TYPES.has(textOf(critical['type'], 100) ?? ''))
    return err('the signed payload is not a signature of a container image');
  const digest = parseDigest(objectOf(critical['image'])['docker-manifest-digest']);
  if (digest === undefined) return err('the signed payload does not name a sha256 digest');
  return ok({ digest, repository: textOf(objectOf(critical['identity'])['docker-reference']) });
}
