import { afterAll, describe, expect, test } from 'vitest';
import { DatabaseAway } from '../../src/service/database.ts';
import type { ServiceSettings } from '../../src/service/settings.ts';
import { registerWebhooks } from '../../src/service/webhooks.ts';
import { closeDatabase, newService } from './service.ts';
import { allAsks, rule } from './whole.ts';

const SHA = 'a'.repeat(64);
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = { mediaType: 'application/vnd.oci.image.config.v1+json' };
const SECRETS = { docker: 'of-docker', harbor: 'of-harbor', dockerhub: 'of-hub' };

afterAll(closeDatabase);

async function open(more: Partial<ServiceSettings> = {}) {
  const registries = [
    rule('registry.example.com', { repositories: ['team/*'] }),
    rule('harbor.example.com'),
    rule('docker.io'),
  ];
  const settings = { webhooks: SECRETS, registries, ...more };
  const deps = await newService(settings, { parts: [registerWebhooks] });
  const post = (url: string, payload: object | string, headers = {}) => {
    const type = 'application/vnd.docker.distribution.events.v1+json';
    return deps.inject({
      ...{ method: 'POST', url, payload },
      headers: { 'content-type': type, authorization: 'Bearer of-docker', ...headers },
    });
  };
  return { deps, post, lines: deps.lines };
}

function event(target: object, more: object = {}) {
  const {
    id = 'e1',
    action = 'push',
    host = 'registry.example.com',
  } = more as Record<string, string>;
  const about = {
    mediaType: MANIFEST,
    digest: `sha256:${SHA}`,
    repository: 'team/app',
    tag: '1.0',
  };
  return { id, action, target: { ...about, ...target }, request: { host } };
}

describe("notifications of Docker's registry", () => {
  test('a push of an image asks for its grade, once, before the answer', async () => {
    const { post, deps } = await open();
    const events = [event({ references: [CONFIG, { mediaType: 'layer' }] })];
    const first = await post('/hooks/docker', { events });
    expect([first.statusCode, first.json()]).toEqual([202, { asked: 1 }]);
    expect(await allAsks(deps)).toEqual(['registry.example.com/team/app:1.0 webhook docker']);
    const [ask] = await deps.database.query<{ id: string }>('SELECT id FROM ask');
    await deps.records.start(ask?.id ?? '');
    const again = await post('/hooks/docker', { events });
    expect([again.statusCode, again.json()]).toEqual([202, { asked: 0 }]);
    expect((await allAsks(deps)).length).toBe(1);
  });

  test.each<[what: string, target: object, more?: object]>([
    ['a pull', {}, { action: 'pull' }],
    ['a layer', { mediaType: 'application/octet-stream' }],
    ['a manifest without a tag, as of a referrer or of a platform', { tag: undefined }],
    ["a signature's tag", { tag: `sha256-${SHA}.sig` }],
    ['the list of referrers', { tag: `sha256-${SHA}` }],
    ['a chart', { references: [{ mediaType: 'application/vnd.cncf.helm.config.v1+json' }] }],
    ['a repository that settings do not allow', { repository: 'other/app' }],
    ['a registry that settings do not name', {}, { host: 'evil.example.com' }],
    ['a name with a path', { repository: 'team/../other' }],
    ['a name with markup', { repository: 'team/<b>' }],
  ])('%s asks for nothing', async (_what, target, more) => {
    const { post, deps } = await open();
    const answer = await post('/hooks/docker', { events: [event(target, more)] });
    expect([answer.statusCode, answer.json()]).toEqual([202, { asked: 0 }]);
    expect(await allAsks(deps)).toEqual([]);
  });

  test('an index counts, whatever it refers to, and so does a registry by its name in the settings', async () => {
    const { post, deps } = await open();
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const one = event(
      { mediaType, references: [{ mediaType: MANIFEST }] },
      { host: 'localhost:5000' },
    );
    await post('/hooks/docker?registry=registry.example.com', { events: [one] });
    expect(await allAsks(deps)).toEqual(['registry.example.com/team/app:1.0 webhook docker']);
  });

  test.each([
    ['Bearer', 'Bearer of-docker', 202],
    ['nothing but the secret', 'of-docker', 202],
    ['Basic', `Basic ${Buffer.from('me:of-docker').toString('base64')}`, 202],
    ['another secret', 'Bearer of-harbor', 401],
    ['a part of it', 'Bearer of-docke', 401],
    ['none', '', 401],
  ])('a secret by %s', async (_what, authorization, status) => {
    const { post, deps } = await open();
    const answer = await post('/hooks/docker', { events: [event({})] }, { authorization });
    expect(answer.statusCode).toBe(status);
    expect((await allAsks(deps)).length).toBe(status === 202 ? 1 : 0);
    if (status === 401)
      expect([answer.headers['content-type'], answer.headers['www-authenticate']]).toEqual([
        ...['application/problem+json', 'Bearer'],
      ]);
  });

  test('who guesses secrets is not answered for a while, and who knows it as often as it likes', async () => {
    const { post } = await open();
    const by = async (authorization: string) =>
      (await post('/hooks/docker', { events: [] }, { authorization })).statusCode;
    for (let n = 0; n < 700; n++) if ((await by('of-docker')) !== 202) throw new Error(`${n}`);
    const statuses = [];
    for (let n = 0; n < 22; n++) statuses.push(await by(`guess ${n}`));
    expect([statuses[0], statuses.at(-1), await by('of-docker')]).toEqual([401, 429, 429]);
  });

  test('a token of the scope may send too, and none of another scope', async () => {
    const { post, deps } = await open();
    const made = (name: string, scope: 'webhook' | 'read') =>
      deps.tokens.create({ name, scopes: [scope] });
    const { secret } = await made('registry', 'webhook');
    const { secret: other } = await made('reader', 'read');
    const by = async (one: string) =>
      (await post('/hooks/docker', { events: [] }, { authorization: `Bearer ${one}` })).statusCode;
    expect([await by(secret), await by(other)]).toEqual([202, 401]);
  });

  test.each([
    ['no JSON', 'events', 400],
    ['another document', '{"hello":1}', 400],
    ['a key twice', '{"events":[],"events":[]}', 400],
    ['deep nesting', `{"events":${'['.repeat(300)}${']'.repeat(300)}}`, 400],
    ['more than a mebibyte', `{"events":["${'x'.repeat(1024 * 1024)}"]}`, 413],
  ])('%s is refused as a problem', async (_what, payload, status) => {
    const { post, deps } = await open();
    const answer = await post('/hooks/docker', payload);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      ...[status, 'application/problem+json'],
    ]);
    expect(await allAsks(deps)).toEqual([]);
  });

  test('without a secret in the settings there is no such page', async () => {
    const { deps } = await open({ webhooks: { harbor: 'of-harbor' } });
    for (const url of ['/hooks/docker', '/hooks/dockerhub/of-hub'])
      expect((await deps.inject({ method: 'POST', url })).statusCode).toBe(404);
  });

  test('a database that is away makes the registry repeat', async () => {
    const { post, deps } = await open();
    deps.queue.ask = () => Promise.reject(new DatabaseAway('away'));
    const answer = await post('/hooks/docker', { events: [event({})] });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
  });
});

