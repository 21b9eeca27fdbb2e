import { originsBehind } from '../model/setting-origin.ts';
import { type Settings, type SigstoreChoice, withPlainHttp } from '../model/settings.ts';
import type { OwnOptions } from './flags/own-flags.ts';

/**
 * The settings with what the command line says put above them. `--key` or `--keyless` given turns
 * signing on. Each group is spread, so that a setting without a flag stays.
 */
export function applyOptions(settings: Settings, own: OwnOptions): Settings {
  const { sign, gate, reproducible } = settings;
  const named = own.key !== undefined || own.keyless === true;
  return {
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
      publicLog: own.publicLog ?? sign.publicLog,
      format: own.signatureFormat ?? sign.format,
      ...sigstoreOf(sign, own),
    }),
    reproducible: {
      ...reproducible,
      mode: own.repro ?? reproducible.mode,
      pin: own.pin ?? reproducible.pin,
    },
    gate: defined<Settings['gate']>({
      ...gate,
      minLevel: own.minLevel ?? gate.minLevel,
      minGrade: own.minGrade ?? gate.minGrade,
    }),
    hermetic: own.record ? 'record' : own.replay ? 'replay' : settings.hermetic,
    recentDays: own.maxAge ?? settings.recentDays,
    registries: withPlainHttp(settings.registries, own.plainHttp),
    scanner: own.scanner ?? settings.scanner,
    offline: own.offline ?? settings.offline,
    vex: [...settings.vex, ...own.vex],
  };
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
