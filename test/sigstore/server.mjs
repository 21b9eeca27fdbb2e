#!/usr/bin/env node
// A sigstore for tests: Fulcio (v1, v2) with a CT log, Rekor v1 and v2, a timestamp authority, an OIDC issuer that speaks as
// GitHub Actions and GitLab do, and a TUF repository. It needs Node alone. Nothing here is secure. README.md says how to use it.
//
//   node server.mjs --dir DIR [--port 0] [--proxy-port 0] [--rekor 1|2] [--tsa]
//
// Writes its files to DIR and then prints `ready URL`.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, normalize, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { setClock } from './clock.mjs';
import { fulcioRoutes, makeFulcio } from './fulcio.mjs';
import { makeIssuer, oidcRoutes } from './oidc.mjs';
import { startProxy } from './proxy.mjs';
import { makeRekorV2, rekorV2Routes } from './rekor-v2.mjs';
import { makeRekor, rekorRoutes } from './rekor.mjs';
import { writeTrust } from './trust.mjs';
import { makeTsa, tsaRoutes } from './tsa.mjs';

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    port: { type: 'string', default: '0' },
    'proxy-port': { type: 'string' },
    rekor: { type: 'string', default: '1' },
    tsa: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
});
const dir = resolve(values.dir ?? 'sigstore-data');

const counts = {};
let fail; // {path, status, times}
let routes = {};
const handler = (request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const bytes = Buffer.concat(parts);
    const url = new URL(request.url, 'http://mock');
    const key = `${request.method} ${url.pathname}`;
    counts[key] = (counts[key] ?? 0) + 1;
    const say = (status, type, body, headers = {}) => {
      if (!values.quiet)
        process.stderr.write(`${key} ${status}${status >= 400 ? ` ${body}` : ''}\n`);
      response.writeHead(status, { 'content-type': type, ...headers }).end(body);
    };
    try {
      if (fail !== undefined && fail.times > 0 && url.pathname.startsWith(fail.path)) {
        fail.times -= 1;
        return say(
          fail.status,
          'application/json',
          JSON.stringify({ code: fail.status, message: 'made to fail' }),
        );
      }
      if (key === 'GET /_mock/counts') return say(200, 'application/json', JSON.stringify(counts));
      if (key === 'POST /_mock/fail') {
        fail = {
          path: url.searchParams.get('path'),
          status: Number(url.searchParams.get('status')),
          times: Number(url.searchParams.get('times') ?? 1),
        };
        return say(200, 'application/json', '{}');
      }
      if (key === 'POST /_mock/clock') {
        setClock(url.searchParams.get('service'), Number(url.searchParams.get('seconds')));
        return say(200, 'application/json', '{}');
      }
      if (url.pathname.startsWith('/tuf/')) return tufFile(url.pathname, say);
      const route =
        routes[key] ?? routes[`${request.method} ${url.pathname.replace(/[^/]+$/, '*')}`];
      if (route === undefined)
        return say(
          404,
          'application/json',
          JSON.stringify({ code: 404, message: `nothing at ${key}` }),
        );
      return say(...route({ headers: request.headers, body: bytes.toString(), bytes, url }));
    } catch (error) {
      return say(
        error.status ?? 400,
        'application/json',
        JSON.stringify({ code: 3, message: error.message, details: [] }),
      );
    }
  });
};
function tufFile(path, say) {
  try {
    return say(200, 'application/octet-stream', readFileSync(join(dir, normalize(path))));
  } catch {
    return say(404, 'text/plain', 'not found');
  }
}

const server = createServer(handler);
server.listen(Number(values.port), '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const services = {
    fulcio: makeFulcio(),
    rekor: makeRekor(new URL(url).hostname),
    rekorV2: makeRekorV2('localhost'),
    tsa: makeTsa(),
  };
  const oidc = `${url}/oidc`;
  const publicOidc = 'https://oauth2.sigstore.dev/auth';
  const issuer = makeIssuer([oidc, publicOidc]);
  routes = {
    ...fulcioRoutes(services.fulcio, issuer.claimsOf),
    ...rekorRoutes(services.rekor),
    ...rekorV2Routes(services.rekorV2),
    ...tsaRoutes(services.tsa),
    ...oidcRoutes(issuer, oidc, '/oidc'),
    ...oidcRoutes(issuer, publicOidc, '/auth'),
  };
  const choice = { rekor: Number(values.rekor), tsa: values.tsa || values.rekor === '2' };
  const env = { SIGSTORE_MOCK: url, ...writeTrust(dir, services, url, choice) };
  writeFileSync(
    join(dir, 'env'),
    Object.entries(env)
      .map(([k, v]) => `export ${k}=${v}\n`)
      .join(''),
  );
  if (values['proxy-port'] === undefined) process.stdout.write(`ready ${url}\n`);
  else
    startProxy(Number(values['proxy-port']), dir, handler, () =>
      process.stdout.write(`ready ${url}\n`),
    );
});
