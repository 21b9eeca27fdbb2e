import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linksApp } from './links.js';

const log = { info: () => {} };

test('a stored link redirects', async () => {
  const app = linksApp({ token: 'open-sesame', log });
  const put = await app.request('/docs', {
    method: 'PUT',
    body: 'https://example.org/docs',
    headers: { authorization: 'Bearer open-sesame' },
  });
  assert.equal(put.status, 201);
  const got = await app.request('/docs');
  assert.equal(got.status, 302);
  assert.equal(got.headers.get('location'), 'https://example.org/docs');
});

test('without the token nothing is stored', async () => {
  const app = linksApp({ token: 'open-sesame', log });
  const put = await app.request('/docs', { method: 'PUT', body: 'https://example.org' });
  assert.equal(put.status, 401);
});

test('only http addresses are stored', async () => {
  const app = linksApp({ token: 't', log });
  const put = await app.request('/x', {
    method: 'PUT',
    body: 'javascript:alert(1)',
    headers: { authorization: 'Bearer t' },
  });
  assert.equal(put.status, 400);
});
