import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Descriptor } from '../model/oci.ts';

/** A layout that lists one image alone, over the same blobs, inside a build's folder: scanners read the first image they find. */
export async function scanLayout(buildDir: string, image: Descriptor): Promise<string> {
  const dir = join(buildDir, 'scan');
  await mkdir(dir, { recursive: true });
  await symlink('../blobs', join(dir, 'blobs'));
  await writeFile(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(dir, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [image] }),
  );
  return dir;
}
