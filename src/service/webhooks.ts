import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { field, listField, textAt, textField } from '../lib/json.ts';
import { isIndex, MEDIA_TYPE } from '../model/image.ts';
import { isAttachedTag, parseReference } from '../model/reference.ts';
import { hashOf, limitOf, loginOf, may } from './access.ts';
import { imageText, parseImage } from './allowed.ts';
import type { ApiDeps } from './api.ts';
import { ApiProblem, operation, readJson } from './http.ts';
import type { AppDeps } from './parts.ts';
import type { Webhook } from './settings.ts';

const MAX_BODY = 1024 * 1024;
/** Events are remembered so long; no registry repeats one later. */
const REMEMBERED_DAYS = 7;

type Pushed = { readonly [K in 'registry' | 'repository' | 'tag']?: string | undefined };

/** Tags that were pushed, as each sender says; undefined for a body that is not its own. */
const READERS: Readonly<Record<Webhook, (body: unknown) => readonly Pushed[] | undefined>> = {
  // distribution/distribution, notifications.
  docker: (body) => {
    if (!Array.isArray(field(body, 'events'))) return undefined;
    return listField(body, 'events')
      .filter((one) => textField(one, 'action') === 'push' && isImage(field(one, 'target')))
      .map((one) => ({
        registry: textAt(one, 'request', 'host')?.toLowerCase(),
        repository: textAt(one, 'target', 'repository'),
        tag: textAt(one, 'target', 'tag'),
      }));
  },
  // PUSH_ARTIFACT, in its own form.
  harbor: (body) => {
    const [type, data] = [textField(body, 'type'), field(body, 'event_data')];
    if (type === undefined || data === undefined) return undefined;
    const pushed = type === 'PUSH_ARTIFACT' ? listField(data, 'resources') : [];
    const names = pushed.map((one) => parseReference(textField(one, 'resource_url') ?? ''));
    return names.flatMap((name) => (name.ok ? [name.value] : []));
  },
  // Its `callback_url` is never called.
  dockerhub: (body) => {
    const repository = textAt(body, 'repository', 'repo_name');
    if (repository === undefined) return undefined;
    return [{ registry: 'docker.io', repository, tag: textAt(body, 'push_data', 'tag') }];
  },
};

const MANIFESTS: readonly unknown[] = [MEDIA_TYPE.manifest, MEDIA_TYPE.dockerManifest];
const CONFIGS: readonly unknown[] = [MEDIA_TYPE.config, MEDIA_TYPE.dockerConfig];

/**
 * An index, or a manifest whose references contain an image's configuration. Without
 * `notifications.events.includereferences` there are none, and a chart counts as an image.
 */
function isImage(target: unknown): boolean {
  const mediaType = textField(target, 'mediaType') ?? '';
  const references = listField(target, 'references').map((one) => field(one, 'mediaType'));
  const hasConfig = references.length === 0 || references.some((one) => CONFIGS.includes(one));
  return isIndex(mediaType) || (MANIFESTS.includes(mediaType) && hasConfig);
}

/**
 * `POST /hooks/docker`, `/hooks/harbor` and `/hooks/dockerhub`: what is pushed asks for its grade.
 * Each is there where the settings have its secret. They answer when the asks are in the database,
 * so that a registry repeats what failed; an event that comes again asks for nothing.
 */
export function registerWebhooks(app: FastifyInstance, deps: ApiDeps): void {
  readJson(app, '*', 'the body');
  const guess = limitOf(app, 'wrong', deps.limits.wrongTokens);
  for (const [kind, secret] of Object.entries(deps.settings.webhooks) as [Webhook, string][]) {
    const onRequest = async (request: FastifyRequest): Promise<void> => {
      await guess(request, { increment: false });
      if (await isSender(deps, secret, request)) return;
      await guess(request);
      throw new ApiProblem('unauthorized', 'the secret of this webhook is another', {
        headers: { 'www-authenticate': 'Bearer' },
      });
    };
    // Much is pushed at once, and not all senders try again.
    const more = { onRequest, bodyLimit: MAX_BODY, config: { rateLimit: false } } as const;
    operation(app, `hook-${kind}`, more, async (request, reply) =>
      reply.code(202).send({ asked: await take(deps, kind, request) }),
    );
  }
}

/** Whether it comes with the settings' secret, compared in constant time, or a token for this. */
async function isSender({ tokens }: AppDeps, secret: string, { params, headers }: FastifyRequest) {
  const whole = textField(params, 'secret') ?? headers.authorization ?? '';
  const bare = whole.replace(/^bearer +/i, '');
  const said = [bare, loginOf(whole).password];
  const matches = said.map((one) => timingSafeEqual(hashOf(one), hashOf(secret)));
  if (matches.includes(true)) return true;
  const token = await tokens.check(bare);
  return token !== undefined && may(token, 'webhook');
}

/** How many new asks came of a body. */
async function take(
  { queue, database, allowed, log }: ApiDeps,
  kind: Webhook,
  { body, query }: FastifyRequest,
): Promise<number> {
  const all = READERS[kind](body);
  if (all === undefined) throw new ApiProblem('malformed', `the body is not an event of ${kind}`);
  // Behind a proxy or in a network of containers, a registry may go by a name of its own.
  const { registry: own } = query as { readonly registry?: string };
  // The same for an event that is sent again.
  const event = hashOf(JSON.stringify(body)).toString('base64');
  let asked = 0;
  for (const { registry = '', repository = '', tag } of all) {
    // Pushed by digest alone: a part of an index, or hangs on an image, as our verdicts do.
    if (tag === undefined || isAttachedTag(tag)) continue;
    const image = parseImage(`${own ?? registry}/${repository}:${tag}`);
    if (!image.ok || allowed.refusal(image.value) !== undefined) {
      log.info('event of an image that the settings do not allow', { webhook: kind });
      continue;
    }
    const id = [`${kind} ${event} ${imageText(image.value)}`];
    const known = await database.query('SELECT 1 FROM hook_event WHERE id = $1', id);
    if (known.length > 0) continue;
    const { isNew } = await queue.ask({ image: image.value, reason: 'webhook', askedBy: kind });
    // Behind the ask: a process that ends between the two asks once more, rather than not at all.
    await database.query('INSERT INTO hook_event (id) VALUES ($1) ON CONFLICT DO NOTHING', id);
    if (isNew) asked += 1;
  }
  return asked;
}

export async function forgetEvents({ database }: Pick<AppDeps, 'database'>): Promise<void> {
  await database.query(
    `DELETE FROM hook_event WHERE seen_at < now() - interval '${REMEMBERED_DAYS} days'`,
  );
}
