import { expect, test } from 'vitest';
import { proxyOf } from '../../src/lib/proxy.ts';

const PROXY = 'http://proxy.example:3128/';
const direct = (url: string, noProxy: string): boolean =>
  proxyOf(url, { HTTPS_PROXY: PROXY, HTTP_PROXY: PROXY, NO_PROXY: noProxy }) === undefined;

// As golang.org/x/net/http/httpproxy decides, which docker, buildx and cosign use.
test.each([
  ['https://gcr.io/v2/', { HTTPS_PROXY: PROXY }, PROXY],
  ['http://gcr.io/v2/', { HTTPS_PROXY: PROXY }, undefined],
  ['http://gcr.io/', { http_proxy: 'http://p:1', HTTP_PROXY: 'http://q:2' }, 'http://q:2/'],
  ['http://gcr.io/', { http_proxy: 'http://p:1', HTTP_PROXY: '' }, 'http://p:1/'],
  ['https://gcr.io/', { ALL_PROXY: PROXY, all_proxy: PROXY }, undefined],
  ['https://gcr.io/', { HTTPS_PROXY: 'proxy.example:3128' }, PROXY],
  ['https://gcr.io/', { HTTPS_PROXY: 'proxy.example' }, 'http://proxy.example/'],
  ['https://gcr.io/', { HTTPS_PROXY: 'https://u:p@proxy.example' }, 'https://u:p@proxy.example/'],
  ['https://gcr.io/', { HTTPS_PROXY: '' }, undefined],
  [
    'https://gcr.io/',
    { HTTPS_PROXY: 'socks5://u:p@p.example:1080' },
    'socks5://u:p@p.example:1080',
  ],
  ['http://gcr.io/', { HTTP_PROXY: 'socks5h://p.example' }, 'socks5h://p.example'],
  ['https://gcr.io/', { ALL_PROXY: 'socks5://p.example:1080' }, undefined],
  ['https://localhost:5000/', { HTTPS_PROXY: PROXY }, undefined],
  ['https://127.1.2.3:5000/', { HTTPS_PROXY: PROXY }, undefined],
  ['https://[::1]:5000/', { HTTPS_PROXY: PROXY }, undefined],
  ['https://[::ffff:127.0.0.1]/', { HTTPS_PROXY: PROXY }, undefined],
  ['https://localhost.example/', { HTTPS_PROXY: PROXY }, PROXY],
])('%s with %j goes to %s', (url, env, proxy) => {
  expect(proxyOf(url, env)?.url.href).toBe(proxy);
});

test.each([
  ['https://a.corp.example/', 'other,.corp.example'],
  ['https://a.corp.example/', ' corp.example '],
  ['https://a.corp.example/', '*.corp.example'],
  ['https://corp.example/', 'corp.example'],
  ['https://CORP.example/', 'Corp.Example'],
  ['https://a.example:8443/', 'a.example:8443'],
  ['https://a.example/', 'a.example:443'],
  ['http://a.example/', 'a.example:80'],
  ['https://a.example/', 'b,*'],
  ['https://10.1.2.3/', '10.0.0.0/8'],
  ['https://10.1.2.3:5000/', '10.1.2.3'],
  ['https://10.1.2.3:5000/', '10.1.2.3:5000'],
  ['https://[fd00::1]/', 'fd00::/8'],
  ['https://[fd00::1]:5000/', '[fd00::1]:5000'],
  ['https://xn--bcher-kva.example/', 'bücher.example'],
])('%s is asked directly with NO_PROXY=%s', (url, noProxy) => {
  expect(direct(url, noProxy)).toBe(true);
});

test.each([
  ['https://corp.example/', '.corp.example'],
  ['https://corp.example/', '*.corp.example'],
  ['https://notcorp.example/', 'corp.example'],
  ['https://corp.example.evil/', 'corp.example'],
  ['https://a.example:8443/', 'a.example:443'],
  ['https://a.example/', 'b.example a.example'],
  ['https://a.example/', 'a.*'],
  ['https://11.1.2.3/', '10.0.0.0/8'],
  ['https://10.1.2.3/', '10.0.0.0/33'],
  ['https://10.1.2.3/', '1.2.3'],
  ['https://10.1.2.3:80/', '10.1.2.3:443'],
  ['https://a.example/', ':443'],
  ['https://a.example/', ',,'],
])('%s goes through the proxy with NO_PROXY=%s', (url, noProxy) => {
  expect(direct(url, noProxy)).toBe(false);
});

test.each(['socks4://u:secret@p:1080', 'ftp://u:secret@p', 'not an address', 'http://'])(
  'a proxy of %s is an error that does not print it',
  (HTTPS_PROXY) => {
    expect(() => proxyOf('https://a.example/', { HTTPS_PROXY })).toThrow(
      /^HTTPS_PROXY does not name an HTTP or SOCKS5 proxy$/,
    );
  },
);

test('a CGI program does not use what a request may have set', () => {
  const env = { HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY, REQUEST_METHOD: 'GET' };
  expect(() => proxyOf('http://a.example/', env)).toThrow('CGI');
  expect(proxyOf('https://a.example/', env)?.variable).toBe('HTTPS_PROXY');
});
