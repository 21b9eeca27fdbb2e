import { rm } from 'node:fs/promises';
import { request } from 'undici';
import { afterEach, expect, test } from 'vitest';
import type { Fetch } from '../../src/model/build-analysis.ts';
import { recording } from '../../src/reproduce/record.ts';
import { Opened } from './recorded-server.ts';

const opened = new Opened();
afterEach(() => opened.close());

/** A server whose answers are all different, and recorders that share a store. */
async function shared() {
  const asked: string[] = [];
  const server = await opened.server((message, response) => {
    asked.push(message.url ?? '');
    if (message.url === '/signed')
      return void response.writeHead(302, { location: `/file?sig=${asked.length}` }).end();
    response.end(String(asked.length));
  });
  const store = await opened.store();
  const record = async (known: readonly Fetch[], ...paths: string[]) => {
    const made = recording(store, opened.upstream(), () => 1, new Map([['a', known]]));
    const agent = opened.client(await opened.proxy(made.answer));
    const texts: string[] = [];
    for (const path of paths) {
      const { headers, body } = await request(`${server}${path}`, { dispatcher: agent });
      texts.push((await body.text()) || String(headers['location']));
      await made.settled();
    }
    return { texts, fetches: made.fetches().map(({ fetch }) => fetch) };
  };
  return { asked, store, record };
}

test('a second build gets the answers of the first, in their order, and asks for the others', async () => {
  const { asked, record } = await shared();
  const first = await record([], '/one', '/one');
  expect(first.texts).toEqual(['1', '2']);
  const second = await record(first.fetches, '/one', '/one', '/one', '/two');
  expect(second.texts).toEqual(['1', '2', '2', '3']);
  expect(second.fetches.slice(0, 2)).toEqual(first.fetches);
  expect(asked).toEqual(['/one', '/one', '/two']);
});

test('a redirect with a secret is asked for again, since its recording lacks the secret', async () => {
  const { record } = await shared();
  const first = await record([], '/signed');
  expect(first.texts).toEqual(['/file?sig=REDACTED']);
  const second = await record(first.fetches, '/signed', '/file?sig=REDACTED');
  expect(second.texts).toEqual(['/file?sig=REDACTED', '3']);
});

test('an answer whose bytes are gone is asked for again', async () => {
  const { store, record } = await shared();
  const first = await record([], '/one');
  for (const { digest } of first.fetches) await rm(store.path(digest));
  expect((await record(first.fetches, '/one')).texts).toEqual(['2']);
});
