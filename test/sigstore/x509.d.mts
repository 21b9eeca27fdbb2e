import type { KeyObject } from 'node:crypto';

export interface Issuer {
  readonly der: Buffer;
  readonly key: KeyObject;
}
interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}
export function p256(): KeyPair;
export function pem(der: Buffer, what?: string): string;
export function rootCa(
  names: Readonly<Record<string, string>>,
  options?: { readonly keys?: KeyPair; readonly hash?: string },
): Issuer;
export function issue(
  issuer: Issuer,
  options: {
    readonly names: Readonly<Record<string, string>>;
    readonly keys?: KeyPair;
    readonly extensions: readonly Buffer[];
    readonly years?: number;
  },
): Issuer;
export const ext: {
  readonly keyUsageSign: () => Buffer;
  readonly eku: (id: string) => Buffer;
  readonly sanDns: (...names: readonly string[]) => Buffer;
};
export const EKU: { readonly serverAuth: string };
