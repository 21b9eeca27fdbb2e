import { X509Certificate } from 'node:crypto';
import { listField } from '../../model/json-value.ts';
import { askProvider } from '../oidc/oidc-http.ts';

const MOST = 50;

/**
 * The certificates of the authorities that Fulcio signs with (its API v2, `trustBundle`). A
 * sigstore bundle does not contain them, and cosign 2 wants them beside a signature. They are not
 * trusted here. Empty where Fulcio does not name them. Throws on abort only.
 */
export async function fulcioAuthorities(
  fulcio: string,
  signal: AbortSignal,
): Promise<readonly X509Certificate[]> {
  const url = `${fulcio}${fulcio.endsWith('/') ? '' : '/'}api/v2/trustBundle`;
  const answer = await askProvider({ url, signal });
  if (!answer.ok || answer.value.status !== 200) return [];
  const pems = listField(answer.value.json, 'chains').flatMap((chain) =>
    listField(chain, 'certificates'),
  );
  return pems.slice(0, MOST).flatMap((pem) => {
    try {
      return typeof pem === 'string' ? [new X509Certificate(pem)] : [];
    } catch {
      return [];
    }
  });
}
