import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { networkFetch } from '../../src/lib/fetch.ts';
import { Servers } from '../fakes/company.ts';

let servers = new Servers();
afterEach(async () => {
  await servers.close();
  servers = new Servers();
});

/** Ports that fetch refuses and this machine has free; each is a registry's as well as any. */
test.for([6000, 6566, 6665, 6669, 10080])(
  'port %i is asked as any other',
  async (port, { skip }) => {
    const bodies: string[] = [];
    const server = createServer((asked, response) => {
      asked.on('data', (piece: Buffer) => bodies.push(piece.toString()));
      asked.on('end', () => {
        const location = asked.url === '/round' ? '/round' : '/elsewhere';
        const headers = { location, 'set-cookie': ['a=1', 'b=2'] };
        response.writeHead(asked.url === '/away' || asked.url === '/round' ? 302 : 201, headers);
        response.end(asked.method === 'HEAD' ? undefined : 'here');
      });
    });
    const url = await new Promise<string | undefined>((resolve) => {
      server.once('error', () => {
        resolve(undefined);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(`http://127.0.0.1:${port}`);
      });
    });
    // Somebody else's server: no port of this list can be drawn by the kernel.
    if (url === undefined) return skip('somebody else has the port');
    try {
      const ask = networkFetch({}, '/nowhere');
      const answer = await ask(`${url}/v2/`, { redirect: 'manual' });
      expect([answer.status, answer.ok, answer.url]).toEqual([201, true, `${url}/v2/`]);
      expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      expect(await answer.text()).toBe('here');
      async function* content(): AsyncGenerator<Uint8Array> {
        await Promise.resolve();
        yield Buffer.from('one ');
        yield Buffer.from('two');
      }
      const sent = { method: 'PUT', body: content(), redirect: 'manual', duplex: 'half' } as const;
      await (await ask(`${url}/v2/`, sent)).body?.cancel();
      expect(bodies.join('')).toBe('one two');
      const head = await ask(`${url}/v2/`, { method: 'HEAD', redirect: 'manual' });
      expect(head.body).toBeNull();
      await expect(ask(`${url}/away`, { redirect: 'error' })).rejects.toThrow('fetch failed');
      expect((await ask(`${url}/away`, { redirect: 'manual' })).status).toBe(302);
      const followed = await ask(`${url}/away`);
      expect([followed.status, followed.url]).toEqual([201, `${url}/elsewhere`]);
      expect(await followed.text()).toBe('here');
      await expect(ask(`${url}/round`)).rejects.toThrow('fetch failed');
      const stopped = AbortSignal.abort(new Error('enough'));
      await expect(ask(url, { redirect: 'manual', signal: stopped })).rejects.toThrow('enough');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
);

test('a server that hangs up is an error as of fetch, with its cause', async () => {
  const server = createServer((asked) => asked.socket.destroy());
  const port = await servers.listen(server);
  const asked = networkFetch({}, '/nowhere')(`http://127.0.0.1:${port}/`, { redirect: 'manual' });
  await expect(asked).rejects.toMatchObject({
    message: 'fetch failed',
    cause: { code: 'UND_ERR_SOCKET' },
  });
});
