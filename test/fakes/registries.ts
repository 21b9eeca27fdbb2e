import { onTestFinished } from 'vitest';
import { RegistryClient } from '../../src/image/registry/client.ts';
import type { ConnectionOptions } from '../../src/image/registry/connection.ts';
import type { Credential } from '../../src/image/registry/credentials.ts';
import { type FakeRegistry, type FakeRegistryOptions, startFakeRegistry } from './fake-registry.ts';

/** A registry that ends with the test. */
export async function registryOf(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
  const registry = await startFakeRegistry(options);
  onTestFinished(() => registry.close());
  return registry;
}

/** A client that tries again at once. */
export function clientOf(
  { host }: Pick<FakeRegistry, 'host'>,
  { credential, ...rest }: Partial<ConnectionOptions> & { readonly credential?: Credential } = {},
): RegistryClient {
  return new RegistryClient({
    registry: host,
    credentials: () => Promise.resolve(credential),
    backoffMs: () => 1,
    ...rest,
  });
}
