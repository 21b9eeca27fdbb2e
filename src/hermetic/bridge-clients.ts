import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * Tells the containers on the bridge that has the address `host` from all others: this machine's
 * own addresses, which each of its users can send from and which the build's password could be read
 * by, and what is routed here from elsewhere. Interfaces are looked at for each connection: a
 * bridge without a container is not listed.
 */
export function bridgeClients(
  host: string,
  interfaces: () => Interfaces = networkInterfaces,
): (address: string) => boolean {
  const family = isIP(host) === 6 ? 'ipv6' : 'ipv4';
  return (address) => {
    const all = Object.values(interfaces()).flatMap((addresses) => addresses ?? []);
    const [network, bits] = all.find((one) => one.address === host)?.cidr?.split('/') ?? [];
    if (isIP(address) === 0 || network === undefined) return false;
    const bridge = new BlockList();
    bridge.addSubnet(network, Number(bits), family);
    return bridge.check(address, family) && !all.some((one) => one.address === address);
  };
}
