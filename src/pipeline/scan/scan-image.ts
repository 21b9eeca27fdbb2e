import { applyVex } from '../../facts/vex/vex.ts';
import { type Fact, known, unknownFact, type VulnerabilitiesFact } from '../../model/facts.ts';
import { type ScannerName, SCANNERS } from '../../model/settings.ts';
import type { PipelineContext } from '../context.ts';
import type { ImageScan } from './image-scan.ts';
import { isInstalled, runScanner } from './run-scanner.ts';
import { withinAge, withPackages } from './scan-evidence.ts';

const SETTLE = 'Connect to the network, or install Grype or Trivy, then run: scoville grade IMAGE';

/**
 * Known vulnerabilities of one platform's image by the scanner that is configured, or the first
 * that can scan: grype, trivy, docker scout, else the OSV.dev API, and where that cannot be asked
 * its exports on this machine. VEX documents are applied to the answer, the same for each. Unknown,
 * with each one's reason, where none can.
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
  return unknownFact(failures.join('; ') || 'no vulnerability scanner is installed', SETTLE);
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
