import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageContent } from '../../facts/image-facts.ts';
import { makeFolders } from '../../lib/make-folders.ts';
import { digestHex } from '../../model/digest.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { quantity } from '../../model/quantity.ts';
import { referencesOf } from '../../model/reference.ts';
import type { Settings } from '../../model/settings.ts';
import { type CacheHome, openCache, type JsonCache } from '../../oci/layout/caches.ts';
import { planOsv } from '../../tools/osv/osv-queries.ts';
import { databaseFolder, noteEcosystems } from '../advisories/database-folder.ts';
import type { InspectedPlatform, Scanned } from '../assess/evidence.ts';
import { part, type PipelineContext } from '../context.ts';
import { scanImage } from './scan-image.ts';

interface ScanOptions {
  readonly settings: Pick<Settings, 'scanner' | 'offline' | 'osv' | 'databaseDays'>;
  /** The image's names, by which VEX statements know it. */
  readonly names: readonly string[];
  /** The OCI layout that contains the image; without one its packages are looked up. */
  readonly layout?: string;
}

/** Where records of vulnerabilities are kept between runs. */
function vulnerabilityCache(home: CacheHome): JsonCache {
  return openCache(home, 'vulnerabilities', 1);
}

/** Scans every platform whose content is known, one after the other, and adds what was found. */
export function scanPlatforms<P extends Pick<InspectedPlatform, 'platform' | 'content' | 'vex'>>(
  context: PipelineContext,
  image: Pick<OpenedImage, 'root'>,
  inspected: readonly P[],
  options: ScanOptions,
): Promise<readonly (P & Scanned)[]> {
  const counts = inspected.map(({ content }) =>
    content.known ? content.value.packages.length : 0,
  );
  return part(context, 'scan', () => scanEach(context, image, inspected, options), {
    about: quantity(
      counts.reduce((sum, one) => sum + one, 0),
      'package',
    ),
    done: (all) =>
      [...new Set(all.map(({ vulnerabilities }) => foundText(vulnerabilities)))].join('; '),
  });
}

function foundText(fact: Scanned['vulnerabilities']): string {
  if (!fact.known) return `not checked: ${fact.reason}`;
  const { vulnerabilities, scanner } = fact.value;
  return `${quantity(vulnerabilities.length, 'CVE')} by ${scanner}`;
}

async function scanEach<P extends Pick<InspectedPlatform, 'platform' | 'content' | 'vex'>>(
  context: PipelineContext,
  image: Pick<OpenedImage, 'root'>,
  inspected: readonly P[],
  { settings: { scanner, offline, osv, databaseDays }, names, layout }: ScanOptions,
): Promise<readonly (P & Scanned)[]> {
  const references = referencesOf(names);
  const scanned: (P & Scanned)[] = [];
  for (const one of inspected) {
    const { platform, content, vex } = one;
    const { descriptor } = platform;
    if (content.known) await noteEcosystems(context, ecosystemsOf(content.value));
    const vulnerabilities = content.known
      ? await scanImage(context, {
          scanner,
          ...(layout === undefined ? {} : { layoutDir: await scanLayout(layout, descriptor) }),
          content: content.value,
          image: { digests: [descriptor.digest, image.root.digest], references },
          vex,
          offline,
          osvUrl: osv.url,
          cache: vulnerabilityCache(context),
          databases: databaseFolder(context),
          databaseDays,
        })
      : content;
    scanned.push({ ...one, vulnerabilities });
  }
  return scanned;
}

function ecosystemsOf({ packages, filesystem }: ImageContent): readonly string[] {
  return planOsv(packages, filesystem.osRelease).ecosystems;
}

/**
 * A layout in a build's folder that lists one manifest over the same blobs: scanners read the
 * first image they find.
 */
async function scanLayout(buildDir: string, image: Descriptor): Promise<string> {
  const dir = join(buildDir, `scan-${digestHex(image.digest).slice(0, 16)}`);
  await makeFolders(dir);
  await symlink('../blobs', join(dir, 'blobs'));
  await writeFile(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(dir, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [image] }),
  );
  return dir;
}
