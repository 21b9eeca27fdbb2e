import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Dispatcher } from 'undici';
import { ownAnswer, type Upstream } from './record.ts';

/** RFC 9110, section 7.6.1, and what is between a client and its proxy. */
const HOP =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*|host|content-length|expect|accept-encoding)$/;

/** Bridges of other containers and virtual machines, which the engine keeps a RUN from. */
const OTHER_BRIDGES =
  /^(?:br-|docker_gwbridge|virbr|podman|cni|lxdbr|lxcbr|vboxnet|vmnet|flannel|cali)/;

/** What a program in a RUN could not reach by itself: loopback, and networks of other containers. */
function forbidden(interfaces: Interfaces): BlockList {
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8, 'ipv4');
  list.addSubnet('0.0.0.0', 8, 'ipv4');
  list.addAddress('::', 'ipv6');
  list.addAddress('::1', 'ipv6');
  for (const [name, addresses] of Object.entries(interfaces))
    for (const { cidr, family } of OTHER_BRIDGES.test(name) ? (addresses ?? []) : []) {
      const [address = '', bits = ''] = cidr?.split('/') ?? [];
      if (bits !== '') list.addSubnet(address, Number(bits), family === 'IPv4' ? 'ipv4' : 'ipv6');
    }
  return list;
}

type Interfaces = ReturnType<typeof networkInterfaces>;

/** True for an IP address to which no request of a build is passed on. */
export function isForbidden(
  address: string,
  interfaces: Interfaces = networkInterfaces(),
): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  const list = forbidden(interfaces);
  // `::ffff:7f00:1`, as URL writes it: Node checks it as the IPv4 address that it is.
  return list.check(mapped ?? address, version === 4 || mapped !== undefined ? 'ipv4' : 'ipv6');
}

/** Looks a name up as usual, and fails where it leads to an address that is forbidden. */
export const guardedLookup: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, found) => {
    const isOwn = error === null && found.some(({ address }) => isForbidden(address));
    const failure = isOwn ? new Error(`${host} is not for builds`) : error;
    const [first] = failure === null ? found : [];
    if (failure !== null || first === undefined)
      done(failure ?? new Error(`${host} not found`), '');
    else if (options.all === true) done(null, found);
    else done(null, first.address, first.family);
  });
};

interface NetworkOptions {
  /** Certificates of authorities that are trusted, PEM. */
  readonly roots: readonly string[];
  /** What goes through a proxy of this machine, where an address needs one. */
  readonly behindProxy: (address: string) => Dispatcher | undefined;
}

/**
 * Asks servers of the network. Bodies are asked for unpacked, since another program may be the one
 * that reads them in a replay. An address that is
 * forbidden is answered with 403.
 */
export async function networkUpstream({ roots, behindProxy }: NetworkOptions): Promise<{
  readonly ask: Upstream;
  readonly close: () => Promise<void>;
}> {
  const { Agent, request: send } = (await import('undici')).default;
  const agent = new Agent({
    connect: { lookup: guardedLookup, ca: [...roots], timeout: 30_000 },
    connections: 64,
  });
  return {
    ask: async ({ method, address, headers, body }) => {
      const { hostname, username, password, href } = new URL(address);
      const bare = hostname.replace(/^\[|\]$/g, '');
      if (isForbidden(bare) || /(?:^|\.)localhost\.?$/i.test(bare)) return ownAnswer(403);
      const given = Object.entries(headers).filter(([name]) => !HOP.test(name));
      const basic = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      const signedIn =
        username === '' || 'authorization' in headers
          ? {}
          : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` };
      const answer = await send(href.replace(/\/\/[^/@]*@/, '//'), {
        method: method,
        headers: { ...Object.fromEntries(given), ...signedIn, 'accept-encoding': 'identity' },
        body: body.length === 0 ? null : body,
        dispatcher: behindProxy(href) ?? agent,
      });
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    },
    close: async () => {
      await agent.destroy();
    },
  };
}
