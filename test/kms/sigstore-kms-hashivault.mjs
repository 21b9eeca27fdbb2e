#!/usr/bin/env node
// A KMS plugin of cosign (from 2.5): `sigstore-kms-hashivault 1 JSON`, the message on stdin, JSON on
// stdout. It is asked for hashivault:// by builds of cosign without a Vault of their own, and signs by
// Vault's transit engine, named by VAULT_ADDR and VAULT_TOKEN as there.
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';

const [, , , text] = process.argv;
const { initOptions, methodName, signMessage, verifySignature } = JSON.parse(text);
const { VAULT_ADDR, VAULT_TOKEN } = process.env;

async function ask(what, body) {
  const response = await fetch(`${VAULT_ADDR}/v1/transit/${what}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'x-vault-token': VAULT_TOKEN ?? '' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error) => {
    throw new Error(`dial ${VAULT_ADDR}: ${error.cause?.code ?? error.message}`);
  });
  const answer = await response.json();
  if (!response.ok)
    throw new Error(`Error making API request. Code: ${response.status}. Errors: ${answer.errors}`);
  return answer.data;
}

async function answer() {
  const key = initOptions.keyResourceID;
  if (methodName === 'publicKey') {
    const { keys, latest_version: version } = await ask(`keys/${key}`);
    const pem = keys[version].public_key;
    if (pem === undefined) throw new Error('could not parse transit key keys data');
    return { publicKey: { publicKeyPEM: Buffer.from(pem).toString('base64') } };
  }
  const given = (signMessage?.signOptions ?? verifySignature?.verifyOptions)?.messageOptions;
  const digest =
    given?.digest ??
    createHash('sha256')
      .update(await buffer(process.stdin))
      .digest('base64');
  const asked = { input: digest, prehashed: true, signature_algorithm: 'pkcs1v15' };
  if (methodName === 'signMessage') {
    const { signature } = await ask(`sign/${key}/sha2-256`, asked);
    return { signMessage: { signature: signature.replace('vault:v1:', '') } };
  }
  if (methodName === 'verifySignature') {
    const signature = `vault:v1:${verifySignature.signature}`;
    const { valid } = await ask(`verify/${key}/sha2-256`, { ...asked, signature });
    if (!valid) throw new Error('invalid signature');
    return { verifySignature: {} };
  }
  throw new Error(`${methodName} is not done here`);
}

const said = await answer().catch(({ message }) => ({ errorMessage: message }));
process.stdout.write(JSON.stringify(said));
