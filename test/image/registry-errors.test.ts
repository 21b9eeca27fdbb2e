import { expect, test } from 'vitest';
import { registryError } from '../../src/image/registry/http.ts';

const answer = (message: string): Response =>
  Response.json({ errors: [{ code: 'DENIED', message }] }, { status: 403 });

test.each([
  ['what it says', 'not yours', 'not yours'],
  ['the header that it was sent', 'no: Basic Y2k6c2VjcmV0 here', 'no: Basic *** here'],
  ['a token that it was sent', 'bad token (bearer eyJh.eyJh.c2ln)', 'bad token (bearer ***'],
  ['a line', 'one\ntwo\u001b[31m', 'one two [31m'],
])('a registry’s error has %s', async (_, said, shown) => {
  expect((await registryError(answer(said))).message).toBe(shown);
});
