import { gzipSync } from 'node:zlib';
import { type Descriptor, MEDIA_TYPE, type Platform } from '../../src/model/image.ts';
import { digestHex, digestOf } from '../../src/model/reference.ts';
import { entry, layerTar, tarOf } from './tar-bytes.ts';

/** Blobs by digest, and what a manifest or index is made of, all in memory. */
export class ImageBytes {
  readonly blobs = new Map<string, Buffer>();

  add(bytes: Uint8Array, mediaType: string): Descriptor {
    const digest = digestOf(bytes);
    this.blobs.set(digest, Buffer.from(bytes));
    return { mediaType, digest, size: bytes.length };
  }

  json(value: unknown, mediaType: string): Descriptor {
    return this.add(Buffer.from(JSON.stringify(value)), mediaType);
  }

  /** A manifest of one gzipped layer with a file; fields of config and manifest may be replaced. */
  image(
    options: {
      readonly text?: string;
      readonly platform?: Platform;
      readonly config?: Readonly<Record<string, unknown>>;
      readonly manifest?: Readonly<Record<string, unknown>>;
    } = {},
  ): Descriptor {
    const { text = 'hello', platform = { os: 'linux', architecture: 'amd64' } } = options;
    const tar = layerTar({ 'etc/motd': text });
    const layer = this.add(gzipSync(tar), MEDIA_TYPE.layerGzip);
    const config = this.json(
      {
        ...platform,
        rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
        ...options.config,
      },
      MEDIA_TYPE.config,
    );
    const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers: [layer] };
    return {
      ...this.json({ ...manifest, ...options.manifest }, MEDIA_TYPE.manifest),
      platform,
    };
  }

  index(manifests: readonly unknown[], fields: Readonly<Record<string, unknown>> = {}): Descriptor {
    const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests, ...fields };
    return this.json(index, MEDIA_TYPE.index);
  }

  /** A referrer of `subject` with one blob. */
  referrer(subject: Descriptor, artifactType: string = MEDIA_TYPE.sigstoreBundle): Descriptor {
    const { mediaType, digest, size } = subject;
    const manifest = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      artifactType,
      config: this.add(Buffer.from('{}'), MEDIA_TYPE.empty),
      layers: [this.add(Buffer.from(`{"about":"${digest}"}`), artifactType)],
      subject: { mediaType, digest, size },
    };
    return { ...this.json(manifest, MEDIA_TYPE.manifest), artifactType };
  }

  /** What `cosign sign` wrote before bundles, without a subject. */
  signature(payload = 'payload'): Descriptor {
    const layer = this.add(
      Buffer.from(payload),
      'application/vnd.dev.cosign.simplesigning.v1+json',
    );
    const config = this.json({ architecture: '', os: '' }, MEDIA_TYPE.config);
    const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers: [layer] };
    return this.json(manifest, MEDIA_TYPE.manifest);
  }

  /** BuildKit's attestation manifest of `subject`, as an index lists it. */
  attestation(subject: Descriptor): Descriptor {
    const layer = this.add(Buffer.from('{"_type":"statement"}'), MEDIA_TYPE.inToto);
    const config = this.json({ architecture: 'unknown', os: 'unknown' }, MEDIA_TYPE.config);
    const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers: [layer] };
    return {
      ...this.json(manifest, MEDIA_TYPE.manifest),
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': subject.digest,
      },
    };
  }

  /** The layout's files by path, its index.json with these entries. */
  layout(entries: readonly unknown[]): Readonly<Record<string, Uint8Array>> {
    const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: entries };
    return {
      'oci-layout': Buffer.from('{"imageLayoutVersion":"1.0.0"}'),
      'index.json': Buffer.from(JSON.stringify(index)),
      ...Object.fromEntries(
        [...this.blobs].map(([digest, bytes]) => [
          `blobs/sha256/${digest.replace('sha256:', '')}`,
          bytes,
        ]),
      ),
    };
  }
}

/** Files by path as an archive; symbolic links by path with their target. */
export function archiveOf(
  files: Readonly<Record<string, Uint8Array>>,
  links: Readonly<Record<string, string>> = {},
): Buffer {
  return tarOf([
    ...Object.entries(files).map(([name, content]) => ({
      entry: entry({ name, size: content.length }),
      content,
    })),
    ...Object.entries(links).map(([name, linkname]) => ({
      entry: entry({ name, type: 'symlink', typeflag: '2', linkname }),
    })),
  ]);
}

/** The old form of `docker save`: `ID/layer.tar`, `HEX.json`, manifest.json. */
export function dockerSaved(
  options: {
    readonly layers?: readonly Uint8Array[];
    readonly names?: readonly string[];
    readonly manifest?: unknown;
    readonly config?: Readonly<Record<string, unknown>>;
  } = {},
): Readonly<Record<string, Uint8Array>> {
  const { layers = [layerTar({ 'etc/motd': 'hello' })], names = ['app:1'] } = options;
  const config = Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) },
      ...options.config,
    }),
  );
  const configName = `${digestHex(digestOf(config))}.json`;
  const layerNames = layers.map((_, i) => `layer${i}/layer.tar`);
  const manifest =
    'manifest' in options
      ? options.manifest
      : [{ Config: configName, RepoTags: names, Layers: layerNames }];
  return {
    ...Object.fromEntries(layers.map((layer, i) => [`layer${i}/layer.tar`, layer])),
    [configName]: config,
    'manifest.json': Buffer.from(JSON.stringify(manifest)),
    repositories: Buffer.from('{}'),
  };
}
