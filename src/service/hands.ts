import { join } from 'node:path';
import { VERSION } from '../cli/version.ts';
import { mergeSettings } from '../config/settings.ts';
import { RegistryClient } from '../image/registry/client.ts';
import { networkFetch } from '../lib/fetch.ts';
import { given } from '../lib/json.ts';
import { runTool } from '../lib/run-tool.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Settings } from '../model/settings.ts';
import { NOBODY_NAMED, type TrustedSigners, trustedSigners } from '../trust/trusted-signers.ts';
import { Allowed } from './allowed.ts';
import type { AppDeps, ServiceSettings } from './deps.ts';

/** What checks and signs verdicts, with nothing of a user's own but what settings name. */
export interface Hands {
  readonly context: PipelineContext;
  readonly settings: Settings;
  readonly trusted: TrustedSigners;
  /** Reaches what settings allow, and nothing else. */
  readonly client: (registry: string) => RegistryClient;
}

interface HandsOptions {
  /** Its caches and files. */
  readonly home: string;
  /** Also the password of the key: COSIGN_PASSWORD. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Made when it is first needed. */
export function handsOf(
  deps: Pick<AppDeps, 'settings' | 'log' | 'now'>,
  options: HandsOptions,
): () => Promise<Hands> {
  let made: Promise<Hands> | undefined;
  return () => {
    made ??= madeHands(deps, options);
    // A key that cannot be read may be there the next time.
    made.catch(() => (made = undefined));
    return made;
  };
}

async function madeHands(
  { settings: own, log, now }: Pick<AppDeps, 'settings' | 'log' | 'now'>,
  { home, env }: HandsOptions,
): Promise<Hands> {
  const settings = settingsOf(own);
  const context: PipelineContext = {
    ...{ run: runTool, env, cwd: home, now, version: VERSION },
    emit: (event) => {
      if (event.kind === 'warning' || event.kind === 'notice') log.info(event.text);
    },
    signal: new AbortController().signal,
    paths: {
      ...{ store: join(home, 'layout'), cache: join(home, 'cache') },
      ...{ config: join(home, 'config'), dockerConfig: home },
    },
  };
  const { guardOf } = new Allowed(own.registries);
  const fetch = networkFetch(env, home, { guardOf });
  const client = (registry: string): RegistryClient => {
    const rule = own.registries.find(({ host }) => host === registry);
    const { credentials, plainHttp = false, also = [] } = rule ?? {};
    return new RegistryClient({
      ...{ registry, fetch, tokenServers: also },
      credentials: () => Promise.resolve(credentials && { kind: 'basic', ...credentials }),
      ...(plainHttp ? { plainHttp } : {}),
    });
  };
  const trusted = await trustedSigners(context, settings, NOBODY_NAMED);
  return { context, settings, trusted, client };
}

/** As of a `.scoville.yaml` that says who is trusted, and nothing else. */
function settingsOf({ trust, key }: ServiceSettings): Settings {
  const plain = mergeSettings([], 'image');
  const origins = ['trust.keys', 'trust.identities'].map(
    (setting) => ({ setting, source: 'named', file: 'the settings', isTrust: true }) as const,
  );
  return { ...plain, trust, origins, sign: { ...plain.sign, ...given({ key }), keyless: false } };
}
