import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestHex } from '../../model/digest.ts';
import type { Descriptor } from '../../model/oci.ts';

/** A layout that lists one manifest alone, over the same blobs, inside a build's folder: scanners read the first image they find. */
export async function scanLayout(buildDir: string, image: Descriptor): Promise<string> {
  const dir = join(buildDir, `scan-${digestHex(image.digest).slice(0, 16)}`);
  await mkdir(dir, { recursive: true });
  await symlink('../blobs', join(dir, 'blobs'));
  await writeFile(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(dir, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [image] }),
  );
  return dir;
}
