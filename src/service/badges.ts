import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DAY_MS } from '../lib/time.ts';
import { BADGE_LABELS, imageBadge } from '../report/badges.ts';
import { imageText } from './allowed.ts';
import { type ApiDeps, etagOf, imageNameOf, imageRow, keepFor } from './answers.ts';
import { operation } from './openapi.ts';
import { ApiProblem } from './problems.ts';
import { Recent } from './recent.ts';

const KEPT_MS = 60_000;
const MOST_KEPT = 5000;
const TYPES = { svg: 'image/svg+xml; charset=utf-8', json: 'application/json; charset=utf-8' };
const PATH = /^(.+)\/([A-Za-z]+)\.(svg|json)$/;

interface Kept {
  readonly until: number;
  readonly text: string;
  readonly etag: string;
  readonly type: string;
}

/** Badges by the names of images. */
export function registerBadges(app: FastifyInstance, deps: ApiDeps): void {
  const cache = new Recent<Kept>(MOST_KEPT);
  const config = { rateLimit: false } as const;
  operation<{ Params: { '*': string } }>(app, 'badge', { config }, async (request, reply) => {
    const path = request.params['*'];
    let kept = cache.get(path);
    if (kept === undefined || kept.until <= deps.now())
      cache.set(path, (kept = await made(request, path, deps.now())));
    keepFor(deps, reply, KEPT_MS / 1000);
    void reply.headers({ etag: kept.etag, 'cross-origin-resource-policy': 'cross-origin' });
    return reply.type(kept.type).send(kept.text);
  });

  async function made(request: FastifyRequest, path: string, now: number): Promise<Kept> {
    await deps.limits.badges(request);
    const [, name = '', label = '', ending] = PATH.exec(path) ?? [];
    const form = ending === 'svg' ? 'svg' : 'json';
    const image = ending === undefined ? undefined : imageNameOf(name);
    const { latest: graded } = (image && (await imageRow(deps, image))) ?? {};
    const days = graded === undefined ? 0 : (now - graded.gradedAt.getTime()) / DAY_MS;
    const about =
      graded === undefined
        ? 'was not graded'
        : `at ${graded.digest}, graded ${graded.gradedAt.toISOString()}`;
    const badge =
      image && imageBadge(label, { graded, days, about: `${imageText(image)} ${about}` });
    if (badge === undefined)
      throw new ApiProblem('not-found', `no badge has this name: ${BADGE_LABELS.join(', ')}`);
    const text = badge[form];
    return { until: now + KEPT_MS, text, etag: etagOf(text), type: TYPES[form] };
  }
}
