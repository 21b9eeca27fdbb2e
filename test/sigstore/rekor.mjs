// The transparency log Rekor v1: entries with signed entry timestamps.
import { createHash, sign } from 'node:crypto';
import { canonical } from './canonical-json.mjs';
import { now } from './clock.mjs';
import { keyIn, mustVerify, pae } from './dsse.mjs';
import { checkpoint, inclusion, leafHash, rootOf } from './merkle.mjs';
import { p256, pem, sha256, spki } from './x509.mjs';

const TREE = '1193050959916656506';
/** The public log refuses an SBOM of 3.5 MB (cosign#3599), which is more in base64. */
const LARGEST_REQUEST = 4 * 1024 * 1024;
const hex = (bytes) => createHash('sha256').update(bytes).digest('hex');
export function makeRekor(host) {
  const keys = p256();
  const key = keys.privateKey;
  const publicSpki = spki(keys.publicKey);
  // An entry at index 0 is written without its index (protobuf's JSON), and cosign 2.5 then does not verify it: a first one that is nobody's.
  const first = Buffer.from('{"apiVersion":"0.0.1","kind":"none","spec":{}}');
  return {
    host,
    key,
    spki: publicSpki,
    logId: sha256(publicSpki),
    entries: [
      { body: first, leaf: leafHash(first), integratedTime: Math.floor(now('rekor') / 1000) },
    ],
  };
}
/** What Rekor v1 keeps of a proposed entry, after checking its signature: rekor/pkg/types. */
function kept({ kind, apiVersion, spec }) {
  const b64 = (text) => Buffer.from(text, 'base64');
  if (kind === 'hashedrekord') {
    // The signature is over the digest; only the certificate or key and the digest are at hand, as at Rekor.
    const key = keyIn(b64(spec.signature.publicKey.content).toString());
    if (key.asymmetricKeyType !== 'ec' && key.asymmetricKeyType !== 'rsa')
      throw new Error('hashedrekord: a key of this kind is not taken');
    return {
      apiVersion,
      kind,
      spec: { data: { hash: spec.data.hash }, signature: spec.signature },
    };
  }
  if (kind === 'dsse') {
    const text = spec.proposedContent.envelope;
    const envelope = JSON.parse(text);
    const payload = b64(envelope.payload);
    const verifiers = spec.proposedContent.verifiers;
    const signatures = envelope.signatures.map(({ sig }, at) => {
      const verifier = verifiers[at] ?? verifiers[0];
      mustVerify(
        pae(envelope.payloadType, payload),
        keyIn(b64(verifier).toString()),
        b64(sig),
        'dsse',
      );
      return { signature: sig, verifier };
    });
    signatures.sort((a, b) => (a.signature < b.signature ? -1 : 1));
    return {
      apiVersion,
      kind,
      spec: {
        envelopeHash: { algorithm: 'sha256', value: hex(text) },
        payloadHash: { algorithm: 'sha256', value: hex(payload) },
        signatures,
      },
    };
  }
  if (kind === 'intoto' && apiVersion === '0.0.2') {
    const { envelope } = spec.content;
    // Twice base64: strfmt.Base64 of a text that is base64 itself.
    const payload = b64(b64(envelope.payload).toString());
    const signatures = envelope.signatures.map((one) => {
      mustVerify(
        pae(envelope.payloadType, payload),
        keyIn(b64(one.publicKey).toString()),
        b64(b64(one.sig).toString()),
        'intoto',
      );
      return {
        publicKey: one.publicKey,
        sig: one.sig,
        ...(one.keyid === undefined ? {} : { keyid: one.keyid }),
      };
    });
    return {
      apiVersion,
      kind,
      spec: {
        content: {
          envelope: { payloadType: envelope.payloadType, signatures },
          hash: spec.content.hash,
          payloadHash: { algorithm: 'sha256', value: hex(payload) },
        },
      },
    };
  }
  throw new Error(`no entry of kind ${kind} ${apiVersion} here`);
}
function answer(rekor, at) {
  const { body, integratedTime } = rekor.entries[at];
  const leaves = rekor.entries.map((e) => e.leaf);
  const root = rootOf(leaves);
  const logID = rekor.logId.toString('hex');
  const set = sign(
    'sha256',
    Buffer.from(canonical({ body: body.toString('base64'), integratedTime, logID, logIndex: at })),
    rekor.key,
  );
  const origin = `${rekor.host} - ${TREE}`;
  return {
    [`${BigInt(TREE).toString(16).padStart(16, '0')}${leaves[at].toString('hex')}`]: {
      body: body.toString('base64'),
      integratedTime,
      logID,
      logIndex: at,
      verification: {
        inclusionProof: {
          checkpoint: checkpoint(origin, leaves.length, root, {
            key: rekor.key,
            keyId: rekor.logId.subarray(0, 4),
            signer: rekor.host,
          }),
          hashes: inclusion(leaves, at).map((x) => x.toString('hex')),
          logIndex: at,
          rootHash: root.toString('hex'),
          treeSize: leaves.length,
        },
        signedEntryTimestamp: set.toString('base64'),
      },
    },
  };
}
export function rekorRoutes(rekor) {
  const json = (status, value, headers) => [
    status,
    'application/json',
    JSON.stringify(value),
    headers,
  ];
  const info = () => {
    const leaves = rekor.entries.map((e) => e.leaf);
    const root = rootOf(leaves);
    return {
      rootHash: root.toString('hex'),
      signedTreeHead: checkpoint(`${rekor.host} - ${TREE}`, leaves.length, root, {
        key: rekor.key,
        keyId: rekor.logId.subarray(0, 4),
        signer: rekor.host,
      }),
      treeID: TREE,
      treeSize: leaves.length,
      inactiveShards: [],
    };
  };
  return {
    'POST /api/v1/log/entries': (request) => {
      if (request.bytes.length > LARGEST_REQUEST)
        return json(413, { code: 413, message: 'the entry is too large' });
      const body = Buffer.from(canonical(kept(JSON.parse(request.body))));
      const leaf = leafHash(body);
      const before = rekor.entries.findIndex((e) => e.leaf.equals(leaf));
      if (before >= 0)
        return json(
          409,
          { code: 409, message: 'an equivalent entry already exists' },
          { location: `/api/v1/log/entries/${leaf.toString('hex')}` },
        );
      rekor.entries.push({ body, leaf, integratedTime: Math.floor(now('rekor') / 1000) });
      const made = answer(rekor, rekor.entries.length - 1);
      return json(201, made, {
        location: `/api/v1/log/entries/${Object.keys(made)[0]}`,
        etag: Object.keys(made)[0],
      });
    },
    'GET /api/v1/log/entries': (request) => {
      const at = Number(request.url.searchParams.get('logIndex'));
      return rekor.entries[at] === undefined
        ? json(404, { code: 404, message: 'no such entry' })
        : json(200, answer(rekor, at));
    },
    'GET /api/v1/log/entries/*': (request) => {
      const uuid = request.url.pathname.split('/').at(-1);
      const at = rekor.entries.findIndex((e) => uuid.endsWith(e.leaf.toString('hex')));
      return at < 0
        ? json(404, { code: 404, message: 'no such entry' })
        : json(200, answer(rekor, at));
    },
    'POST /api/v1/log/entries/retrieve': (request) => {
      const { entryUUIDs = [], logIndexes = [], entries = [] } = JSON.parse(request.body);
      const found = new Set(
        [
          ...logIndexes.filter((at) => rekor.entries[at] !== undefined),
          ...entryUUIDs.map((u) =>
            rekor.entries.findIndex((e) => u.endsWith(e.leaf.toString('hex'))),
          ),
          ...entries.map((e) => {
            const leaf = leafHash(Buffer.from(canonical(kept(e))));
            return rekor.entries.findIndex((x) => x.leaf.equals(leaf));
          }),
        ].filter((at) => at >= 0),
      );
      return json(
        200,
        [...found].map((at) => answer(rekor, at)),
      );
    },
    'POST /api/v1/index/retrieve': () => json(200, []),
    'GET /api/v1/log': () => json(200, info()),
    'GET /api/v1/log/publicKey': () => [
      200,
      'application/x-pem-file',
      pem(rekor.spki, 'PUBLIC KEY'),
    ],
  };
}
