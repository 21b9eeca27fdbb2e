import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deviceLogin } from '../../src/trust/oidc.ts';
import { Servers } from '../fakes/company.ts';

const servers = new Servers();
let issuer = '';
let polls = 0;

beforeAll(async () => {
  const server = createServer((asked, response) => {
    if (asked.url === '/token') polls += 1;
    const answers: Record<string, unknown> = {
      '/.well-known/openid-configuration': {
        device_authorization_endpoint: `${issuer}/device`,
        token_endpoint: `${issuer}/token`,
      },
      '/device': {
        device_code: 'd',
        user_code: 'ABCD',
        verification_uri: issuer,
        expires_in: 2,
        // More than a timer of Node takes, which then fires after 1 ms.
        interval: 3_000_000,
      },
      '/token': { error: 'authorization_pending' },
    };
    response.writeHead(asked.url === '/token' ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answers[asked.url ?? '']));
  });
  issuer = `http://127.0.0.1:${await servers.listen(server)}`;
});
afterAll(() => servers.close());

test('an interval of weeks does not make a loop: one question before the code expires', async () => {
  const shown: unknown[] = [];
  const show = (code: unknown): unknown => shown.push(code);
  const { signal } = new AbortController();
  expect(await deviceLogin(issuer, show, signal)).toMatchObject({ ok: false });
  expect(shown).toMatchObject([{ code: 'ABCD', seconds: 2 }]);
  expect(polls).toBe(1);
});
