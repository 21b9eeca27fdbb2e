import { originsBehind } from '../model/setting-origin.ts';
import { type Settings, type SigstoreChoice, withPlainHttp } from '../model/settings.ts';
import { camelCase } from './flags/flag.ts';
import { OWN_FLAGS, type OwnOptions } from './flags/own-flags.ts';

/**
 * The settings with what the command line says put above them. `--key` or `--keyless` given turns
 * signing on.
 */
export function applyOptions(settings: Settings, own: OwnOptions): Settings {
  const { sign, registries, vex } = settings;
  const named = own.key !== undefined || own.keyless === true;
  const changed: Settings = {
    ...settings,
    origins: originsBehind(settings.origins, {
      'sign.key': own.key ?? own.keyless,
      'sign.keyless': own.key ?? own.keyless,
      recentDays: own.maxAge,
      scanner: own.scanner,
      offline: own.offline,
    }),
    sign: defined<Settings['sign']>({
      ...sign,
      enabled: own.sign ?? (named || sign.enabled),
      key: own.key ?? (own.keyless === true ? undefined : sign.key),
      keyless: own.keyless ?? (own.key === undefined && sign.keyless),
      ...sigstoreOf(sign, own),
    }),
    hermetic: own.record ? 'record' : own.replay ? 'replay' : settings.hermetic,
    registries: withPlainHttp(registries, own.plainHttp),
    vex: [...vex, ...own.vex],
  };
  const values = own as Readonly<Record<string, unknown>>;
  return OWN_FLAGS.reduce((all, { name, setting }) => {
    const value = values[camelCase(name)];
    return setting === undefined || value === undefined ? all : withSetting(all, setting, value);
  }, changed);
}

/** With another value at a path of one or two names. */
function withSetting(settings: Settings, path: string, value: unknown): Settings {
  const [group, name] = path.split('.') as [keyof Settings, string?];
  if (name === undefined) return { ...settings, [group]: value };
  return { ...settings, [group]: { ...(settings[group] as object), [name]: value } };
}

type Unset<T> = { readonly [K in keyof T]: T[K] | undefined };

/** Without the keys that are undefined. */
function defined<T extends object>(all: Unset<T>): T {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as T;
}

/** The user's Sigstore. An address by flag overrides the settings' config file, and vice versa. */
function sigstoreOf(sign: Settings['sign'], own: OwnOptions): Required<Unset<SigstoreChoice>> {
  const given = [own.fulcioUrl, own.rekorUrl, own.tsaUrl, own.oidcIssuer];
  const isByUrl = given.some((url) => url !== undefined);
  const urls: SigstoreChoice = own.signingConfig === undefined ? sign : {};
  return {
    fulcioUrl: own.fulcioUrl ?? urls.fulcioUrl,
    rekorUrl: own.rekorUrl ?? urls.rekorUrl,
    tsaUrl: own.tsaUrl ?? urls.tsaUrl,
    oidcIssuer: own.oidcIssuer ?? urls.oidcIssuer,
    signingConfig: own.signingConfig ?? (isByUrl ? undefined : sign.signingConfig),
    trustedRoot: own.trustedRoot ?? sign.trustedRoot,
  };
}
