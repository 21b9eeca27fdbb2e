import type { Criterion } from '../model/criterion.ts';
import { annotations } from './configuration/annotations.ts';
import { noElevatedFiles } from './configuration/no-elevated-files.ts';
import { noSecrets } from './configuration/no-secrets.ts';
import { nonrootUser } from './configuration/nonroot-user.ts';
import { secretsByFile } from './configuration/secrets-by-file.ts';
import { securityProfile } from './configuration/security-profile.ts';
import { minimalBaseImage } from './minimalism/minimal-base.ts';
import { noBuildTooling } from './minimalism/no-build-tooling.ts';
import { noPackageManager } from './minimalism/no-package-manager.ts';
import { noShell } from './minimalism/no-shell.ts';
import { pinnedImages } from './provenance/pinned-images.ts';
import { pinnedPackages } from './provenance/pinned-packages.ts';
import { provenanceAttested } from './provenance/provenance.ts';
import { recentlyUpdated } from './provenance/recently-updated.ts';
import { reproducible } from './provenance/reproducible.ts';
import { sbomAttested } from './provenance/sbom.ts';
import { signed } from './provenance/signed.ts';
import { trustedSource } from './provenance/trusted-source.ts';
import { verifiedDownloads } from './provenance/verified-downloads.ts';
import { noCritical } from './vulnerabilities/no-critical.ts';
import { noHigh } from './vulnerabilities/no-high.ts';
import { noKnownCves } from './vulnerabilities/no-known-cves.ts';
import { noMedium } from './vulnerabilities/no-medium.ts';

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
