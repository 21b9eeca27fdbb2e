import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Descriptor, MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import {
  Grader,
  type GraderAnswer,
  type GraderOptions,
  type MadeAgain,
} from '../../src/service/grader.ts';
import { type FakeOsv, fakeOsv } from '../fakes/fake-osv.ts';
import {
  type FakeRegistry,
  type FakeRegistryOptions,
  startFakeRegistry,
} from '../fakes/fake-registry.ts';
import { ImageBytes } from '../fakes/images.ts';
import { type BundledGrader, bundledGrader } from './bundled-grader.ts';
import { rule } from './whole.ts';

export const NOW = Date.parse('2026-03-01T12:00:00Z');

/** Graders that ask a registry which fails on demand. Made for a file's tests, with its hooks. */
export class GraderStand {
  registry!: FakeRegistry;
  osv!: FakeOsv;
  home = '';
  #bundle!: BundledGrader;
  readonly #open: Grader[] = [];

  constructor(options: FakeRegistryOptions = {}) {
    beforeAll(async () => {
      this.#bundle = await bundledGrader();
      this.registry = await startFakeRegistry({ referrersApi: true, ...options });
      this.osv = await fakeOsv();
      this.home = await mkdtemp(join(tmpdir(), 'scoville-service-'));
    });
    afterEach(() => {
      for (const grader of this.#open.splice(0)) grader.close();
      this.registry.requests.length = this.registry.faults.length = this.registry.flooded = 0;
    });
    afterAll(async () => {
      await this.registry.close();
      await this.osv.close();
      await this.#bundle.remove();
      await rm(this.home, { recursive: true, force: true });
    });
  }

  settings(bounds: object = {}): GraderOptions['settings'] {
    return {
      registries: [rule(this.registry.host, { plainHttp: true })],
      osv: this.osv.url,
      trust: { images: [], keys: [], identities: [], bases: [] },
      bounds: { memory: 1024 ** 3, seconds: 60, layerBytes: 1e9, factBytes: 1e9, ...bounds },
    };
  }

  grader(bounds: object = {}, more: Partial<GraderOptions> = {}): Grader {
    const made = new Grader({
      settings: this.settings(bounds),
      home: this.home,
      facts: { get: () => Promise.resolve(undefined), put: () => Promise.resolve() },
      env: process.env,
      file: this.#bundle.file,
      ...more,
    });
    this.#open.push(made);
    return made;
  }

  /** Into the registry, under a tag. */
  push(repository: string, bytes: ImageBytes, root: Descriptor = bytes.image(), tag = '1'): string {
    for (const [digest, blob] of bytes.blobs) {
      this.registry.putBlob(repository, blob);
      const mediaType = digest === root.digest ? root.mediaType : MEDIA_TYPE.manifest;
      const isManifest = blob[0] === 0x7b && blob.includes('"schemaVersion"');
      if (isManifest)
        this.registry.putManifest(
          repository,
          digest === root.digest ? tag : digest,
          blob,
          mediaType,
        );
    }
    return root.digest;
  }

  ask(grader: Grader, repository: string, more: object = {}): Promise<GraderAnswer> {
    const image = { registry: this.registry.host, repository, tag: '1' };
    return grader.grade({ image, now: NOW, ...more });
  }

  async again(grader: Grader, names: readonly string[], now: number): Promise<MadeAgain> {
    const answer = await grader.grade({ names, now });
    if (!answer.ok) throw new Error(answer.message);
    return answer.made;
  }
}

/** An image of these layers, gzipped here or as they are. */
export function imageOf(
  tars: readonly Buffer[],
  options: {
    readonly packed?: readonly Buffer[];
    readonly config?: Readonly<Record<string, unknown>>;
    readonly size?: number;
  } = {},
) {
  const { packed = tars.map((tar) => gzipSync(tar, { level: 1 })), config = {}, size } = options;
  const bytes = new ImageBytes();
  const layers = packed.map((blob) => ({
    ...bytes.add(blob, MEDIA_TYPE.layerGzip),
    ...(size === undefined ? {} : { size }),
  }));
  const rootfs = { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) };
  const root = bytes.image({ config: { rootfs, ...config }, manifest: { layers } });
  return { bytes, root, layers };
}
