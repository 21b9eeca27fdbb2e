import { given } from '../lib/json.ts';
import { type Criterion, type CriterionResult, isMet } from '../model/criterion.ts';
import {
  type AttestationsFact,
  type BuildFact,
  type EvidenceSource,
  type Fact,
  type Facts,
  type ImageFact,
  unknownFact,
} from '../model/facts.ts';
import type { FixRule, LintRule } from '../model/fix.ts';
import { type Annotations, type ImageConfig, OWN_ANNOTATION } from '../model/image.ts';
import { annotations, maintainer, maintainerDeprecated, sourceLabel } from './annotations.ts';
import { provenanceAttested, reproducible, signed } from './attested.ts';
import { execForm, shellFormEntrypoint } from './exec-form.ts';
import { noPackageManager } from './installed-programs.ts';
import { noCritical, noHigh, noKnownCves, noMedium } from './known-cves.ts';
import { type CheckedRule, IGNORE_COMMENT, PARSE_ERROR } from './lint-rule.ts';
import {
  copyBeforeInstall,
  latestTag,
  overriddenInstruction,
  relativeWorkdir,
  sudo,
  unreadShell,
  updateAlone,
} from './lint-rules.ts';
import { minimalBaseImage, minimalBaseRule, slimBase } from './minimal-base.ts';
import { noBuildTooling, noBuildToolingRule } from './no-build-tooling.ts';
import { elevatedFiles, noElevatedFiles, noElevatedFilesRule } from './no-elevated-files.ts';
import { ignoreFile, ownFiles } from './no-secrets/edit.ts';
import { noSecretsRule } from './no-secrets/lint.ts';
import { noSecrets } from './no-secrets/verdict.ts';
import { noShell, runtimeStage } from './no-shell.ts';
import { nonrootEdit, nonrootUser, nonrootUserRule } from './nonroot-user.ts';
import { packageCacheKept, packageCaches } from './package-caches.ts';
import { pinImages, pinnedImages, pinnedImagesRule } from './pinned-images.ts';
import {
  freezeArchives,
  lockFiles,
  pinnedPackages,
  pinnedPackagesRule,
  pinPackages,
} from './pinned-packages.ts';
import { recentlyUpdated } from './recently-updated.ts';
import { recommendedPackages, withoutRecommended } from './recommended-packages.ts';
import { sbomAttested } from './sbom.ts';
import { envSecrets, secretInArg, secretsByFile, secretsByFileRule } from './secrets-by-file.ts';
import { securityProfile } from './security-profile/verdict.ts';
import { trustedSource, trustedSourceRule } from './trusted-source.ts';
import {
  offlineRuns,
  verifiedDownloads,
  verifiedDownloadsRule,
  verifyDownloads,
} from './verified-downloads.ts';

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

const SAID = 'only the image itself says so, and nobody is known to have signed it';

/** Annotations that state what the image's bytes do not show. */
const CLAIMS: readonly string[] = ['org.opencontainers.image.base.name', OWN_ANNOTATION.secrets];

/**
 * The facts without what only the image says about itself: statements that nobody is known to have
 * signed, its history, `created`, and annotations that claim something. What this run built, and
 * what a verified signature of the image covers, stays.
 */
export function withoutClaims(facts: Facts): Facts {
  const { image, build, attestations } = facts;
  if (image.known && image.source === 'build') return facts;
  const isSigned =
    attestations.known &&
    attestations.value.signatures.some(({ verification }) => verification === 'verified');
  return {
    ...facts,
    attestations: withoutUnsigned(attestations),
    build: unclaimedBuild(build),
    image: isSigned ? image : unclaimedImage(image),
  };
}

function withoutUnsigned(fact: Fact<AttestationsFact>): Fact<AttestationsFact> {
  if (!fact.known) return fact;
  const attestations = fact.value.attestations.filter(
    ({ verification, source }) => verification !== 'unverified' || source === 'this-build',
  );
  return { ...fact, value: { ...fact.value, attestations } };
}

function isClaim(source: EvidenceSource): boolean {
  return source === 'unverified-attestation' || source === 'image';
}

