import { describe, expect, test } from 'vitest';
import { type ImageConfig, type Manifest, MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { rebuildImage, type RebuildInput } from '../../src/normalize/rebuild.ts';
import { EPOCH } from './sample-layer.ts';

const layer = (name: string, mediaType: string, annotations?: Record<string, string>) => ({
  mediaType,
  digest: digestOf(name),
  size: name.length,
  ...(annotations === undefined ? {} : { annotations }),
});

const manifest: Manifest = {
  schemaVersion: 2,
  mediaType: MEDIA_TYPE.manifest,
  config: layer('config', MEDIA_TYPE.config),
  layers: [
    layer('base', MEDIA_TYPE.layerZstd, { 'buildkit/rewritten-timestamp': '1', kept: 'yes' }),
    layer('own', MEDIA_TYPE.layer, { 'buildkit/rewritten-timestamp': '1' }),
  ],
  annotations: { given: 'by --annotation' },
};

const config = {
  os: 'linux',
  architecture: 'amd64',
  created: '2026-07-26T00:00:00Z',
  config: { Env: ['A=b'], Labels: { old: '1', same: '2' }, ArgsEscaped: true },
  rootfs: { type: 'layers', diff_ids: [digestOf('base diff'), digestOf('own diff')] },
  history: [
    { created: '2020-01-01T00:00:00Z', created_by: 'base' },
    { created: '2020-01-01T00:00:00Z', created_by: 'CMD', empty_layer: true },
    { created: '2026-07-26T00:00:00Z', created_by: 'RUN make', comment: 'buildkit' },
  ],
  'moby.buildkit.unknown': { b: 1, a: 2 },
} as ImageConfig;

const input: RebuildInput = {
  manifest,
  config,
  base: { layers: 1, history: 2 },
  layers: [
    {
      digest: digestOf('new'),
      size: 7,
      diffId: digestOf('new diff'),
      mediaType: MEDIA_TYPE.layerGzip,
    },
  ],
  epoch: EPOCH,
  created: '2026-07-01T12:00:00Z',
  labels: { same: '3', fresh: '4' },
  annotations: { 'org.opencontainers.image.revision': 'abc' },
  ruleSetId: '1-safe',
};

const parsed = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

describe('the rebuilt image', () => {
  const built = rebuildImage(input);

  test('has the new layers, times and labels in its config, the rest as it was', () => {
    expect(parsed(built.config.bytes)).toEqual({
      ...config,
      created: '2026-07-01T12:00:00Z',
      config: { ...config.config, Labels: { old: '1', same: '3', fresh: '4' } },
      rootfs: { type: 'layers', diff_ids: [digestOf('base diff'), digestOf('new diff')] },
      history: [
        ...(config.history ?? []).slice(0, 2),
        { created: '2023-11-14T22:13:20Z', created_by: 'RUN make', comment: 'buildkit' },
      ],
    });
  });

  test('has them in its manifest, without BuildKit’s note, with ours', () => {
    expect(parsed(built.manifest.bytes)).toEqual({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config: {
        mediaType: MEDIA_TYPE.config,
        digest: digestOf(built.config.bytes),
        size: built.config.bytes.length,
      },
      layers: [
        layer('base', MEDIA_TYPE.layerZstd, { kept: 'yes' }),
        { mediaType: MEDIA_TYPE.layerGzip, digest: digestOf('new'), size: 7 },
      ],
      annotations: {
        given: 'by --annotation',
        'org.opencontainers.image.revision': 'abc',
        'dev.scoville.normaliser': '1-safe',
      },
    });
    expect(built.manifest.descriptor).toEqual({
      mediaType: MEDIA_TYPE.manifest,
      digest: digestOf(built.manifest.bytes),
      size: built.manifest.bytes.length,
    });
  });

  test('is the same bytes whatever the order of keys that BuildKit wrote', () => {
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([k, v]) => [k, reversed(v)]),
            )
          : value;
    const labels = JSON.parse('{"__proto__":"a","b":"c"}') as Record<string, string>;
    const labelled = { ...config, config: { ...config.config, Labels: labels } };
    const digests = [
      { ...input, config: labelled },
      {
        ...input,
        manifest: reversed(manifest) as Manifest,
        config: reversed(labelled) as ImageConfig,
      },
    ].map((one) => rebuildImage(one).manifest.descriptor.digest);
    expect(digests[1]).toBe(digests[0]);
    expect(digests[0]).not.toBe(built.manifest.descriptor.digest);
  });

  test('keeps to Docker’s types where the manifest is Docker’s', () => {
    const docker = rebuildImage({
      ...input,
      manifest: { ...manifest, mediaType: MEDIA_TYPE.dockerManifest },
    });
    expect(parsed(docker.manifest.bytes)).toMatchObject({
      mediaType: MEDIA_TYPE.dockerManifest,
      layers: [{}, { mediaType: MEDIA_TYPE.dockerLayerGzip }],
    });
  });

  test('says EXPOSE and ARG in the same words, whichever BuildKit told of it; the base keeps its own', () => {
    const told = (...texts: readonly string[]) => {
      const history = texts.map((text) => ({ created_by: text, empty_layer: true }));
      const rebuilt = rebuildImage({
        ...input,
        config: { ...config, history: [...(config.history ?? []), ...history] },
        base: { layers: 1, history: 2 },
      });
      const { history: entries } = parsed(rebuilt.config.bytes) as ImageConfig;
      return entries?.slice(3).map(({ created_by }) => created_by);
    };
    const old = told('EXPOSE map[22/tcp:{}]', 'EXPOSE map[443/tcp:{} 80/udp:{} 8000/tcp:{}]');
    expect(old).toEqual(['EXPOSE [22/tcp]', 'EXPOSE [443/tcp 80/udp 8000/tcp]']);
    expect(told('EXPOSE [22/tcp]', 'EXPOSE [80/udp 8000/tcp 443/tcp 443/tcp]')).toEqual(old);
    const given = told(
      'ARG SOURCE_DATE_EPOCH=1700000000',
      'ARG TARGETOS=linux TARGETARCH=amd64',
      'ARG A=',
      'ARG F=-O2 -g',
    );
    expect(given).toEqual(['ARG SOURCE_DATE_EPOCH', 'ARG TARGETOS TARGETARCH', 'ARG A', 'ARG F']);
    expect(told('ARG SOURCE_DATE_EPOCH', 'ARG TARGETOS TARGETARCH', 'ARG A=b', 'ARG F')).toEqual(
      given,
    );
    expect(told('EXPOSE x', 'RUN echo EXPOSE [1 2]')).toEqual([
      'EXPOSE x',
      'RUN echo EXPOSE [1 2]',
    ]);
    const base = rebuildImage({
      ...input,
      config: { ...config, history: [{ created_by: 'EXPOSE map[1/tcp:{}]' }] },
      base: { layers: 1, history: 1 },
    });
    expect(parsed(base.config.bytes)).toMatchObject({
      history: [{ created_by: 'EXPOSE map[1/tcp:{}]' }],
    });
  });

  test('without labels, history or a base', () => {
    const bare = Object.fromEntries(
      Object.entries(config).filter(([key]) => key !== 'history'),
    ) as unknown as ImageConfig;
    const layers = [...input.layers, ...input.layers];
    const own = rebuildImage({
      manifest,
      config: bare,
      base: { layers: 0, history: 0 },
      layers,
      epoch: 0,
      created: 'x',
      ruleSetId: 'r',
    });
    expect(parsed(own.config.bytes)).toMatchObject({ created: 'x', config: config.config });
    expect(parsed(own.config.bytes)).not.toHaveProperty('history');
  });

  test('is refused where the numbers of layers do not agree', () => {
    expect(() => rebuildImage({ ...input, layers: [] })).toThrow(
      'image has 2 layers and 2 diffIDs',
    );
    expect(() => rebuildImage({ ...input, manifest: { ...manifest, layers: [] } })).toThrow(
      'image has 0 layers',
    );
  });
});
