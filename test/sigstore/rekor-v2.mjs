// The transparency log Rekor v2, which is made of tiles: a checkpoint for each entry, and no time.
import { X509Certificate, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { canonical } from './canonical-json.mjs';
import { mustVerify, pae } from './dsse.mjs';
import { checkpoint, inclusion, leafHash, rootOf } from './merkle.mjs';
import { sha256, spki } from './x509.mjs';

const ED25519 = () => generateKeyPairSync('ed25519');
export function makeRekorV2(origin) {
  const keys = ED25519();
  const publicSpki = spki(keys.publicKey);
  // C2SP signed-note: the key's hash over its name, the algorithm's byte and the raw key.
  const raw = publicSpki.subarray(-32);
  const logId = sha256(Buffer.from(`${origin}\n`), Buffer.from([1]), raw);
  return {
    origin,
    key: keys.privateKey,
    spki: publicSpki,
    logId,
    entries: [leafHash(Buffer.from('first'))],
  };
}
export function rekorV2Routes(rekor) {
  return {
    'POST /api/v2/log/entries': (request) => {
      const asked = JSON.parse(request.body);
      const b64 = (text) => Buffer.from(text, 'base64');
      const keyOf = (v) =>
        v.x509Certificate === undefined
          ? createPublicKey({ key: b64(v.publicKey.rawBytes), format: 'der', type: 'spki' })
          : new X509Certificate(b64(v.x509Certificate.rawBytes)).publicKey;
      let kind;
      let spec;
      if (asked.hashedRekordRequestV002 !== undefined) {
        kind = 'hashedrekord';
        const { digest, signature } = asked.hashedRekordRequestV002;
        spec = { hashedRekordV002: { data: { algorithm: 'SHA2_256', digest }, signature } };
      } else if (asked.dsseRequestV002 !== undefined) {
        kind = 'dsse';
        const { envelope, verifiers } = asked.dsseRequestV002;
        const payload = b64(envelope.payload);
        const signatures = envelope.signatures.map(({ sig }, at) => {
          const verifier = verifiers[at] ?? verifiers[0];
          mustVerify(pae(envelope.payloadType, payload), keyOf(verifier), b64(sig), 'dsse');
          return { content: sig, verifier };
        });
        spec = {
          dsseV002: {
            payloadHash: { algorithm: 'SHA2_256', digest: sha256(payload).toString('base64') },
            signatures,
          },
        };
      } else throw new Error('neither hashedRekordRequestV002 nor dsseRequestV002');
      const body = Buffer.from(canonical({ apiVersion: '0.0.2', kind, spec }));
      rekor.entries.push(leafHash(body));
      const at = rekor.entries.length - 1;
      const root = rootOf(rekor.entries);
      return [
        201,
        'application/json',
        JSON.stringify({
          logIndex: String(at),
          logId: { keyId: rekor.logId.toString('base64') },
          kindVersion: { kind, version: '0.0.2' },
          integratedTime: '0',
          inclusionPromise: null,
          inclusionProof: {
            logIndex: String(at),
            rootHash: root.toString('base64'),
            treeSize: String(rekor.entries.length),
            hashes: inclusion(rekor.entries, at).map((x) => x.toString('base64')),
            checkpoint: {
              envelope: checkpoint(rekor.origin, rekor.entries.length, root, {
                key: rekor.key,
                keyId: rekor.logId.subarray(0, 4),
              }),
            },
          },
          canonicalizedBody: body.toString('base64'),
        }),
      ];
    },
    'GET /api/v2/checkpoint': () => [
      200,
      'text/plain',
      checkpoint(rekor.origin, rekor.entries.length, rootOf(rekor.entries), {
        key: rekor.key,
        keyId: rekor.logId.subarray(0, 4),
      }),
    ],
  };
}
