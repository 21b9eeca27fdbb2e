import { expect, test } from 'vitest';
import { type ImageConfig, MEDIA_TYPE } from '../../src/model/image.ts';
import type { Digest } from '../../src/model/reference.ts';
import { configDifferences, type Documents } from '../../src/reproduce/compare-entries.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as Digest;

function documents(config: Partial<ImageConfig>, annotations = {}): Documents {
  return {
    manifest: {
      schemaVersion: 2,
      config: { mediaType: MEDIA_TYPE.config, digest: DIGEST, size: 1 },
      layers: [],
      annotations,
    },
    config: {
      os: 'linux',
      architecture: 'amd64',
      rootfs: { type: 'layers', diff_ids: [] },
      ...config,
    },
  };
}

test('layers are not the documents’ affair', () => {
  const other = documents({ rootfs: { type: 'layers', diff_ids: [DIGEST] } });
  expect(configDifferences(documents({}), other)).toEqual([]);
});

test('each field by its path, with its class', () => {
  const found = configDifferences(
    documents(
      { created: '2026-11-25T00:00:00Z', config: { User: '1', Labels: { a: 'x' } } },
      { b: '1' },
    ),
    documents({ created: '2026-11-26T00:00:00Z', config: { User: '2', Labels: { a: 'y' } } }),
  );
  expect(found.map(({ path, class: id, detail }) => [path, id, detail])).toEqual([
    ['config.created', 'created', '"2026-11-25T00:00:00Z" and "2026-11-26T00:00:00Z"'],
    ['config.config.User', 'configuration', '"1" and "2"'],
    ['config.config.Labels.a', 'annotations', '"x" and "y"'],
    ['annotations.b', 'annotations', '"1" and nothing'],
  ]);
});

test('values of variables and arguments in the history are not shown', () => {
  const found = configDifferences(
    documents({
      config: { Env: ['TOKEN=first-secret'] },
      history: [{ created_by: 'RUN |1 TOKEN=first-secret' }],
    }),
    documents({
      config: { Env: ['TOKEN=second'] },
      history: [{ created_by: 'RUN |1 TOKEN=second' }],
    }),
  );
  expect(found).toHaveLength(2);
  expect(JSON.stringify(found)).not.toMatch(/first-secret|second/);
});
