import { resolve } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { Settings, SigstoreChoice } from '../../model/settings.ts';
import { certificateFor } from '../../tools/cosign/cosign-sign.ts';
import { givesPromise, publicHosts } from '../../tools/cosign/sigstore-services.ts';
import { resolveSigstore } from '../../tools/cosign/sigstore.ts';
import { ambientSource } from '../../tools/oidc/ambient-token.ts';
import { loginEndpoints } from '../../tools/oidc/device-login.ts';
import type { PipelineContext } from '../context.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';
import { KeylessSession } from './keyless-session.ts';
import { disclosureOf, loginDisclosure, requireConsent } from './public-log.ts';

/**
 * The keyless signer, tried: the token is at hand, the public log was agreed to, and Fulcio makes
 * out a certificate. A person logs in later, when the image is there. Throws UserError that says
 * what failed.
 */
export async function keylessSession(
  context: PipelineContext,
  sign: Settings['sign'],
): Promise<KeylessSession> {
  const source = await ambientSource(context.env);
  if (source === undefined && context.isPerson !== true)
    throw new UserError('keyless signing needs an OIDC token, and nobody is here to log in', {
      nextStep:
        'give the job a token (GitHub Actions: permissions: id-token: write; GitLab: id_tokens: SIGSTORE_ID_TOKEN), or sign with a key (--key FILE), or not at all (--no-sign)',
    });
  const sigstore = await resolveSigstore(context.run, sigstoreChoice(context, sign));
  if (sign.format === 'legacy' && !givesPromise(sigstore.services))
    throw new UserError(
      'the log (Rekor v2) does not sign a timestamp, without which a signature under sha256-HEX.sig does not verify',
      {
        nextStep: 'sign with --signature-format bundle, or name a log of Rekor v1: --rekor-url URL',
      },
    );
  const hosts = publicHosts(sigstore.services);
  const session = new KeylessSession(context, sigstore, source);
  if (session.isLogin) {
    const { oidc } = sigstore.services;
    await requireConsent(context, sign, loginDisclosure(oidc), hosts);
    const reached = await loginEndpoints(oidc, context.signal);
    if (!reached.ok) throw session.noToken(reached.error);
    return session;
  }
  await requireConsent(context, sign, disclosureOf(await session.claims()), hosts);
  await tryCertificate(context, session);
  return session;
}

async function tryCertificate(context: PipelineContext, session: KeylessSession): Promise<void> {
  await inTemporaryFolder('sign', async (scratchDir) => {
    const { run, signal } = context;
    const key = await session.key();
    await session.meet(await certificateFor(run, key, { scratchDir, signal }));
  });
}

/** The sigstore that settings name; paths of flags are meant from here. */
function sigstoreChoice({ cwd }: PipelineContext, sign: Settings['sign']): SigstoreChoice {
  const { fulcioUrl, rekorUrl, tsaUrl, oidcIssuer } = sign;
  const [signingConfig, trustedRoot] = [sign.signingConfig, sign.trustedRoot].map((path) =>
    path === undefined ? undefined : resolve(cwd, path),
  );
  const all = { fulcioUrl, rekorUrl, tsaUrl, oidcIssuer, signingConfig, trustedRoot };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
