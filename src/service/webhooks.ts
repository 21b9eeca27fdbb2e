import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest, RouteShorthandOptions } from 'fastify';
import { field, listField, textField } from '../lib/json.ts';
import { MEDIA_TYPE } from '../model/image.ts';
import { isAttachedTag, parseReference } from '../model/reference.ts';
import { guessesOf, secretOf } from './access.ts';
import { Allowed, parseImage } from './allowed.ts';
import { type AppDeps, may, type Query, type Webhook } from './deps.ts';
import { ApiProblem } from './problems.ts';
import { object, readJson, route, typed } from './schemas.ts';

const MAX_BODY = 1024 * 1024;
/** Wrong secrets of one address, a minute. */
const MOST_WRONG = 20;
/** Events are remembered so long; no registry repeats one later. */
const REMEMBERED_DAYS = 7;

/** A tag that was pushed, as the sender says. Readers give none for a body that is not theirs. */
interface Pushed {
  /** The same for the same event. */
  readonly event: string;
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
}

const MANIFESTS: readonly unknown[] = [MEDIA_TYPE.manifest, MEDIA_TYPE.dockerManifest];
const INDEXES: readonly unknown[] = [MEDIA_TYPE.index, MEDIA_TYPE.dockerIndex];
const CONFIGS: readonly unknown[] = [MEDIA_TYPE.config, MEDIA_TYPE.dockerConfig];

/**
 * Notifications of Docker's registry (distribution/distribution, notifications). Its events have
 * references with `notifications.events.includereferences`. Without, a chart counts as an image.
 */
function docker(body: unknown): readonly Pushed[] | undefined {
  if (!Array.isArray(field(body, 'events'))) return undefined;
  return listField(body, 'events').flatMap((event) => {
    const target = field(event, 'target');
    if (textField(event, 'action') !== 'push' || !isImage(target)) return [];
    return pushed(
      textField(event, 'id'),
      textField(field(event, 'request'), 'host'),
      textField(target, 'repository'),
      textField(target, 'tag'),
    );
  });
}

/** An index, or a manifest whose references, if any, contain an image's configuration. */
function isImage(target: unknown): boolean {
  const mediaType = field(target, 'mediaType');
  if (INDEXES.includes(mediaType)) return true;
  const references = listField(target, 'references');
  const hasConfig = references.some((one) => CONFIGS.includes(field(one, 'mediaType')));
  return MANIFESTS.includes(mediaType) && (references.length === 0 || hasConfig);
}

/** Harbor's PUSH_ARTIFACT, in its own form. It has no id of the event, but its time. */
function harbor(body: unknown): readonly Pushed[] | undefined {
  const type = textField(body, 'type');
  const data = field(body, 'event_data');
  if (type === undefined || data === undefined) return undefined;
  if (type !== 'PUSH_ARTIFACT') return [];
  return listField(data, 'resources').flatMap((resource) => {
    const tag = textField(resource, 'tag');
    const name = parseReference(textField(resource, 'resource_url') ?? '');
    if (!name.ok) return [];
    const event = `${String(field(body, 'occur_at'))} ${textField(resource, 'digest') ?? ''} ${tag ?? ''}`;
    return pushed(event, name.value.registry, name.value.repository, tag);
  });
}

/** Docker Hub's. Its `callback_url` is never called. */
function dockerhub(body: unknown): readonly Pushed[] | undefined {
  const data = field(body, 'push_data');
  const name = textField(field(body, 'repository'), 'repo_name');
  if (data === undefined || name === undefined) return undefined;
  const tag = textField(data, 'tag');
  return pushed(`${String(field(data, 'pushed_at'))} ${name} ${tag ?? ''}`, 'docker.io', name, tag);
}

function pushed(event = '', registry = '', repository = '', tag = ''): readonly Pushed[] {
  // What is pushed by digest alone is a part of an index, or hangs on an image, as our verdicts do.
  if (event === '' || tag === '' || isAttachedTag(tag)) return [];
  return [{ event, registry: registry.toLowerCase(), repository, tag }];
}

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
  for (const [kind, { path = '' }] of Object.entries(SENDERS) as [Webhook, Sender][]) {
    const secret = deps.settings.webhooks[kind];
    if (secret === undefined) continue;
    app.post(`/hooks/${kind}${path}`, {
      ...aboutHook(kind),
      onRequest: async (request) => {
        await guesses.refuse(request);
        if (await isSender(deps, secret, request)) return;
        await guesses.count(request);
        throw new ApiProblem('unauthorized', 'the secret of this webhook is another', {
          headers: { 'www-authenticate': 'Bearer' },
        });
      },
      handler: async (request, reply) =>
        reply.code(202).send({ asked: await take(deps, { kind, allowed }, request) }),
    });
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
  const { name, read } = SENDERS[kind];
  const all = read(request.body);
  if (all === undefined) throw new ApiProblem('malformed', `the body is not an event of ${name}`);
  // Behind a proxy or in a network of containers, a registry may go by a name of its own.
  const { registry } = request.query as { readonly registry?: string };
  let asked = 0;
  for (const one of all) {
    const image = parseImage(`${registry ?? one.registry}/${one.repository}:${one.tag}`);
    if (!image.ok || allowed.refusal(image.value) !== undefined) {
      log.info('event of an image that the settings do not allow', { webhook: kind });
      continue;
    }
    const event = `${kind} ${one.event}`.slice(0, 500);
    if (await isKnown(database.query, event)) continue;
    const { isNew } = await queue.ask({ image: image.value, reason: 'webhook', askedBy: kind });
    // Behind the ask: a process that ends between the two asks once more, rather than not at all.
    await database.query('INSERT INTO hook_event (id) VALUES ($1) ON CONFLICT DO NOTHING', [event]);
    if (isNew) asked += 1;
  }
  return asked;
}

async function isKnown(query: Query, event: string): Promise<boolean> {
  const rows = await query('SELECT 1 FROM hook_event WHERE id = $1', [event]);
  return rows.length > 0;
}

/** Forgets events that no registry repeats any more. */
export async function forgetEvents({ database }: Pick<AppDeps, 'database'>): Promise<void> {
  await database.query(
    `DELETE FROM hook_event WHERE seen_at < now() - interval '${REMEMBERED_DAYS} days'`,
  );
}

interface Sender {
  readonly name: string;
  readonly read: (body: unknown) => readonly Pushed[] | undefined;
  /** Where it sends no header, the address has the secret. */
  readonly path?: string;
}

const SENDERS: Readonly<Record<Webhook, Sender>> = {
  docker: { name: "Docker's registry", read: docker },
  harbor: { name: 'Harbor', read: harbor },
  dockerhub: { name: 'Docker Hub', read: dockerhub, path: '/:secret' },
};

const ASKED = object({
  asked: { type: 'integer', description: 'New grades that were asked for.' },
});

function aboutHook(kind: Webhook): RouteShorthandOptions {
  const { name, path } = SENDERS[kind];
  const registry = { type: 'string', description: 'Name of the registry in the settings.' };
  return route({
    about: ['webhooks', `hook-${kind}`, `What was pushed, from ${name}`],
    isOpen: true,
    bodyLimit: MAX_BODY,
    // Much is pushed at once, and not all senders try again.
    rateLimit: false,
    ...(path === undefined ? {} : { params: object({ 'secret?': { type: 'string' } }) }),
    querystring: object({ 'registry?': registry }),
    own: { 202: typed('application/json', ASKED, 'Taken: the asks are in the database.') },
    problems: ['unauthorized', 'too-large'],
  });
}
