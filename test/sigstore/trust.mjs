// What clients need to trust the stand-in: trusted root, signing configuration, PEM files, and a TUF repository with all of them.
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonical } from './canonical-json.mjs';
import { pem, sha256, spki } from './x509.mjs';

const START = '2020-01-01T00:00:00Z';
const b64 = (bytes) => bytes.toString('base64');

export function trustedRoot({ fulcio, rekor, rekorV2, tsa }, url) {
  const log = (baseUrl, key, logId, keyDetails) => ({
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: b64(key), keyDetails, validFor: { start: START } },
    logId: { keyId: b64(logId) },
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [
      log(url, rekor.spki, rekor.logId, 'PKIX_ECDSA_P256_SHA_256'),
      log(url.replace('127.0.0.1', 'localhost'), rekorV2.spki, rekorV2.logId, 'PKIX_ED25519'),
    ],
    certificateAuthorities: [
      {
        subject: { organization: 'sigstore.mock', commonName: 'sigstore' },
        uri: url,
        certChain: {
          certificates: [fulcio.intermediate, fulcio.root].map(({ der }) => ({
            rawBytes: b64(der),
          })),
        },
        validFor: { start: START },
      },
    ],
    ctlogs: [log(`${url}/ct`, fulcio.ct.spki, sha256(fulcio.ct.spki), 'PKIX_ECDSA_P256_SHA_256')],
    timestampAuthorities: [
      {
        subject: { organization: 'sigstore.mock', commonName: 'sigstore-tsa-selfsigned' },
        uri: `${url}/api/v1/timestamp`,
        certChain: {
          certificates: [tsa.signer, tsa.root].map(({ der }) => ({ rawBytes: b64(der) })),
        },
        validFor: { start: START },
      },
    ],
  };
}
/** `rekor`: 1, 2 or 0 (none). A log of version 2 tells no time, so that a timestamp is needed with it. */
export function signingConfig(url, { rekor, tsa }) {
  const service = (address, majorApiVersion) => ({
    url: address,
    majorApiVersion,
    validFor: { start: START },
    operator: 'sigstore.mock',
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [service(url, 1)],
    oidcUrls: [service(`${url}/oidc`, 1)],
    rekorTlogUrls:
      rekor === 0
        ? []
        : [service(rekor === 2 ? url.replace('127.0.0.1', 'localhost') : url, rekor)],
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: tsa ? [service(`${url}/api/v1/timestamp`, 1)] : [],
    tsaConfig: { selector: 'ANY' },
  };
}

/** Writes the files and gives the environment that names them to cosign 2. */
export function writeTrust(dir, services, url, choice) {
  mkdirSync(dir, { recursive: true });
  const { fulcio, rekor, rekorV2, tsa } = services;
  const text = (value) => `${JSON.stringify(value, null, 1)}\n`;
  const files = {
    'fulcio.crt.pem': pem(fulcio.root.der),
    'fulcio_intermediate.crt.pem': pem(fulcio.intermediate.der),
    'fulcio-chain.pem': pem(fulcio.intermediate.der) + pem(fulcio.root.der),
    'ctfe.pub': pem(fulcio.ct.spki, 'PUBLIC KEY'),
    'rekor.pub': pem(rekor.spki, 'PUBLIC KEY'),
    'rekor-v2.pub': pem(rekorV2.spki, 'PUBLIC KEY'),
    'tsa-chain.pem': pem(tsa.signer.der) + pem(tsa.root.der),
    'trusted_root.json': text(trustedRoot(services, url)),
    'signing_config.v0.2.json': text(signingConfig(url, choice)),
    'signing_config-rekor2.json': text(signingConfig(url, { rekor: 2, tsa: true })),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
  writeTuf(join(dir, 'tuf'), files, url);
  return {
    SIGSTORE_ROOT_FILE: join(dir, 'fulcio-chain.pem'),
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: join(dir, 'ctfe.pub'),
    SIGSTORE_REKOR_PUBLIC_KEY: join(dir, 'rekor.pub'),
    SIGSTORE_TSA_CERTIFICATE_FILE: join(dir, 'tsa-chain.pem'),
  };
}

/** A TUF repository (spec 1.0.31, consistent snapshots): cosign initialize --mirror URL/tuf --root URL/tuf/1.root.json. */
function writeTuf(dir, files, url) {
  mkdirSync(join(dir, 'targets'), { recursive: true });
  const keys = generateKeyPairSync('ed25519');
  const key = {
    keytype: 'ed25519',
    scheme: 'ed25519',
    keyval: { public: spki(keys.publicKey).subarray(-32).toString('hex') },
  };
  const keyid = sha256(Buffer.from(canonical(key))).toString('hex');
  const expires = new Date(Date.now() + 30 * 86_400_000).toISOString().replace(/\.\d+Z/, 'Z');
  const write = (names, signed) => {
    const whole = { spec_version: '1.0.31', version: 1, expires, ...signed };
    const bytes = Buffer.from(
      JSON.stringify({
        signed: whole,
        signatures: [
          {
            keyid,
            sig: sign(null, Buffer.from(canonical(whole)), keys.privateKey).toString('hex'),
          },
        ],
      }),
    );
    for (const name of names) writeFileSync(join(dir, name), bytes);
    return { length: bytes.length, hashes: { sha256: sha256(bytes).toString('hex') }, version: 1 };
  };
  const role = { keyids: [keyid], threshold: 1 };
  write(['1.root.json', 'root.json'], {
    _type: 'root',
    consistent_snapshot: true,
    keys: { [keyid]: key },
    roles: { root: role, snapshot: role, targets: role, timestamp: role },
  });
  const usage = {
    'fulcio.crt.pem': 'Fulcio',
    'fulcio_intermediate.crt.pem': 'Fulcio',
    'ctfe.pub': 'CTFE',
    'rekor.pub': 'Rekor',
    'tsa-chain.pem': 'TSA',
  };
  const targets = {};
  for (const name of [...Object.keys(usage), 'trusted_root.json', 'signing_config.v0.2.json']) {
    const bytes = Buffer.from(files[name]);
    const digest = sha256(bytes).toString('hex');
    writeFileSync(join(dir, 'targets', `${digest}.${name}`), bytes);
    targets[name] = {
      length: bytes.length,
      hashes: { sha256: digest },
      ...(usage[name] === undefined
        ? {}
        : { custom: { sigstore: { status: 'Active', uri: url, usage: usage[name] } } }),
    };
  }
  const t = write(['1.targets.json', 'targets.json'], { _type: 'targets', targets });
  const s = write(['1.snapshot.json', 'snapshot.json'], {
    _type: 'snapshot',
    meta: { 'targets.json': t },
  });
  write(['timestamp.json'], { _type: 'timestamp', meta: { 'snapshot.json': s } });
}
