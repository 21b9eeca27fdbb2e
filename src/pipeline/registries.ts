import { UserError } from '../model/errors.ts';
import type { Settings } from '../model/settings.ts';
import { type CredentialSource, dockerCredentials } from '../oci/registry/credentials.ts';
import { RegistryClient } from '../oci/registry/registry-client.ts';
import { askCredentialHelper } from '../tools/docker/credential-helper.ts';
import type { PipelineContext } from './context.ts';

/** Clients for the registries of one run, each made once, with Docker's credentials. */
export class Registries {
  readonly #clients = new Map<string, RegistryClient>();
  readonly #credentials: CredentialSource;
  readonly #context: PipelineContext;
  readonly #settings: Settings['registries'];

  constructor(context: PipelineContext, settings: Settings['registries']) {
    this.#context = context;
    this.#settings = settings;
    this.#credentials = dockerCredentials(context.paths.dockerConfig, (helper, server) =>
      askHelper(context, helper, server),
    );
  }

  /** `plainHttp` for this call's registry where an output asked for it (`registry.insecure`). */
  client(registry: string, plainHttp = false): RegistryClient {
    const configured = this.#settings[registry]?.plainHttp === true || plainHttp;
    const key = `${registry} ${String(configured)}`;
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const made = new RegistryClient({
      registry,
      credentials: this.#credentials,
      signal: this.#context.signal,
      ...(configured ? { plainHttp: true } : {}),
    });
    this.#clients.set(key, made);
    return made;
  }
}

/** A helper that cannot be asked stops the run: going on without would look like a wrong password. */
async function askHelper(
  context: PipelineContext,
  helper: string,
  server: string,
): Promise<unknown> {
  const answer = await askCredentialHelper(context.run, helper, server);
  if (!answer.ok)
    throw new UserError(
      `docker-credential-${helper} gave no credentials for ${server}: ${answer.error}`,
      {
        nextStep: `docker login ${server}`,
      },
    );
  return answer.value === undefined
    ? undefined
    : { Username: answer.value.username, Secret: answer.value.secret };
}
