import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Subnets by their first address, with their bits. */
export function subnets(all: Readonly<Record<string, number>>): BlockList {
  const list = new BlockList();
  for (const [block, bits] of Object.entries(all))
    list.addSubnet(block, bits, block.includes(':') ? 'ipv6' : 'ipv4');
  return list;
}

/** Addresses of this machine and of the networks around it: no server of the internet has one. */
const OWN = subnets({
  '0.0.0.0': 8,
  '10.0.0.0': 8,
  '100.64.0.0': 10,
  '127.0.0.0': 8,
  '169.254.0.0': 16,
  '172.16.0.0': 12,
  '192.0.0.0': 24,
  '192.168.0.0': 16,
  '198.18.0.0': 15,
  '224.0.0.0': 3,
  // Metadata of Azure's machines.
  '168.63.129.16': 32,
  // Loopback, and IPv4 in IPv6: by its own name, by NAT64 and by 6to4.
  '::': 96,
  '64:ff9b::': 32,
  '2002::': 16,
  'fc00::': 7,
  'fe80::': 10,
  'fec0::': 10,
  'ff00::': 8,
});

/** Whether an IP address, as URLs write it too, is in a list; an IPv4 in IPv6 counts as itself. */
export function isListed(address: string, list: BlockList): boolean {
  const bare = address.replace(/^\[|\]$/g, '');
  const version = isIP(bare);
  if (version === 0) return false;
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare) ?? [];
  // `::ffff:7f00:1`, as URL writes it: Node checks it as the IPv4 address that it is.
  return list.check(mapped ?? bare, version === 4 || mapped !== undefined ? 'ipv4' : 'ipv6');
}

/** True for an IP address of this machine, its network, or a cloud's metadata. */
export function isOwnAddress(address: string): boolean {
  return isListed(address, OWN);
}

/** Which addresses a host may not have, and what is said of one that has. */
export interface Guard {
  readonly refuses: (address: string) => boolean;
  readonly error: (host: string) => Error;
}

/**
 * Looks a name up as usual, but fails with `error` where one of its addresses is refused. It runs
 * for the connection itself, so the name cannot change between check and use. IP addresses are not
 * looked up: callers check those.
 */
export function guardedLookup(refuses: Guard['refuses'], error: Guard['error']): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (failed, found) => {
      const isRefused = failed === null && found.some(({ address }) => refuses(address));
      const failure = isRefused ? error(host) : failed;
      const [first] = failure === null ? found : [];
      if (failure !== null || first === undefined)
        done(failure ?? new Error(`${host} not found`), '');
      else if (options.all === true) done(null, found);
      else done(null, first.address, first.family);
    });
  };
}

/**
 * For a name that a proxy looks up: fails where it is refused by what this machine knows. A name
 * that only the proxy knows is its to allow.
 */
export async function checkName(host: string, { refuses, error }: Guard): Promise<void> {
  const found = await new Promise<readonly LookupAddress[]>((done) => {
    lookup(host, { all: true }, (failed, all) => {
      done(failed === null ? all : []);
    });
  });
  if (found.some(({ address }) => refuses(address))) throw error(host);
}
