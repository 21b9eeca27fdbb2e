import { serve } from '@hono/node-server';
import { pino } from 'pino';
import { linksApp } from './links.js';
import { readToken } from './token.js';

const log = pino();
const token = readToken(process.env.API_TOKEN_FILE ?? '/run/secrets/api-token');
const port = Number(process.env.PORT ?? 8080);

const server = serve({ fetch: linksApp({ token, log }).fetch, port }, () => {
  log.info({ port, writable: token !== undefined }, 'listening');
});

// Process 1 of a container gets no default signal handlers.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    log.info({ signal }, 'stopping');
    server.close(() => process.exit(0));
  });
}
