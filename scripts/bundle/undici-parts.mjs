// In place of undici: the parts that src/lib/origins.ts and src/reproduce/upstream.ts use. Mocks, caches, WebSockets and a fetch would take 0.1 s of each build to load.
import api from '../../node_modules/undici/lib/api/index.js';
import Agent from '../../node_modules/undici/lib/dispatcher/agent.js';
import Dispatcher from '../../node_modules/undici/lib/dispatcher/dispatcher.js';
import ProxyAgent from '../../node_modules/undici/lib/dispatcher/proxy-agent.js';
import Socks5ProxyAgent from '../../node_modules/undici/lib/dispatcher/socks5-proxy-agent.js';
import { Headers } from '../../node_modules/undici/lib/web/fetch/headers.js';
import { Response } from '../../node_modules/undici/lib/web/fetch/response.js';

Object.assign(Dispatcher.prototype, api);

const request = (address, { dispatcher, ...options }) => {
  const { origin, pathname, search } = new URL(address);
  return dispatcher.request({ path: pathname + search, ...options, origin });
};

export default { Agent, Dispatcher, Headers, ProxyAgent, Response, Socks5ProxyAgent, request };
