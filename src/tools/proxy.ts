/** What never goes through a proxy, as for docker and curl. */
const LOCAL = ['localhost', '127.0.0.1', '[::1]', '::1'];

type Environment = Readonly<Record<string, string | undefined>>;

/** Small letters first, as curl and Go read them: a CGI program's HTTP_PROXY may come from a request. */
function given(env: Environment, name: string): string | undefined {
  return env[name] || env[name.toUpperCase()] || undefined;
}

/**
 * The variable that names the proxy for an address, and the proxy; undefined where it is asked directly:
 * without a proxy, for this machine, and for hosts of NO_PROXY.
 */
export function proxyOf(
  url: string,
  env: Environment,
): { readonly variable: string; readonly proxy: string } | undefined {
  const { protocol, hostname, port } = new URL(url);
  const name = protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const proxy = given(env, name);
  if (proxy === undefined || !URL.canParse(proxy)) return undefined;
  const direct = [...LOCAL, ...(given(env, 'no_proxy') ?? '').split(/[\s,]+/)];
  const isDirect = direct.some((one) => {
    const [host = '', at] = /^\[/.test(one) || one.split(':').length > 2 ? [one] : one.split(':');
    if (host === '*') return true;
    if (host === '' || (at !== undefined && at !== port)) return false;
    const bare = host.replace(/^\*?\./, '');
    return hostname === host || hostname === bare || hostname.endsWith(`.${bare}`);
  });
  return isDirect ? undefined : { variable: env[name] ? name : name.toUpperCase(), proxy };
}

/**
 * Has `fetch` go through the proxies of the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), as docker, git
 * and cosign do by themselves; Node.js does not before 24. Nothing is loaded where none is set.
 */
export async function useProxies(env: Environment): Promise<void> {
  if (given(env, 'http_proxy') === undefined && given(env, 'https_proxy') === undefined) return;
  const { Agent, Dispatcher, ProxyAgent, setGlobalDispatcher } = (await import('undici')).default;
  const direct = new Agent();
  const agents = new Map<string, InstanceType<typeof ProxyAgent>>();
  const agentFor = (uri: string, proxyTunnel: boolean): InstanceType<typeof ProxyAgent> => {
    const key = `${uri} ${String(proxyTunnel)}`;
    const agent = agents.get(key) ?? new ProxyAgent({ uri, proxyTunnel });
    agents.set(key, agent);
    return agent;
  };
  class ByEnvironment extends Dispatcher {
    override dispatch(
      ...[options, handler]: Parameters<InstanceType<typeof Dispatcher>['dispatch']>
    ): boolean {
      const url = String(options.origin);
      const { proxy } = proxyOf(url, env) ?? {};
      // Plain HTTP is asked of the proxy itself: few of them tunnel to port 80.
      const agent = proxy === undefined ? direct : agentFor(proxy, url.startsWith('https:'));
      return agent.dispatch(options, handler);
    }
  }
  setGlobalDispatcher(new ByEnvironment());
}
