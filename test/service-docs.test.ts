import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { withApiRows } from '../scripts/api-page.ts';
import { serviceSettings } from '../src/service/settings.ts';

const ROOT = resolve(import.meta.dirname, '..');
const EXAMPLE = join(ROOT, 'examples/service');
const page = readFileSync(join(ROOT, 'docs/service.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'scoville-service-docs-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('the table of the API is made of its document', () => {
  expect(withApiRows(page)).toBe(page);
});

/** Settings of a schema that have no others below them, without their place. */
function leaves({ properties = {}, items }: Schema): readonly string[] {
  if (items !== undefined) return leaves(items);
  return Object.entries(properties).flatMap(([name, schema]) => {
    const below = leaves(schema);
    return below.length === 0 ? [name] : below;
  });
}
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

describe('settings', () => {
  const given = page.split('```yaml\n')[1]?.split('```')[0] ?? '';

  test('of the page are what the service takes', async () => {
    const file = join(folder, 'service.yaml');
    writeFileSync(file, given);
    for (const name of ['registry-password', 'harbor-secret', 'hub-secret', 'notify-secret'])
      writeFileSync(join(folder, name), 'a secret of more than sixteen characters');
    const env = { WEBHOOK_SECRET: 'another secret of more than sixteen characters' };
    const settings = await serviceSettings({ settings: file }, { cwd: folder, env, folder });
    expect(settings).toMatchObject({
      url: 'https://grades.example.com',
      registries: [{ host: 'registry.example.com', follow: ['team/*:*'], isPrivate: true }],
      notify: [{ form: 'json' }, { form: 'slack' }],
      bounds: { memory: 1024 ** 3, seconds: 600 },
    });
  });

  test('of the page are all that there are', () => {
    const schema = JSON.parse(
      readFileSync(join(ROOT, 'schema/scoville-service-1.json'), 'utf8'),
    ) as Schema;
    const missing = [...new Set(leaves(schema))].filter((name) => !given.includes(name));
    // Those of `trust` are on the page of .scoville.yaml.
    const { trust = {} } = schema.properties ?? {};
    expect(missing.filter((name) => !leaves(trust).includes(name))).toEqual([]);
  });

  test('of the example are what the service takes', async () => {
    const env = { WEBHOOK_SECRET: 'a secret of more than sixteen characters' };
    const settings = join(EXAMPLE, 'service.yaml');
    expect(await serviceSettings({ settings }, { cwd: folder, env, folder })).toMatchObject({
      listen: { host: '0.0.0.0', port: 8480 },
      registries: [{ host: 'registry:5000', plainHttp: true, isPrivate: true }],
    });
    const { data } = parse(readFileSync(join(EXAMPLE, 'kubernetes/settings.yaml'), 'utf8')) as {
      data: Record<string, string>;
    };
    const file = join(folder, 'kubernetes.yaml');
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, data['service.yaml'] ?? '');
    expect(await serviceSettings({ settings: file }, { cwd: folder, env, folder })).toMatchObject({
      registries: [{ host: 'registry.example.com' }],
    });
  });
});

interface Container {
  readonly securityContext: object;
  readonly livenessProbe: object;
  readonly readinessProbe: object;
}
interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly securityContext: object;
        readonly containers: readonly Container[];
      };
    };
  };
}

describe('the examples', () => {
  test('run every container of the service without root, with a root that cannot be written', () => {
    const compose = parse(readFileSync(join(EXAMPLE, 'compose.yaml'), 'utf8'), { merge: true }) as {
      services: Record<string, object>;
    };
    for (const name of ['service', 'worker'])
      expect(compose.services[name]).toMatchObject({
        ...{ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] },
      });
    const at = join(EXAMPLE, 'kubernetes');
    const manifests = readdirSync(at).flatMap((name) =>
      parseAllDocuments(readFileSync(join(at, name), 'utf8')).map(
        (document) => document.toJS() as Manifest,
      ),
    );
    const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
    expect(deployments).toHaveLength(2);
    for (const { spec } of deployments) {
      expect(spec.template.spec.securityContext).toMatchObject({ runAsNonRoot: true });
      expect(spec.template.spec.containers).toMatchObject([
        {
          securityContext: {
            ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
            capabilities: { drop: ['ALL'] },
          },
          livenessProbe: { httpGet: { path: '/healthz' } },
          readinessProbe: { httpGet: { path: '/readyz' } },
        },
      ]);
    }
    expect(manifests.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['NetworkPolicy', 'Service', 'ConfigMap']),
    );
  });
});
