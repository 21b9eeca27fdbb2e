/** `named`: by a flag. `user`: configuration of the user or machine. `project`: of the project. */
export type SettingSource = 'named' | 'user' | 'project';

/** Which file a setting that counts was read from. */
export interface SettingOrigin {
  /** `trust.keys`. */
  readonly setting: string;
  readonly source: SettingSource;
  readonly file: string;
  /** It says whom or what to trust: reports name the file. */
  readonly isTrust: boolean;
}

/** The origins without those of settings that a flag sets: by setting, the flag's value. */
export function originsBehind(
  origins: readonly SettingOrigin[],
  flags: Readonly<Record<string, unknown>>,
): readonly SettingOrigin[] {
  return origins.filter(({ setting }) => flags[setting] === undefined);
}

/** What cosign does to use a key of a scheme. */
interface KeyScheme {
  /** Asks a server, which the address or the environment names. */
  readonly network: boolean;
  /** Uses what this user has for all programs: tokens of a cloud, the environment, a PIN. */
  readonly credentials: boolean;
  /** Loads a library, or starts a program that is named after the scheme. */
  readonly module: boolean;
  /** An engine in a cluster can ask it too. */
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
 * How cosign gets at a key that is not a file; undefined for a path. A scheme that is not listed is
 * a plugin of cosign: a program that may do anything. A project's file may only name paths.
 */
export function keyScheme(ref: string): KeyScheme | undefined {
  const [, scheme] = /^([a-z0-9+.-]+):/i.exec(ref) ?? [];
  if (scheme === undefined) return undefined;
  const name = scheme.toLowerCase();
  return Object.hasOwn(SCHEMES, name) ? SCHEMES[name] : { ...SERVICE, module: true };
}
