import { existsSync } from 'node:fs';
// eslint-disable-next-line no-restricted-imports -- a temporary folder of ours
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageContent } from '../facts/layer-files.ts';
import type { InspectedPlatform, Scanned } from '../grade/assess.ts';
import { openCache } from '../image/caches.ts';
import { inTemporaryFolder } from '../image/temporary-folder.ts';
import { err, type Result } from '../lib/errors.ts';
import { listField } from '../lib/json.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { proxyOf } from '../lib/proxy.ts';
import { Recent } from '../lib/recent.ts';
import { findCommand } from '../lib/run-tool.ts';
import { quantity } from '../lib/text.ts';
import { TOOLS } from '../lib/tool-names.ts';
import { commandSearch, part, type PipelineContext } from '../model/context.ts';
import { type Fact, known, unknownFact, type VulnerabilitiesFact } from '../model/facts.ts';
import type { Descriptor, OpenedImage } from '../model/image.ts';
import { digestHex, referencesOf } from '../model/reference.ts';
import { type ScannerName, SCANNERS, type Settings } from '../model/settings.ts';
import { databaseFolder } from './database-folder.ts';
import { planOsv } from './osv-records.ts';
import type { RecordCache } from './osv.ts';
import { withPublished } from './published-files.ts';
import { type ImageScan, withinAge, withPackages } from './scan-evidence.ts';
import type { ScanTarget } from './scanners.ts';
import { noteEcosystems } from './update-database.ts';
import { applyVex } from './vex.ts';

async function isInstalled(context: PipelineContext, name: ScannerName): Promise<boolean> {
  if (name === 'osv' || name === 'database') return true;
  if (findCommand(TOOLS[name].command, commandSearch(context)) === undefined) return false;
  if (name !== 'docker-scout') return true;
  // To start docker takes longer than all else of a grade where everything is known.
  if (!(await mayHavePlugin(context.paths.dockerConfig, name))) return false;
  const { hasDockerScout } = await import('./scanners.ts');
  return hasDockerScout(context.run);
}

/** Folders of plugins on Linux (docker/cli, cli-plugins/manager). */
const PLUGINS = ['/usr/local/lib', '/usr/local/libexec', '/usr/lib', '/usr/libexec'].map(
  (folder) => `${folder}/docker/cli-plugins`,
);

/** Looks where Docker does; true as well where its settings name more folders. */
async function mayHavePlugin(dockerConfig: string, name: string): Promise<boolean> {
  const settings = await readFile(join(dockerConfig, 'config.json'), 'utf8').catch(() => '');
  if (process.platform !== 'linux' || settings.includes('cliPluginsExtraDirs')) return true;
  const folders = [join(dockerConfig, 'cli-plugins'), ...PLUGINS];
  return folders.some((folder) => existsSync(join(folder, name)));
}

/**
 * Scans with one scanner, as it is; an error says why it could not. Only the adapter of that one is
 * loaded: start-up is part of grading, and a re-grade is little else.
 */
async function runScanner(
  context: PipelineContext,
  name: ScannerName,
  { layoutDir, offline, content, osvUrl: url, cache, databases: folder, image }: ImageScan,
): Promise<Result<VulnerabilitiesFact>> {
  const { run, signal, version, env } = context;
  const now = context.now();
  const { packages, filesystem, unreadablePackages: unreadable } = content;
  const { osRelease } = filesystem;
  if (name === 'database') {
    const { scanWithDatabase } = await import('./advisories.ts');
    return scanWithDatabase({ folder, packages, osRelease, now });
  }
  if (name === 'osv') {
    const { scanWithOsv } = await import('./osv.ts');
    const proxy = proxyOf(url, env)?.url;
    return scanWithOsv({
      url,
      packages,
      osRelease,
      cache,
      now,
      signal,
      userAgent: `scoville/${version}`,
      proxy: proxy && `${proxy.protocol}//${proxy.host}`,
    });
  }
  const { scanWith } = await import('./scanners.ts');
  const at = (target: ScanTarget): Promise<Result<VulnerabilitiesFact>> =>
    scanWith(name, run, { target, offline, now, signal });
  if (layoutDir !== undefined) return at({ kind: 'layout', dir: layoutDir });
  if (name === 'docker-scout') return err('it needs the image in a layout on disk');
  const [digest] = image.digests;
  const { cyclonedxDocument } = await import('../trust/sbom.ts');
  const document = cyclonedxDocument({
    packages,
    unreadable,
    osRelease,
    image: { name: digest, digest, platform: { os: 'linux', architecture: 'unknown' } },
    created: new Date(now).toISOString(),
    toolVersion: version,
  });
  return inTemporaryFolder('scan', async (beside) => {
    const file = join(beside, 'sbom.cdx.json');
    await writeFile(file, JSON.stringify(document), { mode: 0o600 });
    return await at({ kind: 'sbom', file });
  });
}

