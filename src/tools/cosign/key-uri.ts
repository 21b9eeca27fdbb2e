import { keyScheme } from '../../model/key-scheme.ts';
import { decoded } from '../../model/purl.ts';

/** True for a key address of cosign (KMS, PKCS#11, the environment), not for a file. */
export function isKeyUri(ref: string): boolean {
  return keyScheme(ref) !== undefined;
}

const PIN = /([?&])pin-value=([^&]*)/gi;

/** A key's address without the PIN that a PKCS#11 URI may contain (RFC 7512, 2.4), and the PIN. */
export function withoutPin(ref: string): { readonly ref: string; readonly pin?: string } {
  if (!/^pkcs11:/i.test(ref)) return { ref };
  const pin = [...ref.matchAll(PIN)].at(-1)?.[2];
  if (pin === undefined) return { ref };
  const rest = ref.replaceAll(PIN, '$1').replace(/&&+/g, '&').replace(/\?&/, '?');
  return { ref: rest.replace(/[?&]$/, ''), pin: decoded(pin) };
}

/** How cosign gets a key: its address as an argument (others can see it), secrets as variables. */
export function keyAccess(
  address: string,
  password?: string,
): { readonly ref: string; readonly env: Readonly<Record<string, string>> } {
  const { ref, pin } = withoutPin(address);
  return {
    ref,
    env: {
      ...(password === undefined ? {} : { COSIGN_PASSWORD: password }),
      ...(pin === undefined ? {} : { COSIGN_PKCS11_PIN: pin }),
    },
  };
}

/** A key's name for people: without a PIN, and without a password in a URL. */
export function keyName(ref: string): string {
  return withoutPin(ref).ref.replaceAll(/(:\/\/)[^\s/@]+@/g, '$1***@');
}
