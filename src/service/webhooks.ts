import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { field, listField, textAt, textField } from '../lib/json.ts';
import { isIndex, MEDIA_TYPE } from '../model/image.ts';
import { isAttachedTag, parseReference } from '../model/reference.ts';
import { guessesOf, secretOf } from './access.ts';
import { Allowed, parseImage } from './allowed.ts';
import { operation, readJson } from './openapi.ts';
import type { AppDeps } from './parts.ts';
import { ApiProblem } from './problems.ts';
import type { Webhook } from './settings.ts';
import { may } from './tokens.ts';

const MAX_BODY = 1024 * 1024;
/** Wrong secrets of one address, a minute. */
const MOST_WRONG = 20;
/** Events are remembered so long; no registry repeats one later. */
const REMEMBERED_DAYS = 7;

/** Tags that were pushed, as the sender says; undefined for a body that is not its own. */
type Read = (body: unknown) => readonly Pushed[] | undefined;

/** `event` is the same for the same event. */
type Pushed = {
  readonly [K in 'event' | 'registry' | 'repository' | 'tag']?: string | undefined;
};

const MANIFESTS: readonly unknown[] = [MEDIA_TYPE.manifest, MEDIA_TYPE.dockerManifest];
const CONFIGS: readonly unknown[] = [MEDIA_TYPE.config, MEDIA_TYPE.dockerConfig];

/**
 * Notifications of Docker's registry (distribution/distribution, notifications). Its events have
 * references with `notifications.events.includereferences`. Without, a chart counts as an image.
 */
const docker: Read = (body) =>
  Array.isArray(field(body, 'events'))
    ? listField(body, 'events')
        .filter((one) => textField(one, 'action') === 'push' && isImage(field(one, 'target')))
        .map((one) => ({
          ...{ event: textAt(one, 'id'), registry: textAt(one, 'request', 'host') },
          repository: textAt(one, 'target', 'repository'),
          tag: textAt(one, 'target', 'tag'),
        }))
    : undefined;

/** An index, or a manifest whose references, if any, contain an image's configuration. */
function isImage(target: unknown): boolean {
  const mediaType = textField(target, 'mediaType') ?? '';
  const references = listField(target, 'references');
  const hasConfig = references.some((one) => CONFIGS.includes(field(one, 'mediaType')));
  return (
    isIndex(mediaType) || (MANIFESTS.includes(mediaType) && (references.length === 0 || hasConfig))
  );
}

/** Harbor's PUSH_ARTIFACT, in its own form. It has no id of the event, but its time. */
const harbor: Read = (body) => {
  const type = textField(body, 'type');
  const data = field(body, 'event_data');
  if (type === undefined || data === undefined) return undefined;
  const resources = type === 'PUSH_ARTIFACT' ? listField(data, 'resources') : [];
  return resources.map((one) => {
    const [tag = '', digest = ''] = [textField(one, 'tag'), textField(one, 'digest')];
    const name = parseReference(textField(one, 'resource_url') ?? '');
    const event = `${String(field(body, 'occur_at'))} ${digest} ${tag}`;
    return { ...(name.ok ? name.value : {}), event, tag };
  });
};

/** Docker Hub's. Its `callback_url` is never called. */
const dockerhub: Read = (body) => {
  const data = field(body, 'push_data');
  const repository = textAt(body, 'repository', 'repo_name');
  if (data === undefined || repository === undefined) return undefined;
  const tag = textField(data, 'tag') ?? '';
  const event = `${String(field(data, 'pushed_at'))} ${repository} ${tag}`;
  return [{ event, registry: 'docker.io', repository, tag }];
};

/**
 * `POST /hooks/docker`, `/hooks/harbor` and `/hooks/dockerhub`: what is pushed asks for its grade.
 * Each is there where the settings have its secret. They answer when the asks are in the database,
 * so that a registry repeats what failed; an event that comes again asks for nothing. `app` is a
 * context of their own.
 */
