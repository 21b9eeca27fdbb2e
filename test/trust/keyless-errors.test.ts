import { expect, test } from 'vitest';
import { keylessError } from '../../src/trust/sigstore.ts';

const attempt = {
  services: {
    fulcio: 'https://fulcio.example',
    logs: [{ url: 'https://rekor.example', version: 1 }],
    tsas: ['https://tsa.example'],
    oidc: 'https://login.example',
  },
  issuer: 'https://issuer.example',
  subject: 'jane@example.com',
  certificateOnly: false,
  now: 0,
};

/** What cosign 2.5 and 3.1 said to the services of test/sigstore. */
test.each([
  [
    String.raw`Error: getting signer: getting key from Fulcio: retrieving cert: POST https://fulcio.example/api/v1/signingCert returned 400 Bad Request: "{\"code\":3,\"message\":\"There was an error processing the identity token\",\"details\":[]}"`,
    'Fulcio (https://fulcio.example) does not accept the OIDC token of https://issuer.example for jane@example.com: There was an error processing the identity token',
  ],
  [
    'Error: creating bundle: signing bundle: error signing bundle: Fulcio returned 400: {"code":3,"message":"There was an error processing the identity token"}',
    'Fulcio (https://fulcio.example) does not accept the OIDC token of https://issuer.example for jane@example.com: There was an error processing the identity token',
  ],
  [
    'Error: Post "https://rekor.example/api/v1/log/entries": POST https://rekor.example/api/v1/log/entries giving up after 4 attempt(s)',
    'the transparency log (https://rekor.example) did not take the entry: Post "https://rekor.example/api/v1/log/entries"',
  ],
  [
    'Error: creating bundle: signing bundle: error signing bundle: failed to verify log inclusion: integrated time outside certificate validity',
    'the clocks of Fulcio (https://fulcio.example) and the log (https://rekor.example) differ',
  ],
  [
    'Error: signing blob: signing bundle: error signing bundle: failed to verify leaf certificate: leaf certificate verification failed',
    'the certificate of Fulcio (https://fulcio.example) does not verify: its clock and this machine’s (1970-01-01T00:00:00.000Z) differ',
  ],
  [
    'Error: getting signer: getting key from Fulcio: getting CTFE public keys: updating local metadata and targets: tuf: failed to download 13.root.json',
    'the keys that sigstore is checked with cannot be had',
  ],
  [
    'Error: getting signer: getting key from Fulcio: verifying SCT: ctfe public key not found',
    'the certificate of Fulcio (https://fulcio.example) is in no certificate log that is trusted',
  ],
  [
    'Error: signing /tmp/scoville-sign-x/cosign-1.payload: getting key from Fulcio: retrieving cert: client: Post "https://fulcio.example/api/v1/signingCert": dial tcp: connection refused',
    'Fulcio (https://fulcio.example) gave no certificate: getting key from Fulcio',
  ],
  [
    'Error: getting key from Fulcio: Post "https://fulcio.example/api/v1/signingCert": tls: failed to verify certificate: x509: certificate has expired',
    'a service of sigstore is not reached over a TLS connection that is trusted',
  ],
  ['Error: something new', 'keyless signing failed: something new'],
])('%s', (said, message) => {
  const error = keylessError(said, attempt);
  expect(error.message).toContain(message);
  expect(error.nextStep).toBeDefined();
  expect(error.nextStep).not.toMatch(/^or /);
});
