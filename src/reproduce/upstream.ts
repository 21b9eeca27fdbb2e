import { existsSync, readdirSync } from 'node:fs';
import { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import { guardedLookup, isListed } from '../lib/own-address.ts';
import { ownAnswer, type Upstream } from './record.ts';

/** RFC 9110, section 7.6.1, and headers between a client and its proxy. */
const HOP =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|host|content-length|expect|accept-encoding)$/;

/** Bridges of containers and virtual machines. The engine separates a RUN from all but its own. */
const BRIDGES =
  /^(?:br-|docker0|docker_gwbridge|virbr|podman|cni|lxdbr|lxcbr|vboxnet|vmnet|flannel|cali)/;

/**
 * Interfaces of what runs on this machine. A bridge to the machine's own network has others too.
 */
const VIRTUAL_END = /^(?:veth|vnet|tap|vif)/;

/** True for a bridge of any name with only containers and virtual machines. */
export function hasContainersAlone(name: string, devices = '/sys/class/net'): boolean {
  if (!existsSync(`${devices}/${name}/bridge`)) return false;
  return readdirSync(`${devices}/${name}/brif`).every((end) => VIRTUAL_END.test(end));
}

/**
 * Addresses that a RUN's program could not reach directly: loopback, and networks of other
 * containers.
 */
function forbidden(gateway: string, interfaces: Interfaces): BlockList {
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8, 'ipv4');
  list.addSubnet('0.0.0.0', 8, 'ipv4');
  list.addAddress('::', 'ipv6');
  list.addAddress('::1', 'ipv6');
  for (const [name, addresses = []] of Object.entries(interfaces)) {
    // The engine's own bridge may have any name (`bridge` in daemon.json), but a known address.
    if (addresses.some(({ address }) => address === gateway)) continue;
    if (!BRIDGES.test(name) && !hasContainersAlone(name)) continue;
    for (const { cidr, family } of addresses) {
      const [address = '', bits = ''] = cidr?.split('/') ?? [];
      if (bits !== '') list.addSubnet(address, Number(bits), family === 'IPv4' ? 'ipv4' : 'ipv6');
    }
  }
  return list;
}

type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * True for an IP address that a build's requests must not reach. `gateway` is this machine's
 * address on the build's bridge.
 */
export function isForbidden(
  address: string,
  gateway: string,
  interfaces: Interfaces = networkInterfaces(),
): boolean {
  return isListed(address, forbidden(gateway, interfaces));
}

/** RFC 9110, section 9.2.1. */
const SAFE = /^(?:GET|HEAD)$/;

/** A server may close a connection just when it is used again (RFC 9112, section 9.3.1). */
function wasClosed(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET';
}

interface NetworkOptions {
  /** This machine's address on the build's bridge. */
  readonly gateway: string;
  /** Trusted authorities: read once, since reading a hundred takes longer than a request. */
  readonly trust: SecureContext;
  /** Dispatcher for addresses that need a proxy of this machine. */
  readonly behindProxy: (address: string) => Dispatcher | undefined;
}

/**
 * Asks servers of the network. Asks for uncompressed bodies, since another program may read them in
 * a replay. A forbidden address gets 403.
 */
export async function networkUpstream({ gateway, trust, behindProxy }: NetworkOptions): Promise<{
  readonly ask: Upstream;
  readonly close: () => Promise<void>;
}> {
  const { Agent, request: send } = (await import('undici')).default;
  const agent = new Agent({
    connect: {
      lookup: guardedLookup(
        (address) => isForbidden(address, gateway),
        (host) => new Error(`${host} is not for builds`),
      ),
      secureContext: trust,
      timeout: 30_000,
    },
    connections: 64,
  });
  return {
    ask: async ({ method, address, headers, body }, signal) => {
      const { hostname, username, password, href } = new URL(address);
      if (isForbidden(hostname, gateway) || /(?:^|\.)localhost\.?$/i.test(hostname))
        return ownAnswer(403);
      const given = Object.entries(headers).filter(([name]) => !HOP.test(name));
      const basic = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      const signedIn =
        username === '' || 'authorization' in headers
          ? {}
          : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` };
      const once = () =>
        send(href.replace(/\/\/[^/@]*@/, '//'), {
          method: method,
          headers: { ...Object.fromEntries(given), ...signedIn, 'accept-encoding': 'identity' },
          body: body.length === 0 ? null : body,
          dispatcher: behindProxy(href) ?? agent,
          signal,
        });
      const answer = await once().catch((error: unknown) => {
        if (SAFE.test(method) && wasClosed(error)) return once();
        throw error;
      });
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    },
    close: async () => {
      await agent.destroy();
    },
  };
}
