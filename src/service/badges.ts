import type { FastifyInstance } from 'fastify';
import { DAY_MS } from '../lib/time.ts';
import { BADGES, imageBadge } from '../report/badges.ts';
import { limitOf } from './access.ts';
import { imageText } from './allowed.ts';
import { type ApiDeps, etagOf, imageNameOf, imageRow, keepFor, notFound } from './answers.ts';
import { operation } from './openapi.ts';

import { Recent } from './recent.ts';

const KEPT_MS = 60_000;
const MOST_KEPT = 5000;
const TYPES = { svg: 'image/svg+xml; charset=utf-8', json: 'application/json; charset=utf-8' };
const PATH = /^(.+)\/([A-Za-z]+)\.(svg|json)$/;

/** Badges by the names of images. */
export function registerBadges(app: FastifyInstance, deps: ApiDeps): void {
  const cache = new Recent<Awaited<ReturnType<typeof made>>>(MOST_KEPT);
  const limit = limitOf(app, 'badges', deps.limits.badges);
  const config = { rateLimit: false } as const;
  operation<{ Params: { '*': string } }>(app, 'badge', { config }, async (request, reply) => {
    const path = request.params['*'];
    let kept = cache.get(path);
    if (kept === undefined || kept.until <= deps.now()) {
      await limit(request);
      cache.set(path, (kept = await made(path, deps.now())));
    }
    keepFor(deps, reply, KEPT_MS / 1000);
    void reply.headers({ etag: kept.etag, 'cross-origin-resource-policy': 'cross-origin' });
    return reply.type(kept.type).send(kept.text);
  });

  async function made(path: string, now: number) {
    const [, name = '', label = '', ending] = PATH.exec(path) ?? [];
    const form = ending === 'svg' ? 'svg' : 'json';
    const image = ending === undefined ? undefined : imageNameOf(name);
    const { latest: graded } = (image && (await imageRow(deps, image))) ?? {};
    const at = graded?.gradedAt;
    const said =
      graded === undefined ? 'was not graded' : `at ${graded.digest}, graded ${at?.toISOString()}`;
    const days = (now - (at?.getTime() ?? now)) / DAY_MS;
    const badge =
      image && imageBadge(label, { graded, days, about: `${imageText(image)} ${said}` });
    if (badge === undefined)
      throw notFound(`no badge has this name: ${BADGES.map(({ label }) => label).join(', ')}`);
    const text = badge[form];
    return { until: now + KEPT_MS, text, etag: etagOf(text), type: TYPES[form] };
  }
}
