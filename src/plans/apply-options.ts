import { originsBehind } from '../model/setting-origin.ts';
import { type Settings, withPlainHttp } from '../model/settings.ts';
import type { OwnOptions } from './flags/own-flags.ts';

/** The settings with what the command line says put above them. `--key` or `--keyless` given turns signing on. */
export function applyOptions(settings: Settings, own: OwnOptions): Settings {
  const named = own.key !== undefined || own.keyless === true;
  const key = own.key ?? (own.keyless === true ? undefined : settings.sign.key);
  const { notation } = settings.sign;
  const minLevel = own.minLevel ?? settings.gate.minLevel;
  const minGrade = own.minGrade ?? settings.gate.minGrade;
  return {
    ...settings,
    origins: originsBehind(settings.origins, {
      'sign.key': own.key ?? own.keyless,
      'sign.keyless': own.key ?? own.keyless,
      recentDays: own.maxAge,
      scanner: own.scanner,
      offline: own.offline,
    }),
    sign: {
      enabled: own.sign ?? (named || settings.sign.enabled),
      keyless: own.keyless ?? (own.key === undefined && settings.sign.keyless),
      publicLog: own.publicLog ?? settings.sign.publicLog,
      ...sigstoreOf(settings.sign, own),
      format: own.signatureFormat ?? settings.sign.format,
      ...(key === undefined ? {} : { key }),
      ...(notation === undefined ? {} : { notation }),
    },
    reproducible: {
      ...settings.reproducible,
      mode: own.repro ?? settings.reproducible.mode,
      pin: own.pin ?? settings.reproducible.pin,
    },
    gate: {
      waivers: settings.gate.waivers,
      ...(minLevel === undefined ? {} : { minLevel }),
      ...(minGrade === undefined ? {} : { minGrade }),
    },
    hermetic: own.record ? 'record' : own.replay ? 'replay' : settings.hermetic,
    recentDays: own.maxAge ?? settings.recentDays,
    registries: withPlainHttp(settings.registries, own.plainHttp),
    scanner: own.scanner ?? settings.scanner,
    offline: own.offline ?? settings.offline,
    vex: [...settings.vex, ...own.vex],
  };
}

/** The sigstore of one's own. Addresses and a file that names all of them: what a flag says goes above the other, too. */
function sigstoreOf(sign: Settings['sign'], own: OwnOptions): Partial<Settings['sign']> {
  const given = [own.fulcioUrl, own.rekorUrl, own.tsaUrl, own.oidcIssuer];
  const isByUrl = given.some((url) => url !== undefined);
  const urls = own.signingConfig === undefined ? sign : ({} as Partial<Settings['sign']>);
  const all = {
    fulcioUrl: own.fulcioUrl ?? urls.fulcioUrl,
    rekorUrl: own.rekorUrl ?? urls.rekorUrl,
    tsaUrl: own.tsaUrl ?? urls.tsaUrl,
    oidcIssuer: own.oidcIssuer ?? urls.oidcIssuer,
    signingConfig: own.signingConfig ?? (isByUrl ? undefined : sign.signingConfig),
    trustedRoot: own.trustedRoot ?? sign.trustedRoot,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