export function registerWebhooks(app: FastifyInstance, deps: AppDeps): void {
  readJson(app, '*', 'the body');
  const guesses = guessesOf(app, 'hook', MOST_WRONG);
  const allowed = new Allowed(deps.settings.registries);
  for (const kind of Object.keys(SENDERS) as Webhook[]) {
    const secret = deps.settings.webhooks[kind];
    if (secret === undefined) continue;
    const onRequest = async (request: FastifyRequest): Promise<void> => {
      await guesses.refuse(request);
      if (await isSender(deps, secret, request)) return;
      await guesses.count(request);
      throw new ApiProblem('unauthorized', 'the secret of this webhook is another', {
        headers: { 'www-authenticate': 'Bearer' },
      });
    };
    // Much is pushed at once, and not all senders try again.
    const config = { rateLimit: false } as const;
    operation(
      app,
      `hook-${kind}`,
      { onRequest, bodyLimit: MAX_BODY, config },
      async (request, reply) =>
        reply.code(202).send({ asked: await take(deps, { kind, allowed }, request) }),
    );
  }
}

/** Whether it comes with the settings' secret, compared in constant time, or a token for this. */
async function isSender(
  { tokens }: AppDeps,
  secret: string,
  { params, headers: { authorization } }: FastifyRequest,
): Promise<boolean> {
  const sum = (text: string): Buffer => createHash('sha256').update(text).digest();
  const whole = textField(params, 'secret') ?? authorization ?? '';
  const given = [whole, whole.replace(/^bearer +/i, ''), secretOf(whole) ?? ''];
  const matches = given.map((one) => timingSafeEqual(sum(one), sum(secret)));
  if (matches.includes(true)) return true;
  const token = await tokens.check(given[1] ?? '');
  return token !== undefined && may(token, 'webhook');
}

/** How many new asks came of a body. */
async function take(
  { queue, database, log }: AppDeps,
  { kind, allowed }: { readonly kind: Webhook; readonly allowed: Allowed },
  request: FastifyRequest,
): Promise<number> {
  const [name, read] = SENDERS[kind];
  const all = read(request.body);
  if (all === undefined) throw new ApiProblem('malformed', `the body is not an event of ${name}`);
  // Behind a proxy or in a network of containers, a registry may go by a name of its own.
  const { registry: own } = request.query as { readonly registry?: string };
  let asked = 0;
  for (const { event = '', registry = '', repository = '', tag = '' } of all) {
    // Pushed by digest alone: a part of an index, or hangs on an image, as our verdicts do.
    if (event === '' || tag === '' || isAttachedTag(tag)) continue;
    const image = parseImage(`${own ?? registry.toLowerCase()}/${repository}:${tag}`);
    if (!image.ok || allowed.refusal(image.value) !== undefined) {
      log.info('event of an image that the settings do not allow', { webhook: kind });
      continue;
    }
    const id = [`${kind} ${event}`.slice(0, 500)];
    const known = await database.query('SELECT 1 FROM hook_event WHERE id = $1', id);
    if (known.length > 0) continue;
    const { isNew } = await queue.ask({ image: image.value, reason: 'webhook', askedBy: kind });
    // Behind the ask: a process that ends between the two asks once more, rather than not at all.
    await database.query('INSERT INTO hook_event (id) VALUES ($1) ON CONFLICT DO NOTHING', id);
    if (isNew) asked += 1;
  }
  return asked;
}

/** Forgets events that no registry repeats any more. */
export async function forgetEvents({ database }: Pick<AppDeps, 'database'>): Promise<void> {
  await database.query(
    `DELETE FROM hook_event WHERE seen_at < now() - interval '${REMEMBERED_DAYS} days'`,
  );
}

const SENDERS: Readonly<Record<Webhook, readonly [name: string, read: Read]>> = {
  docker: ["Docker's registry", docker],
  harbor: ['Harbor', harbor],
  dockerhub: ['Docker Hub', dockerhub],
};