describe("Harbor's", () => {
  const headers = { 'content-type': 'application/json', authorization: 'of-harbor' };
  const pushed = (resource: object, type = 'PUSH_ARTIFACT') => ({
    ...{ type, occur_at: 1772366400, operator: 'admin' },
    event_data: {
      resources: [
        {
          ...{ digest: `sha256:${SHA}`, tag: '2.1' },
          resource_url: 'harbor.example.com/team/app:2.1',
          ...resource,
        },
      ],
      repository: { name: 'app', namespace: 'team', repo_full_name: 'team/app' },
    },
  });

  test('a push asks once, other events and attachments for nothing', async () => {
    const { post, deps } = await open();
    const sent = [pushed({}), pushed({}), pushed({}, 'DELETE_ARTIFACT')];
    const digest = `harbor.example.com/team/app@sha256:${SHA}`;
    sent.push(pushed({ tag: `sha256:${SHA}`, resource_url: digest }));
    const tag = `sha256-${SHA}.att`;
    sent.push(pushed({ tag, resource_url: `harbor.example.com/team/app:${tag}` }));
    const statuses = [];
    for (const one of sent) statuses.push((await post('/hooks/harbor', one, headers)).statusCode);
    expect(statuses).toEqual([202, 202, 202, 202, 202]);
    expect(await allAsks(deps)).toEqual(['harbor.example.com/team/app:2.1 webhook harbor']);
  });
});

describe("Docker Hub's", () => {
  const headers = { 'content-type': 'application/json', authorization: '' };
  const body = {
    push_data: { pushed_at: 1772366400, tag: 'edge' },
    callback_url: 'https://registry.hub.docker.com/u/me/app/hook/1/',
    repository: { repo_name: 'me/app' },
  };

  test('the secret is in the address, and not in the log', async () => {
    const { post, deps, lines } = await open();
    expect((await post('/hooks/dockerhub/of-hub', body, headers)).statusCode).toBe(202);
    expect(await allAsks(deps)).toEqual(['docker.io/me/app:edge webhook dockerhub']);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('\n')).not.toContain('of-hub');
  });

  test('another secret is refused', async () => {
    const { post, deps } = await open();
    expect((await post('/hooks/dockerhub/of-docker', body, headers)).statusCode).toBe(401);
    expect(await allAsks(deps)).toEqual([]);
  });
});
