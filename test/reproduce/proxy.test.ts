import { connect as connectTls } from 'node:tls';
import { request } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { urlOfRun } from '../../src/reproduce/proxy.ts';
import { type Answer, plainReply, type ProxyRequest } from '../../src/reproduce/record.ts';
import { Opened, passwordOf, spoken, tunnel } from './recorded-server.ts';

const opened = new Opened();
afterEach(() => opened.close());

function answering(): { readonly asked: ProxyRequest[]; readonly answer: Answer } {
  const asked: ProxyRequest[] = [];
  return {
    asked,
    answer: (one, reply) => {
      asked.push(one);
      plainReply(reply, 200, 'answer');
      return Promise.resolve();
    },
  };
}

describe('who may ask', () => {
  test('no one without the password of this build: not by GET, not by CONNECT, not with another build’s', async () => {
    const { asked, answer } = answering();
    const ours = await opened.proxy(answer);
    const other = await opened.proxy(answer);
    const end = 'Connection: close\r\n\r\n';
    for (const words of [
      'GET http://a/ HTTP/1.1\r\nHost: a\r\n',
      'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n',
    ])
      for (const password of ['', passwordOf(other.url), 'Proxy-Authorization: Basic Og==\r\n'])
        expect(await spoken(ours.url, words + password + end)).toMatch(
          // Who asks first without a password, as git does, has to see that the connection ends.
          /^HTTP\/1\.1 407 [^]*Proxy-Authenticate: Basic[^]*Connection: close/,
        );
    expect(asked).toEqual([]);
    expect(
      await spoken(ours.url, `GET http://a/ HTTP/1.1\r\nHost: a\r\n${passwordOf(ours.url)}${end}`),
    ).toMatch(/^HTTP\/1\.1 200 [^]*answer$/);
    expect(asked).toMatchObject([{ method: 'GET', address: 'http://a/', client: '127.0.0.1' }]);
    expect(new URL(ours.url).password).toMatch(/^[\w-]{32}$/);
  });

  test('a RUN names itself; a connection is of the first one that did, whatever it says later', async () => {
    const { asked, answer } = answering();
    const proxy = await opened.proxy(answer);
    const named = (line: number): string => passwordOf(urlOfRun(proxy.url, line));
    const get = (words: string, more = ''): string =>
      `GET http://a/ HTTP/1.1\r\nHost: a\r\n${words}${more}\r\n`;
    const end = 'Connection: close\r\n';
    await spoken(proxy.url, get('') + get(named(12)) + get(passwordOf(proxy.url), end));
    await spoken(proxy.url, get(named(12)) + get(named(7), end));
    await spoken(proxy.url, get(passwordOf(proxy.url), end));
    expect(asked.map(({ run }) => run)).toEqual([12, 12, 12, 12, undefined]);
    const wrong = new URL(urlOfRun(proxy.url, 12));
    wrong.password = 'x'.repeat(32);
    expect(await spoken(proxy.url, get(passwordOf(wrong.href), end))).toMatch(/^HTTP\/1\.1 407 /);
    expect(new URL(urlOfRun(proxy.url, 12)).username).toBe('run12');
  });

  test('listens on the one address that it is given', async () => {
    const proxy = await opened.proxy(answering().answer);
    const { port } = new URL(proxy.url);
    expect(await spoken(`http://127.0.0.2:${port}`, 'x')).toBe('');
  });
});

