import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { proxyOf, useProxies } from '../../src/tools/proxy.ts';

const ENV = { HTTPS_PROXY: 'http://proxy.example:3128' };

test.each([
  ['https://gcr.io/v2/', ENV, 'http://proxy.example:3128'],
  ['http://gcr.io/v2/', ENV, undefined],
  ['http://a.example/', { http_proxy: 'http://p:1', HTTP_PROXY: 'http://q:2' }, 'http://p:1'],
  ['https://localhost:5000/', ENV, undefined],
  ['https://127.0.0.1:5000/', ENV, undefined],
  ['https://[::1]:5000/', ENV, undefined],
  ['https://a.corp.example/', { ...ENV, NO_PROXY: 'other,.corp.example' }, undefined],
  ['https://corp.example/', { ...ENV, no_proxy: 'corp.example' }, undefined],
  ['https://notcorp.example/', { ...ENV, no_proxy: 'corp.example' }, 'http://proxy.example:3128'],
  ['https://a.example:8443/', { ...ENV, NO_PROXY: 'a.example:443' }, 'http://proxy.example:3128'],
  ['https://a.example:8443/', { ...ENV, NO_PROXY: 'a.example:8443' }, undefined],
  ['https://a.example/', { ...ENV, NO_PROXY: '*' }, undefined],
  ['https://a.example/', { HTTPS_PROXY: 'not an address' }, undefined],
  ['https://a.example/', { HTTPS_PROXY: '' }, undefined],
])('%s with %j', (url, env, proxy) => {
  expect(proxyOf(url, env)?.proxy).toBe(proxy);
});

test('names the variable, for messages', () => {
  expect(proxyOf('https://a.example/', ENV)?.variable).toBe('HTTPS_PROXY');
});

let server: Server | undefined;
afterEach(() => server?.close());

test('requests go through it, and what is encrypted through a tunnel', async () => {
  const seen: string[] = [];
  server = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.end('from the proxy');
  }).on('connect', ({ method = '', url = '' }, socket) => {
    seen.push(`${method} ${url}`);
    socket.end('HTTP/1.1 403 no\r\n\r\n');
  });
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
  const address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  await useProxies({ HTTP_PROXY: address, HTTPS_PROXY: address });
  expect(await (await fetch('http://registry.invalid/v2/')).text()).toBe('from the proxy');
  await expect(fetch('https://registry.invalid/v2/')).rejects.toThrow('fetch failed');
  expect(seen).toEqual(['GET http://registry.invalid/v2/', 'CONNECT registry.invalid:443']);
});
