import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  configSecrets,
  manifestSecrets,
  statementSecrets,
} from '../../src/facts/secrets/document-secrets.ts';
import { type ReadDocument, verified } from '../../src/image/blob-store.ts';
import { openDocuments } from '../../src/image/opened-documents.ts';
import { UserError } from '../../src/lib/errors.ts';
import { type Descriptor, MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { ImageBytes } from '../fakes/images.ts';

/**
 * What opening the root ends in: the number of platforms, or the UserError's message; anything else
 * fails the test.
 */
async function opened(
  bytes: ImageBytes,
  root: Descriptor,
  read?: ReadDocument,
): Promise<number | string> {
  const fromMemory: ReadDocument = (descriptor) => {
    const found = bytes.blobs.get(descriptor.digest);
    return Promise.resolve(found === undefined ? undefined : verified(descriptor, found));
  };
  try {
    const { platforms } = await openDocuments(root, { name: 'app', read: read ?? fromMemory });
    for (const { config, manifest } of platforms) {
      configSecrets(config);
      manifestSecrets(manifest);
    }
    return platforms.length;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
}

const json = fc.jsonValue({ maxDepth: 2 });
const ODD = [
  null,
  0,
  -1,
  1e308,
  '',
  'x'.repeat(100_000),
  [],
  {},
  [null],
  [[]],
  true,
  { length: 5 },
];
const odd: fc.Arbitrary<unknown> = fc.oneof(json, fc.constantFrom<unknown>(...ODD));
/** Fields of a document, each replaced by anything at all. */
const fields = (names: readonly string[]): fc.Arbitrary<Readonly<Record<string, unknown>>> =>
  fc.dictionary(fc.constantFrom(...names), odd, { maxKeys: 3 });

describe('documents of wrong types end in an image or a UserError', () => {
  test('config', async () => {
    const top = fields([
      ...['architecture', 'os', 'rootfs', 'config', 'history', 'created', 'variant', '__proto__'],
    ]);
    const inner = fields([
      ...['User', 'Env', 'Entrypoint', 'Cmd', 'Labels', 'Healthcheck', 'Volumes', 'OnBuild'],
      ...['ExposedPorts', 'WorkingDir'],
    ]);
    const step = fields(['created', 'created_by', 'comment', 'empty_layer', 'author']);
    await fc.assert(
      fc.asyncProperty(
        top,
        inner,
        fc.array(fc.oneof(step, odd), { maxLength: 3 }),
        async (outer, config, history) => {
          const bytes = new ImageBytes();
          const answer = await opened(
            bytes,
            bytes.image({ config: { config, history, ...outer } }),
          );
          expect([1, 'string']).toContain(typeof answer === 'string' ? 'string' : answer);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('manifest', async () => {
    const names = [
      ...['schemaVersion', 'mediaType', 'config', 'layers', 'annotations', 'subject'],
      ...['artifactType', 'manifests'],
    ];
    await fc.assert(
      fc.asyncProperty(fields(names), async (manifest) => {
        const bytes = new ImageBytes();
        await opened(bytes, bytes.image({ manifest }));
      }),
      { numRuns: 300 },
    );
  });

  test('index', async () => {
    const names = 'schemaVersion mediaType manifests annotations subject layers config'.split(' ');
    const entry = fields('mediaType digest size platform annotations artifactType urls'.split(' '));
    await fc.assert(
      fc.asyncProperty(fields(names), fc.array(entry, { maxLength: 3 }), async (index, changes) => {
        const bytes = new ImageBytes();
        const image = bytes.image();
        await opened(
          bytes,
          bytes.index(
            changes.map((change) => ({ ...image, ...change })),
            index,
          ),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('bytes', async () => {
    const whole = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, layers: [] });
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(whole.length).map((n) => Buffer.from(whole.slice(0, n))),
    );
    await fc.assert(
      fc.asyncProperty(
        noise,
        fc.constantFrom(MEDIA_TYPE.manifest, MEDIA_TYPE.index),
        async (content, type) => {
          const bytes = new ImageBytes();
          expect(await opened(bytes, bytes.add(content, type))).toBeTypeOf('string');
        },
      ),
    );
  });
});

describe('documents that do not end', () => {
  test('an index that names itself is another than its digest says', async () => {
    const digest = digestOf('the index');
    const self = { mediaType: MEDIA_TYPE.index, digest, size: 200 };
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [self] }),
    );
    const root = { ...self, size: bytes.length };
    const read: ReadDocument = (descriptor) => Promise.resolve(verified(descriptor, bytes));
    expect(await opened(new ImageBytes(), root, read)).toBeTypeOf('string');
  });

  test('one whose reader checks nothing ends all the same', async () => {
    let reads = 0;
    const read: ReadDocument = () => {
      reads += 1;
      const manifests = Array.from({ length: 50 }, (_, i) => ({
        mediaType: MEDIA_TYPE.index,
        digest: digestOf(`${reads} ${i}`),
        size: 10,
      }));
      return Promise.resolve(Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })));
    };
    const root = { mediaType: MEDIA_TYPE.index, digest: digestOf('x'), size: 10 };
    expect(await opened(new ImageBytes(), root, read)).toMatch(/nested too deeply/);
    expect(reads).toBeLessThan(10);
  });

  test('ten thousand manifests, each listed twice', async () => {
    const bytes = new ImageBytes();
    const images = Array.from({ length: 300 }, (_, i) => bytes.image({ text: String(i) }));
    expect(await opened(bytes, bytes.index([...images, ...images]))).toMatch(
      /more than 100 platforms/,
    );
  });

  test('JSON nested a hundred thousand deep', async () => {
    const bytes = new ImageBytes();
    const deep = `{"schemaVersion":2,"manifests":[],"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(await opened(bytes, bytes.add(Buffer.from(deep), MEDIA_TYPE.index))).toBeTypeOf(
      'string',
    );
  });

  test('a document larger than any', async () => {
    const bytes = new ImageBytes();
    const root = bytes.json(
      { schemaVersion: 2, manifests: [], x: 'y'.repeat(5 * 1024 * 1024) },
      MEDIA_TYPE.index,
    );
    expect(await opened(bytes, root)).toMatch(/larger than/);
  });
});

describe('secrets of documents', () => {
  test('any provenance has an answer', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (predicate) => {
        statementSecrets(predicate);
      }),
      { numRuns: 200 },
    );
  });

  test('deep, wide and hostile', () => {
    let deep: unknown = 'ghp_';
    for (let i = 0; i < 50_000; i += 1) deep = { a: deep };
    expect(statementSecrets(deep).findings).toEqual([]);
    expect(statementSecrets(Array.from({ length: 200_000 }, () => 'x')).findings).toEqual([]);
    expect(statementSecrets('A='.repeat(500_000)).findings).toEqual([]);
    expect(statementSecrets(`curl ${'-u '.repeat(200_000)}`).findings).toEqual([]);
  });
});