describe('what is asked', () => {
  test('many requests on one connection, plain and in TLS; the host is that of CONNECT', async () => {
    const { asked, answer } = answering();
    const proxy = await opened.proxy(answer);
    const agent = opened.client(proxy);
    for (const address of [
      'https://a.example/1',
      'https://a.example/2',
      'https://[2001:db8::1]:8443/3',
      'https://192.0.2.1/4',
    ])
      expect(
        await (await request(address, { dispatcher: agent, headers: { host: 'b' } })).body.text(),
      ).toBe('answer');
    expect(asked.map(({ address }) => address)).toEqual([
      'https://a.example/1',
      'https://a.example/2',
      'https://[2001:db8::1]:8443/3',
      'https://192.0.2.1/4',
    ]);
  });

  test('a client that speaks HTTP/2 and nothing else is named; who speaks both is answered', async () => {
    const { asked, answer } = answering();
    const proxy = await opened.proxy(answer);
    const handshake = async (ALPNProtocols: string[]): Promise<string> => {
      const socket = await tunnel(proxy.url, 'a.example:443');
      return new Promise((done) => {
        const ca = proxy.authority.pem;
        const secure = connectTls({ socket, servername: 'a.example', ca, ALPNProtocols }, () => {
          secure.write('GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
        });
        secure.on('data', () => {
          done(String(secure.alpnProtocol));
        });
        secure.on('error', (error: NodeJS.ErrnoException) => {
          done(error.code ?? '');
        });
      });
    };
    expect(await handshake(['h2'])).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
    expect(await handshake(['h2', 'http/1.1'])).toBe('http/1.1');
    expect(asked).toMatchObject([{ address: 'https://a.example/x' }]);
    expect(proxy.seen).toMatchObject([{ target: 'a.example:443' }]);
  });

  test('a connection without a request is closed after a while and not named', async () => {
    const proxy = await opened.proxy(answering().answer, { silentMs: 200 });
    const socket = await tunnel(proxy.url, 'a.example:443');
    const idle = connectTls({ socket, servername: 'a.example', ca: proxy.authority.pem });
    idle.on('error', () => undefined).resume();
    await new Promise((done) => idle.once('close', done));
    expect(proxy.seen).toEqual([]);
  });

  test('an answer may take longer than a connection may be silent', async () => {
    const slow: Answer = async (_, reply) => {
      await new Promise((done) => setTimeout(done, 3_500));
      plainReply(reply, 200, 'late');
    };
    // Long enough for a busy machine to ask within it.
    const proxy = await opened.proxy(slow, { silentMs: 3_000 });
    const late = await request('https://a.example/', { dispatcher: opened.client(proxy) });
    expect(await late.body.text()).toBe('late');
    expect(proxy.seen).toEqual([]);
  });

  test('HTTP without TLS in a tunnel', async () => {
    const { asked, answer } = answering();
    const proxy = await opened.proxy(answer);
    const socket = await tunnel(proxy.url, 'a:80');
    socket.write('GET /x HTTP/1.1\r\nHost: a\r\n\r\n');
    const said = await new Promise<Buffer>((done) => socket.once('data', done));
    socket.destroy();
    expect(said.toString()).toMatch(/^HTTP\/1\.1 200/);
    expect(asked).toMatchObject([{ address: 'http://a/x' }]);
  });

  test('a client that does not trust the authority, or speaks something else, is named', async () => {
    const proxy = await opened.proxy(answering().answer);
    const socket = await tunnel(proxy.url, 'pinned.example:443');
    await new Promise<void>((done) => {
      connectTls({ socket, servername: 'pinned.example' })
        .on('error', () => undefined)
        .on('close', () => {
          done();
        });
    });
    await spoken(
      proxy.url,
      `CONNECT git.example:9418 HTTP/1.1\r\nHost: a\r\n${passwordOf(proxy.url)}\r\n0032git-upload-pack`,
    );
    await expect.poll(() => proxy.seen.length).toBe(2);
    expect(proxy.seen.map(({ target, why }) => [target, why.split(':')[0]])).toEqual([
      ['pinned.example:443', 'TLS'],
      ['git.example:9418', 'neither HTTP nor TLS'],
    ]);
  });

  test.each([
    ['GET / HTTP/1.1', 400],
    ['GET http:// HTTP/1.1', 400],
    ['CONNECT a HTTP/1.1', 400],
    ['CONNECT a:1/b@c HTTP/1.1', 400],
  ])('%s gets %d', async (line, status) => {
    const proxy = await opened.proxy(answering().answer);
    const said = await spoken(
      proxy.url,
      `${line}\r\nHost: a\r\nConnection: close\r\n${passwordOf(proxy.url)}\r\n`,
    );
    expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });
});
