import { expect, test } from 'vitest';
import { proxyOf } from '../../src/lib/proxy.ts';
import { tableRows } from '../fakes/table.ts';

const PROXY = 'http://proxy.example:3128/';
const named = (text: string): string => (text === 'P' ? PROXY : text);

// As golang.org/x/net/http/httpproxy decides, which docker, buildx and cosign use.
test.each(tableRows('test/lib/proxy.tsv'))(
  '%s: %s with %s: %s',
  (kind, url, given, proxy?: string) => {
    if (kind === 'env') {
      const pairs = given.split(' ').map((pair) => /^(\w+)=(.*)$/.exec(pair) ?? []);
      const env = Object.fromEntries(
        pairs.map(([, name = '', value = '']) => [name, named(value)]),
      );
      expect(proxyOf(url, env)?.url.href).toBe(proxy && named(proxy));
    } else {
      const noProxy = given.replaceAll('·', ' ');
      const found = proxyOf(url, { HTTPS_PROXY: PROXY, HTTP_PROXY: PROXY, NO_PROXY: noProxy });
      expect(found === undefined).toBe(kind === 'direct');
    }
  },
);

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
