import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { field, isObject, listField, parseJson } from '../../model/json-value.ts';
import type { RunTool } from '../../model/run.ts';

/** How the engine treats registries (`docker info`, RegistryConfig). */
export interface EngineRegistries {
  /** Addresses of mirrors of Docker Hub, in the order in which they are asked. */
  readonly mirrors: readonly URL[];
  /** Whether it speaks to `HOST` or `HOST:PORT` without TLS that is verified. */
  readonly isInsecure: (registry: string) => Promise<boolean>;
}

type LookUp = (host: string) => Promise<readonly string[]>;

/** Asks the engine; without one no registry is treated otherwise. */
export async function engineRegistries(
  run: RunTool,
  signal?: AbortSignal,
  lookUp: LookUp = addressesOf,
): Promise<EngineRegistries> {
  const result = await run({
    command: 'docker',
    args: ['info', '--format', '{{json .RegistryConfig}}'],
    timeoutMs: 10_000,
    ...(signal === undefined ? {} : { signal }),
  });
  const config = result.ended === 'exit' && result.exitCode === 0 ? result.stdout : '{}';
  return readEngineRegistries(config, lookUp);
}

/** Reads what `docker info` prints of registries; what is not as expected counts as not there. */
export function readEngineRegistries(text: string, lookUp: LookUp): EngineRegistries {
  const config = parseJson(text);
  const texts = (name: string): readonly string[] =>
    listField(config, name).filter((one) => typeof one === 'string');
  const indexes = field(config, 'IndexConfigs');
  const blocks = texts('InsecureRegistryCIDRs').map(blockOf);
  return {
    mirrors: texts('Mirrors').flatMap((text) => mirrorUrl(text) ?? []),
    isInsecure: async (registry) => {
      const index = isObject(indexes) && Object.hasOwn(indexes, registry) ? indexes[registry] : {};
      const isSecure = field(index, 'Secure');
      // A registry that is named goes before the blocks, as in the engine (moby,
      // registry/config.go).
      if (typeof isSecure === 'boolean') return !isSecure;
      const host = registry.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
      const addresses = isIP(host) === 0 ? await lookUp(host) : [host];
      return addresses.some((address) =>
        blocks.some((block) => block.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')),
      );
    },
  };
}

async function addressesOf(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

function blockOf(cidr: string): BlockList {
  const block = new BlockList();
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(cidr) ?? [];
  const family = isIP(address);
  if (family !== 0 && Number(bits) <= (family === 4 ? 32 : 128))
    block.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return block;
}

/** The mirror's address, ending in `/v2/`; undefined with a user: a password would be printed. */
function mirrorUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '') return undefined;
  const path = url.pathname.replace(/(?<!\/)\/+$/, '');
  url.pathname = path.endsWith('/v2') ? `${path}/` : `${path}/v2/`;
  url.search = url.hash = '';
  return url;
}
