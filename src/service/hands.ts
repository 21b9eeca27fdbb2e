import { join } from 'node:path';
import { Registries, type RegistryAccess } from '../build/registries.ts';
import { VERSION } from '../cli/version.ts';
import { mergeSettings } from '../config/settings.ts';
import { given } from '../lib/json.ts';
import { once } from '../lib/parallel.ts';
import { runTool } from '../lib/run-tool.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Settings } from '../model/settings.ts';
import { NOBODY_NAMED, type TrustedSigners, trustedSigners } from '../trust/trusted-signers.ts';
import { Allowed } from './allowed.ts';
import type { AppDeps } from './parts.ts';
import type { RegistryRule, ServiceSettings } from './settings.ts';

/** What grades, checks and signs, with nothing of a user's own but what settings name. */
export interface Hands {
  readonly context: PipelineContext;
  readonly settings: Settings;
  readonly trusted: TrustedSigners;
  /** These reach what settings allow, and nothing else. */
  readonly registries: Registries;
  readonly fetch: typeof fetch;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export type Place = Pick<PipelineContext, 'env' | 'now' | 'emit'> & {
  /** For its caches and files. */
  readonly home: string;
};

/** Throws UserError for a key that cannot be read. */
export async function handsAt(
  own: Pick<ServiceSettings, 'registries' | 'trust' | 'key' | 'osv'>,
  { home, ...place }: Place,
): Promise<Hands> {
  const [store, cache, config] = ['layout', 'cache', 'config'].map((name) => join(home, name));
  const context: PipelineContext = {
    ...place,
    cwd: home,
    version: VERSION,
    signal: new AbortController().signal,
    // It reaches nobody that an image names: a key needs no network, or is where settings say; for
    // an identity it fetches sigstore's own root.
    run: (what) =>
      what.command === 'cosign' ? runTool(what) : Promise.resolve({ ended: 'not-found' }),
    paths: { store: store ?? '', cache: cache ?? '', config: config ?? '', dockerConfig: home },
  };
  const settings = settingsOf(own);
  const send = new Allowed(own.registries, own.osv).fetch(place.env, home);
  const sign = { ...settings.sign, ...given({ key: own.key }), keyless: false };
  return {
    context,
    settings: { ...settings, sign },
    fetch: send,
    // Without the key that signs: who is trusted, settings say.
    trusted: await trustedSigners(context, settings, NOBODY_NAMED),
    registries: new Registries(context, {}, accessOf(own.registries, send)),
  };
}

/** As of a `.scoville.yaml` that says who is trusted, and nothing else. */
function settingsOf({ trust, osv: url }: Pick<ServiceSettings, 'trust' | 'osv'>): Settings {
  const plain = mergeSettings([], 'image');
  const named = (['images', 'keys', 'identities'] as const).filter((one) => trust[one].length > 0);
  const from = { source: 'named', file: 'the settings', isTrust: true } as const;
  return {
    ...plain,
    trust,
    scanner: 'osv',
    osv: { ...plain.osv, ...given({ url }) },
    origins: named.map((name) => ({ setting: `trust.${name}`, ...from })),
  };
}

/** With the passwords of settings, or with those of one request for the registry it is about. */
export function accessOf(
  rules: readonly RegistryRule[],
  send: typeof fetch,
  own?: { readonly registry: string; readonly credentials: Credentials },
): RegistryAccess {
  return (registry) => {
    const rule = rules.find(({ host }) => host === registry);
    const login = own?.registry === registry ? own.credentials : rule?.credentials;
    return {
      credentials: () => Promise.resolve(login && { kind: 'basic', ...login }),
      tokenServers: rule?.also ?? [],
      fetch: send,
      // Where nobody says so, the address decides.
      ...(rule?.plainHttp === true ? { plainHttp: true } : {}),
    };
  };
}

/** Made when they are first needed; a key that cannot be read may be there the next time. */
export function handsOf(
  { settings, log, now }: Pick<AppDeps, 'settings' | 'log' | 'now'>,
  place: Pick<Place, 'home' | 'env'>,
): () => Promise<Hands> {
  const emit: PipelineContext['emit'] = (event) => {
    if (event.kind === 'warning' || event.kind === 'notice') log.info(event.text);
  };
  const make = once((own: ServiceSettings) => handsAt(own, { ...place, now, emit }));
  return () => make(settings);
}