/** Before the command that helps, in the reason of one scanner. */
const RUN = '. Run: ';
const SETTLE = 'Connect to the network, or install Grype or Trivy, then run: scoville grade IMAGE';

/**
 * Known vulnerabilities of one platform's image by the configured scanner, or by the first that can
 * scan: grype, trivy, docker scout. Else the OSV.dev API, else its exports on this machine. VEX
 * documents apply to each answer alike. Unknown, with each one's reason, where none can scan.
 */
export async function scanImage(
  context: PipelineContext,
  scan: ImageScan,
): Promise<Fact<VulnerabilitiesFact>> {
  if (scan.scanner === 'none')
    return unknownFact('scanning is turned off', 'scoville grade --scanner auto IMAGE');
  const failures: string[] = [];
  for (const name of scannersOf(scan.scanner, scan.offline)) {
    context.signal.throwIfAborted();
    if (!(await isInstalled(context, name))) {
      if (scan.scanner !== 'auto') failures.push(`${name} is not installed`);
      continue;
    }
    const result = await runScanner(context, name, scan);
    if (result.ok) return known(finished(context, result.value, scan, name, failures), 'scanner');
    failures.push(`no vulnerability scan (${name}): ${result.error}`);
  }
  const reasons = failures.map((one) => one.split(RUN)[0]);
  const command = failures.map((one) => one.split(RUN)[1]).find((one) => one !== undefined);
  const fetched = scan.offline ? command?.replace('update', 'update --from FOLDER') : command;
  return unknownFact(
    reasons.join('; ') || 'no vulnerability scanner is installed',
    fetched === undefined ? SETTLE : `${fetched} && scoville grade IMAGE`,
  );
}

/** OSV's exports say what its API says, where that cannot be asked. */
function scannersOf(
  chosen: Exclude<ImageScan['scanner'], 'none'>,
  offline: boolean,
): readonly ScannerName[] {
  const one: readonly ScannerName[] =
    chosen === 'osv' ? ['osv', 'database'] : [chosen as ScannerName];
  const named = chosen === 'auto' ? SCANNERS : one;
  return offline ? named.filter((name) => name !== 'osv') : named;
}

/** The findings, with earlier scanners' failures and gaps in the package catalog; VEX applied. */
function finished(
  { now }: PipelineContext,
  found: VulnerabilitiesFact,
  scan: ImageScan,
  scanner: ScannerName,
  failures: readonly string[],
): VulnerabilitiesFact {
  const notices = [...failures, ...(found.notices ?? [])];
  const noticed = notices.length === 0 ? found : { ...found, notices };
  const byPackages = ['osv', 'database'].includes(scanner) || scan.layoutDir === undefined;
  const evidence = withPackages(noticed, scan.content, byPackages, now());
  return applyVex(withinAge(evidence, scan.databaseDays, now()), scan.vex, scan.image, now());
}

interface ScanOptions {
  readonly settings: Pick<Settings, 'scanner' | 'offline' | 'osv' | 'databaseDays'>;
  readonly names: readonly string[];
  readonly layout?: string;
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
  if (!fact.known) {
    // The card names it only when no level below is open.
    const [fetches] = /^scoville db update(?: --from \w+)?/.exec(fact.settle ?? '') ?? [];
    const help = fetches === undefined ? '' : `; what helps: ${fetches}`;
    return `not checked: ${fact.reason}${help}`;
  }
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
          cache: recordsOf(context),
          databases: databaseFolder(context),
          databaseDays,
        })
      : content;
    const proven = content.known
      ? known(await withPublished(context, content.value, offline), content.source)
      : content;
    scanned.push({ ...one, content: proven, vulnerabilities });
  }
  return scanned;
}

/** Packages and ids that they name, in all: a record of a kernel's CVE names thousands. */
const MOST_HELD = 50_000;
const held = new WeakMap<PipelineContext['paths'], RecordCache>();

/** Records and answers of OSV; this process keeps those of the last images in memory. */
function recordsOf(context: PipelineContext): RecordCache {
  const known = held.get(context.paths);
  if (known !== undefined) return known;
  const kept = openCache(context, 'vulnerabilities', 1);
  const recent = new Recent<unknown>(MOST_HELD);
  const hold = (key: string, value: unknown): unknown => {
    const named = [...listField(value, 'affected'), ...listField(value, 'matches')];
    recent.set(key, value, 1 + named.length);
    return value;
  };
  const made: RecordCache = {
    get: async (key) => recent.get(key) ?? hold(key, await kept.get(key)),
    set: (key, value) => kept.set(key, hold(key, value)),
  };
  held.set(context.paths, made);
  return made;
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
