import type { VulnerabilitiesFact } from '../../model/facts.ts';
import { type Result, err } from '../../model/result.ts';
import type { ScannerName } from '../../model/settings.ts';
import { findCommand } from '../../tools/command-path.ts';
import { proxyOf } from '../../tools/network/proxy.ts';
import type { ScanRequest, ScanTarget } from '../../tools/scanners/scanner.ts';
import { TOOLS } from '../../tools/tool-names.ts';
import { commandSearch, type PipelineContext } from '../context.ts';
import type { ImageScan } from './image-scan.ts';

/** True if a scanner can be started. OSV (an address) and the database (a file) always count. */
export async function isInstalled(context: PipelineContext, name: ScannerName): Promise<boolean> {
  if (name === 'osv' || name === 'database') return true;
  if (findCommand(TOOLS[name].command, commandSearch(context)) === undefined) return false;
  if (name !== 'docker-scout') return true;
  const { hasDockerScout } = await import('../../tools/scanners/docker-scout.ts');
  return hasDockerScout(context.run);
}

/**
 * Scans with one scanner, as it is; an error says why it could not. Only the adapter of that one is
 * loaded: start-up is part of grading, and a re-grade is little else.
 */
export async function runScanner(
  context: PipelineContext,
  name: ScannerName,
  scan: ImageScan,
): Promise<Result<VulnerabilitiesFact>> {
  if (name === 'osv') return askOsv(context, scan);
  if (name === 'database') return askDatabase(context, scan);
  const { layoutDir } = scan;
  if (layoutDir !== undefined)
    return scanTarget(context, name, scan, { kind: 'layout', dir: layoutDir });
  if (name === 'docker-scout') return err('it needs the image in a layout on disk');
  const { withScanSbom } = await import('./scan-sbom.ts');
  return withScanSbom(context, scan, (file) =>
    scanTarget(context, name, scan, { kind: 'sbom', file }),
  );
}

async function scanTarget(
  { run, signal, now }: PipelineContext,
  name: Exclude<ScannerName, 'osv' | 'database'>,
  { offline }: ImageScan,
  target: ScanTarget,
): Promise<Result<VulnerabilitiesFact>> {
  const request: ScanRequest = { target, offline, now: now(), signal };
  switch (name) {
    case 'grype':
      return (await import('../../tools/scanners/grype.ts')).scanWithGrype(run, request);
    case 'trivy':
      return (await import('../../tools/scanners/trivy.ts')).scanWithTrivy(run, request);
    case 'docker-scout':
      return (await import('../../tools/scanners/docker-scout.ts')).scanWithDockerScout(
        run,
        request,
      );
  }
}

async function askDatabase(
  { now }: PipelineContext,
  { content: { packages, filesystem }, databases }: ImageScan,
): Promise<Result<VulnerabilitiesFact>> {
  const { scanWithDatabase } = await import('../../tools/advisories/scan-database.ts');
  const { osRelease } = filesystem;
  return scanWithDatabase({ folder: databases, packages, osRelease, now: now() });
}

async function askOsv(
  { signal, now, version, env }: PipelineContext,
  { content, osvUrl, cache }: ImageScan,
): Promise<Result<VulnerabilitiesFact>> {
  const { packages, filesystem } = content;
  const { scanWithOsv } = await import('../../tools/osv/osv.ts');
  const proxy = proxyOf(osvUrl, env)?.url;
  return scanWithOsv({
    url: osvUrl,
    userAgent: `scoville/${version}`,
    packages,
    osRelease: filesystem.osRelease,
    cache,
    now: now(),
    signal,
    proxy: proxy === undefined ? undefined : `${proxy.protocol}//${proxy.host}`,
  });
}
