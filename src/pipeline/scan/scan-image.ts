import { applyVex } from '../../facts/vex/vex.ts';
import { type Fact, known, unknownFact, type VulnerabilitiesFact } from '../../model/facts.ts';
import type { PipelineContext } from '../context.ts';
import type { ImageScan } from './image-scan.ts';
import { isInstalled, runScanner, type ScannerName } from './run-scanner.ts';
import { withPackages } from './scan-evidence.ts';

/** In this order: what looks into the image itself comes before what is told its packages. */
const AUTOMATIC: readonly ScannerName[] = ['grype', 'trivy', 'docker-scout', 'osv'];

const SETTLE = 'Connect to the network, or install Grype or Trivy, then run: scoville grade IMAGE';

/**
 * Known vulnerabilities of one platform's image by the scanner that is configured, or the first that can scan: grype, trivy, docker
 * scout, else the OSV.dev API. VEX documents are applied to the answer, the same for each. Unknown, with each one's reason, where
 * none can.
 */
export async function scanImage(
  context: PipelineContext,
  scan: ImageScan,
): Promise<Fact<VulnerabilitiesFact>> {
  if (scan.scanner === 'none')
    return unknownFact('scanning is turned off', 'scoville grade --scanner auto IMAGE');
  const failures: string[] = [];
  for (const name of scan.scanner === 'auto' ? AUTOMATIC : [scan.scanner]) {
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

/** What was found, with the scanners that failed before, what the catalogue of packages lacks, and VEX applied. */
function finished(
  { now }: PipelineContext,
  found: VulnerabilitiesFact,
  scan: ImageScan,
  scanner: ScannerName,
  failures: readonly string[],
): VulnerabilitiesFact {
  const notices = [...failures, ...(found.notices ?? [])];
  const told = notices.length === 0 ? found : { ...found, notices };
  const byPackages = scanner === 'osv' || scan.layoutDir === undefined;
  return applyVex(withPackages(told, scan.content, byPackages, now()), scan.vex, scan.image);
}
