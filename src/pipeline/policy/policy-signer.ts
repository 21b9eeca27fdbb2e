import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { PolicySigner } from '../../admission/admitted-image.ts';
import { isAnchored } from '../../admission/literals.ts';
import { UserError } from '../../model/errors.ts';
import type { Signer } from '../../tools/cosign/cosign-signer.ts';
import { isKeyUri, keyName } from '../../tools/cosign/key-uri.ts';

/** Services that cosign asks for a key, and that engines in a cluster can ask too. */
const KMS = /^(?:awskms|gcpkms|azurekms|hashivault):\/\//;

/**
 * A signer as policies name it: of a key file the key alone, whatever else the file holds. Throws UserError for a key that only this
 * machine can read, and for a pattern that would take more than whole texts.
 */
export async function policySigner(signer: Signer): Promise<PolicySigner> {
  if (signer.kind === 'identity') {
    const { identity, issuer, trustedRoot } = signer;
    for (const named of [identity, issuer]) refuseOpen(named);
    return { kind: 'identity', identity, issuer, hasOwnRoot: trustedRoot !== undefined };
  }
  const { publicKey } = signer;
  if (KMS.test(publicKey)) return { kind: 'kms', uri: publicKey };
  if (isKeyUri(publicKey))
    throw new UserError(`${keyName(publicKey)} is a key that only this machine can read`, {
      nextStep: `cosign public-key --key ${keyName(publicKey)} > cosign.pub, then --key cosign.pub`,
    });
  try {
    const key = createPublicKey(await readFile(publicKey));
    return { kind: 'key', pem: key.export({ type: 'spki', format: 'pem' }).toString() };
  } catch (cause) {
    throw new UserError(`the key ${publicKey} cannot be read`, { cause });
  }
}

function refuseOpen(named: Extract<Signer, { kind: 'identity' }>['identity']): void {
  if ('exact' in named || isAnchored(named.pattern)) return;
  throw new UserError(
    `the pattern ${named.pattern} also takes names that only contain it; a policy would admit them`,
    { nextStep: 'begin it with ^ and end it with $, and put alternatives into (?: )' },
  );
}
