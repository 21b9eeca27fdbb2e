import { expect, test } from 'vitest';
import { HttpSender } from '../../src/image/registry/http.ts';

test('a body that gives one more chunk after its request was given up starts no timer', async () => {
  let sent: AsyncIterator<Uint8Array> | undefined;
  const sender = new HttpSender({
    registry: 'r.test',
    fetch: async (_url, init) => {
      sent = (init?.body as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
      await sent.next();
      throw new Error('given up');
    },
  });
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  async function* body(): AsyncIterable<Uint8Array> {
    await Promise.resolve();
    yield Uint8Array.of(1);
    yield Uint8Array.of(2);
  }
  const before = timers();
  await expect(sender.send(new URL('http://r.test/'), { method: 'PUT' }, body)).rejects.toThrow(
    'given up',
  );
  expect((await sent?.next())?.value).toEqual(Uint8Array.of(2));
  expect(timers()).toBe(before);
});

test('a transfer of a byte now and then is none', async () => {
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((done) => setTimeout(done, 5));
      controller.enqueue(Uint8Array.of(1));
    },
  });
  const sender = new HttpSender({ registry: 'r.test', stallMs: 20 });
  const read = async (): Promise<void> => {
    for await (const piece of sender.content(new Response(body))) expect(piece.length).toBe(1);
  };
  await expect(read()).rejects.toThrow('r.test sends too slowly');
});
