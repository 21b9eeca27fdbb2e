import type { Settings } from '../model/settings.ts';
import { type CredentialSource, dockerCredentials } from '../oci/registry/credentials.ts';
import { RegistryClient } from '../oci/registry/registry-client.ts';
import { type ConnectionOptions, RegistryConnection } from '../oci/registry/registry-connection.ts';
import { askCredentialHelper } from '../tools/docker/credential-helper.ts';
import { type EngineRegistries, engineRegistries } from '../tools/docker/engine-registries.ts';
import { networkFetch } from '../tools/network/network-fetch.ts';
import type { PipelineContext } from './context.ts';

const HUB = 'docker.io';

/** The registry clients of one run, one each, with Docker's credentials and the engine's rules. */
export class Registries {
  readonly #clients = new Map<string, RegistryClient>();
  readonly #credentials: CredentialSource;
  readonly #context: PipelineContext;
  readonly #settings: Settings['registries'];
  readonly #unverified: typeof fetch;
  #engine: Promise<EngineRegistries> | undefined;
  #mirrors: Promise<readonly RegistryConnection[]> | undefined;

  constructor(context: PipelineContext, settings: Settings['registries']) {
    this.#context = context;
    this.#settings = settings;
    const { env, paths } = context;
    this.#credentials = dockerCredentials(paths.dockerConfig, env, (helper, server) =>
      askCredentialHelper(context.run, helper, server),
    );
    this.#unverified = networkFetch(env, env['HOME'] ?? '/', { isVerified: false });
  }

  /** `plainHttp` for this call's registry where an output asked for it (`registry.insecure`). */
  client(registry: string, plainHttp = false): RegistryClient {
    const configured = this.#settings[registry]?.plainHttp === true || plainHttp;
    return this.#known(`${registry} ${String(configured)}`, {
      ...this.#options(registry),
      ...(configured ? { plainHttp: true } : {}),
    });
  }

  /** To read images alone: what is on Docker Hub may come from a mirror of the engine's. */
  reader(registry: string): RegistryClient {
    if (registry !== HUB) return this.client(registry);
    const mirrors = (): Promise<readonly RegistryConnection[]> => {
      this.#mirrors ??= this.#findMirrors();
      return this.#mirrors;
    };
    return this.#known(`${HUB} read`, { ...this.#options(HUB), mirrors });
  }

  #known(key: string, options: ConnectionOptions): RegistryClient {
    const client = this.#clients.get(key) ?? new RegistryClient(options);
    this.#clients.set(key, client);
    return client;
  }

  #options(registry: string): ConnectionOptions {
    const { tokenServer } = this.#settings[registry] ?? {};
    return {
      registry,
      credentials: this.#credentials,
      signal: this.#context.signal,
      unverified: this.#unverified,
      insecure: async () => (await this.#asked()).isInsecure(registry),
      ...(tokenServer === undefined ? {} : { tokenServer }),
    };
  }

  #asked(): Promise<EngineRegistries> {
    this.#engine ??= engineRegistries(this.#context.run, this.#context.signal);
    return this.#engine;
  }

  async #findMirrors(): Promise<readonly RegistryConnection[]> {
    const { mirrors } = await this.#asked();
    return mirrors.map((base) => {
      const options = this.#options(base.host);
      // The engine shows mirrors no password; over TLS one that is kept for this host is no risk.
      const credentials: CredentialSource =
        base.protocol === 'https:' ? options.credentials : () => Promise.resolve(undefined);
      return new RegistryConnection({ ...options, credentials, base });
    });
  }
}
