import type { Criterion } from '../model/criterion.ts';
import { annotations } from './annotations/verdict.ts';
import { noCritical, noHigh, noKnownCves, noMedium } from './known-cves/verdict.ts';
import { minimalBaseImage } from './minimal-base/verdict.ts';
import { noBuildTooling } from './no-build-tooling/verdict.ts';
import { noElevatedFiles } from './no-elevated-files/verdict.ts';
import { noPackageManager } from './no-package-manager/verdict.ts';
import { noSecrets } from './no-secrets/verdict.ts';
import { noShell } from './no-shell/verdict.ts';
import { nonrootUser } from './nonroot-user/verdict.ts';
import { pinnedImages } from './pinned-images/verdict.ts';
import { pinnedPackages } from './pinned-packages/verdict.ts';
import { provenanceAttested } from './provenance/verdict.ts';
import { recentlyUpdated } from './recently-updated/verdict.ts';
import { reproducible } from './reproducible/verdict.ts';
import { sbomAttested } from './sbom/verdict.ts';
import { secretsByFile } from './secrets-by-file/verdict.ts';
import { securityProfile } from './security-profile/verdict.ts';
import { signed } from './signed/verdict.ts';
import { trustedSource } from './trusted-source/verdict.ts';
import { verifiedDownloads } from './verified-downloads/verdict.ts';

/** Every criterion, by vector and level; totals, rules and documentation are derived from it. */
export const CATALOGUE: readonly Criterion[] = [
  minimalBaseImage,
  noBuildTooling,
  noShell,
  noPackageManager,
  trustedSource,
  verifiedDownloads,
  signed,
  recentlyUpdated,
  pinnedImages,
  pinnedPackages,
  provenanceAttested,
  sbomAttested,
  reproducible,
  noSecrets,
  noElevatedFiles,
  nonrootUser,
  secretsByFile,
  annotations,
  securityProfile,
  noCritical,
  noHigh,
  noMedium,
  noKnownCves,
];

/** The command that edits the Dockerfile for a criterion; undefined where no edit serves it. */
export function fixCommand(id: string): string | undefined {
  const isFixable = CATALOGUE.some((one) => one.id === id && one.fixable === true);
  return isFixable ? `scoville fix --only ${id}` : undefined;
}
