/** `named`: a flag. `user`: configuration of the user or machine. `project`: the project's. */
export type SettingSource = 'named' | 'user' | 'project';

/** The file that a setting in use came from. */
export interface SettingOrigin {
  /** `trust.keys`. */
  readonly setting: string;
  readonly source: SettingSource;
  readonly file: string;
  /** A setting about trust: reports name its file. */
  readonly isTrust: boolean;
}

/** The origins without settings that a flag replaces: by setting, the flag's value. */
export function originsBehind(
  origins: readonly SettingOrigin[],
  flags: Readonly<Record<string, unknown>>,
): readonly SettingOrigin[] {
  return origins.filter(({ setting }) => flags[setting] === undefined);
}

/** What cosign uses for a key of a scheme. */
interface KeyScheme {
  /** A server, named by the address or the environment. */
  readonly network: boolean;
  /** The user's general credentials: tokens of a cloud, the environment, a PIN. */
  readonly credentials: boolean;
  /** A library, or a program named after the scheme. */
  readonly module: boolean;
  /** An engine in a cluster can use it too. */
  readonly cluster: boolean;
}

const SERVICE: KeyScheme = { network: true, credentials: true, module: false, cluster: false };
const KMS: KeyScheme = { ...SERVICE, cluster: true };

const SCHEMES: Readonly<Record<string, KeyScheme>> = {
  awskms: KMS,
  gcpkms: KMS,
  azurekms: KMS,
  hashivault: KMS,
  gitlab: SERVICE,
  github: SERVICE,
  k8s: SERVICE,
  http: { ...SERVICE, credentials: false },
  https: { ...SERVICE, credentials: false },
  pkcs11: { ...SERVICE, network: false, module: true },
  env: { ...SERVICE, network: false },
};

/**
 * How cosign reads a key that is not a file; undefined for a path. An unlisted scheme is a plugin
 * of cosign: a program that may do anything. A project's file may only name paths.
 */
export function keyScheme(ref: string): KeyScheme | undefined {
  const [, scheme] = /^([a-z0-9+.-]+):/i.exec(ref) ?? [];
  if (scheme === undefined) return undefined;
  const name = scheme.toLowerCase();
  return Object.hasOwn(SCHEMES, name) ? SCHEMES[name] : { ...SERVICE, module: true };
}
