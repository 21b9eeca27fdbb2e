// eslint-disable-next-line no-restricted-imports -- a temporary folder of ours
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inTemporaryFolder } from '../image/temporary-folder.ts';
import type { PipelineContext } from '../model/context.ts';
import { cyclonedxDocument } from '../trust/sbom.ts';
import type { ImageScan } from './scan-evidence.ts';

export async function withScanSbom<T>(
  { version, now }: PipelineContext,
  { content, image }: ImageScan,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const [digest] = image.digests;
  const document = cyclonedxDocument({
    packages: content.packages,
    unreadable: content.unreadablePackages,
    osRelease: content.filesystem.osRelease,
    image: { name: digest, digest, platform: { os: 'linux', architecture: 'unknown' } },
    created: new Date(now()).toISOString(),
    toolVersion: version,
  });
  return inTemporaryFolder('scan', async (folder) => {
    const file = join(folder, 'sbom.cdx.json');
    await writeFile(file, JSON.stringify(document), { mode: 0o600 });
    return await work(file);
  });
}
