import { createHash } from 'node:crypto';
import { craftTar } from './craft-tar.ts';
import type { Stack } from './crafted-layer.ts';
import { packed } from './pack-layer.ts';

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A stack as what `docker load` takes: one image under `name`. */
export function dockerArchive(stack: Stack, name: string): Buffer {
  const layers = stack.map(craftTar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Cmd: ['/none'] },
      rootfs: { type: 'layers', diff_ids: layers.map((bytes) => `sha256:${sha256(bytes)}`) },
      history: layers.map(() => ({ created: '2020-01-01T00:00:00Z' })),
    }),
  );
  const configName = `${sha256(config)}.json`;
  const names = layers.map((bytes) => `${sha256(bytes)}/layer.tar`);
  const manifest = Buffer.from(
    JSON.stringify([{ Config: configName, RepoTags: [name], Layers: names }]),
  );
  const files = new Map<string, Buffer>();
  for (const [i, bytes] of layers.entries())
    files.set(names[i] ?? '', packed(bytes, stack[i]?.packing));
  files.set(configName, config).set('manifest.json', manifest);
  return craftTar({
    entries: [...files].map(([file, bytes]) => ({
      flag: '0',
      name: file,
      content: bytes.toString('latin1'),
    })),
  });
}
