import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DAY_MS } from '../lib/time.ts';
import { BADGE_LABELS, imageBadge } from '../report/badges.ts';
import { imageText } from './allowed.ts';
import { type ApiDeps, etagOf, imageNameOf, isKnown, isShared } from './answers.ts';
import { imageRow } from './api-images.ts';
import { ApiProblem } from './problems.ts';
import { Recent } from './recent.ts';
import { INPUTS, route, UNCHANGED } from './schemas.ts';

const KEPT_MS = 60_000;
const MOST_KEPT = 5000;

interface Kept {
  readonly until: number;
  readonly text: string;
  readonly etag: string;
  readonly type: string;
}

const TYPES = { svg: 'image/svg+xml; charset=utf-8', json: 'application/json; charset=utf-8' };
const PATH = /^(.+)\/([A-Za-z]+)\.(svg|json)$/;
const LABELS: readonly string[] = BADGE_LABELS;

/** Badges by the names of images. */
export function registerBadges(app: FastifyInstance, deps: ApiDeps): void {
  const cache = new Recent<Kept>(MOST_KEPT);
  const who = isShared(deps) ? 'public' : 'private';
  app.get<{ Params: { '*': string } }>(
    '/badge/*',
    route({
      about: ['badges', 'badge', 'A badge of an image'],
      description: `\`/badge/HOST/REPOSITORY:TAG/LABEL.svg\`, or \`.json\` for an endpoint badge of shields.io. Labels: ${LABELS.join(', ')}. It says \`unknown\` of an image that was never graded, and how many days old a grade is that is older than 30 days.`,
      rateLimit: false,
      params: INPUTS.byBadge,
      querystring: 'any',
      own: {
        200: {
          description: 'The badge.',
          content: {
            'image/svg+xml': { schema: { type: 'string' } },
            'application/json': { schema: { $ref: 'Badge#' } },
          },
        },
        304: UNCHANGED,
      },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const path = request.params['*'];
      const now = deps.now();
      const kept = cache.get(path);
      const isNew = kept !== undefined && kept.until > now;
      const { etag, text, type } = isNew ? kept : await made(request, path, now);
      void reply.headers({
        ...{ etag, 'cache-control': `${who}, max-age=60` },
        'cross-origin-resource-policy': 'cross-origin',
      });
      if (isKnown(request, etag)) return reply.code(304).send();
      return reply.type(type).serializer(String).send(text);
    },
  );

  async function made(request: FastifyRequest, path: string, now: number): Promise<Kept> {
    await deps.limits.badges(request);
    const [, name = '', label = '', form] = PATH.exec(path) ?? [];
    if (form === undefined || !LABELS.includes(label))
      throw new ApiProblem('not-found', `no badge has this name; there are ${LABELS.join(', ')}`);
    const image = imageNameOf(name);
    const { latest: graded } = (await imageRow(deps, image)) ?? {};
    const days = graded === undefined ? 0 : (now - graded.gradedAt.getTime()) / DAY_MS;
    const about =
      graded === undefined
        ? `${imageText(image)} was not graded`
        : `${imageText(image)} at ${graded.digest}, graded ${graded.gradedAt.toISOString()}`;
    const badge = imageBadge(label, { graded, days, about });
    const text = form === 'svg' ? badge?.svg : badge?.json;
    const kept: Kept = {
      ...{ until: now + KEPT_MS, text: text ?? '', etag: etagOf(text ?? '') },
      type: form === 'svg' ? TYPES.svg : TYPES.json,
    };
    cache.set(path, kept);
    return kept;
  }
}