function unclaimedBuild(fact: Fact<BuildFact>): Fact<BuildFact> {
  if (!fact.known || !isClaim(fact.source)) return fact;
  const { dockerfile, images, analysis } = fact.value;
  if (!dockerfile.known || isClaim(dockerfile.source)) return unknownFact(SAID);
  const value = { dockerfile, images, ...given({ analysis }) };
  return { known: true, source: dockerfile.source, value };
}

function unclaimedImage(fact: Fact<ImageFact>): Fact<ImageFact> {
  if (!fact.known) return fact;
  const said = Object.entries(fact.value.config);
  const rest = said.filter(([key]) => key !== 'created' && key !== 'history');
  const config = Object.fromEntries(rest) as unknown as ImageConfig;
  const { index, manifest, labels } = fact.value.annotations;
  const unclaimed = (of: Annotations): Annotations =>
    Object.fromEntries(Object.entries(of).filter(([key]) => !CLAIMS.includes(key)));
  const annotations = {
    index: unclaimed(index),
    manifest: unclaimed(manifest),
    labels: unclaimed(labels),
  };
  return { ...fact, value: { ...fact.value, config, annotations } };
}

/** Every criterion's answer on one image of one platform, in the order of `CATALOGUE`. */
export function judgeImage(facts: Facts): CriterionResult[] {
  return CATALOGUE.map((criterion) => {
    const { id, title, vector, level, spec, remedies } = criterion;
    const { outcome, summary, source, evidence, settle } = criterion.judge(facts);
    const answer = { outcome, summary, source, evidence, remedies, ...given({ settle }) };
    return { id, title, vector, level, spec, ...answer };
  });
}

const CLAIMED_FACTS: readonly (keyof Facts)[] = ['attestations', 'build', 'image'];

/**
 * The same answers without what only the image says about itself. Only what earns a point and reads
 * such facts is judged again: the rest cannot change.
 */
export function judgeUnclaimed(
  facts: Facts,
  results: readonly CriterionResult[],
): readonly CriterionResult[] {
  const bare = withoutClaims(facts);
  if (bare === facts) return results;
  return results.map((result) => {
    const criterion = CATALOGUE.find(({ id }) => id === result.id);
    const reads = [...(criterion?.needs ?? []), ...(criterion?.uses ?? [])];
    const mayFall = isMet(result.outcome) && reads.some((name) => CLAIMED_FACTS.includes(name));
    return mayFall ? { ...result, ...given({ outcome: criterion?.judge(bare).outcome }) } : result;
  });
}

/** Every rule of `scoville fix`, in the order in which their edits are shown and applied. */
export const FIX_RULES: readonly FixRule[] = [
  runtimeStage,
  slimBase,
  pinImages,
  verifyDownloads,
  offlineRuns,
  freezeArchives,
  pinPackages,
  lockFiles,
  withoutRecommended,
  packageCaches,
  elevatedFiles,
  nonrootEdit,
  execForm,
  ignoreFile,
  ownFiles,
  envSecrets,
  maintainer,
  sourceLabel,
];

/** Rules for a Dockerfile that builds: criteria in the order of `verdicts.ts`, then the others. */
export const CHECKED_RULES: readonly CheckedRule[] = [
  minimalBaseRule,
  noBuildToolingRule,
  trustedSourceRule,
  verifiedDownloadsRule,
  pinnedImagesRule,
  pinnedPackagesRule,
  noSecretsRule,
  noElevatedFilesRule,
  nonrootUserRule,
  secretsByFileRule,
  copyBeforeInstall,
  latestTag,
  maintainerDeprecated,
  overriddenInstruction,
  packageCacheKept,
  recommendedPackages,
  relativeWorkdir,
  secretInArg,
  shellFormEntrypoint,
  sudo,
  unreadShell,
  updateAlone,
];

/** Every rule of `scoville lint`, those about the file itself last. */
export const LINT_RULES: readonly LintRule[] = [...CHECKED_RULES, PARSE_ERROR, IGNORE_COMMENT];
