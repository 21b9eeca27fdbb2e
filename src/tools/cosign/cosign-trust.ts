import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A sigstore trusted root (protobuf-specs, sigstore_trustroot.proto) that trusts no service. With a
 * key none is needed, and without this file cosign asks the network for one.
 */
export const EMPTY_TRUSTED_ROOT =
  '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}\n';

/**
 * Variables by which the environment would choose whom cosign trusts (its pkg/cosign/env and
 * sigstore's TUF client): verifying leaves them aside. A root of one's own is named with
 * `--trusted-root`.
 */
export const TRUST_VARIABLES = [
  'SIGSTORE_ROOT_FILE',
  'SIGSTORE_REKOR_PUBLIC_KEY',
  'SIGSTORE_CT_LOG_PUBLIC_KEY_FILE',
  'SIGSTORE_TSA_CERTIFICATE_FILE',
  'TUF_ROOT',
  'TUF_MIRROR',
  'TUF_ROOT_JSON',
  'COSIGN_EXPERIMENTAL',
  'COSIGN_REPOSITORY',
] as const;

/** The environment of a cosign that verifies. */
export const VERIFY_ENV: Readonly<Record<string, undefined>> = Object.fromEntries(
  TRUST_VARIABLES.map((name) => [name, undefined]),
);

/** The files of one call of cosign, in an existing folder; the caller removes them together. */
export class CallFiles {
  readonly #name: string;
  readonly #paths: string[] = [];

  constructor(folder: string) {
    this.#name = join(folder, `cosign-${randomUUID()}`);
  }

  /** A path that nothing is at. */
  path(suffix: string): string {
    const path = `${this.#name}.${suffix}`;
    this.#paths.push(path);
    return path;
  }

  async write(suffix: string, content: string | Uint8Array): Promise<string> {
    const path = this.path(suffix);
    await writeFile(path, content, { flag: 'wx', mode: 0o600 });
    return path;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#paths.map((path) => rm(path, { recursive: true, force: true })));
  }
}
