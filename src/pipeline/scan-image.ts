import { type Fact, known, unknownFact, type VulnerabilitiesFact } from '../model/facts.ts';
import type { Settings } from '../model/settings.ts';
import { findCommand } from '../tools/command-path.ts';
import { scanWithGrype } from '../tools/grype.ts';
import { scanWithTrivy } from '../tools/trivy.ts';
import type { PipelineContext } from './context.ts';

const SETTLE = 'install grype or trivy, then build or grade again';

/** Known vulnerabilities by the scanner that is configured, or the first that is installed; unknown, with the reason, without one. */
export async function scanImage(
  context: PipelineContext,
  scanner: Settings['scanner'],
  layoutDir: string,
): Promise<Fact<VulnerabilitiesFact>> {
  if (scanner === 'none') return unknownFact('scanning is turned off', '--scanner=auto');
  const search = {
    path: context.env['PATH'] ?? '',
    cwd: context.cwd,
    home: context.env['HOME'] ?? '/',
  };
  const wanted = scanner === 'auto' ? (['grype', 'trivy'] as const) : [scanner];
  for (const tool of wanted) {
    if (findCommand(tool, search) === undefined) continue;
    const scan = tool === 'grype' ? scanWithGrype : scanWithTrivy;
    const result = await scan(context.run, { layoutDir, vexFiles: [], signal: context.signal });
    if (result.ok) return known(result.value, 'scanner');
    return unknownFact(`${tool} could not scan: ${result.error}`, `${tool} --help`);
  }
  return unknownFact(
    scanner === 'auto' ? 'no vulnerability scanner is installed' : `${scanner} is not installed`,
    SETTLE,
  );
}
