import { Hono } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';

const NAME = /^[a-z0-9-]{1,40}$/;

/** The service's routes. Without a token, links can be followed but not made. */
export function linksApp({ token, log }) {
  const links = new Map();
  const app = new Hono();

  app.get('/healthz', (c) => c.json({ status: 'ok', links: links.size }));

  app.get('/:name', (c) => {
    const target = links.get(c.req.param('name'));
    return target === undefined ? c.json({ error: 'no such link' }, 404) : c.redirect(target, 302);
  });

  if (token !== undefined) {
    app.put('/:name', bearerAuth({ token }), async (c) => {
      const name = c.req.param('name');
      const target = (await c.req.text()).trim();
      if (!NAME.test(name) || !URL.canParse(target) || !/^https?:/.test(target)) {
        return c.json({ error: 'want PUT /name with an http or https address as body' }, 400);
      }
      links.set(name, target);
      log.info({ name, target }, 'link stored');
      return c.json({ name, target }, 201);
    });
  }

  return app;
}
