import type { LintRule } from '../model/lint.ts';
import { copyBeforeInstall } from './copy-before-install/lint.ts';
import { latestTag } from './latest-tag/lint.ts';
import { maintainerDeprecated } from './maintainer-deprecated/lint.ts';
import { minimalBaseRule } from './minimal-base/lint.ts';
import { noBuildToolingRule } from './no-build-tooling/lint.ts';
import { noElevatedFilesRule } from './no-elevated-files/lint.ts';
import { noSecretsRule } from './no-secrets/lint.ts';
import { nonrootUserRule } from './nonroot-user/lint.ts';
import { overriddenInstruction } from './overridden-instruction/lint.ts';
import { packageCacheKept } from './package-cache-kept/lint.ts';
import { pinnedImagesRule } from './pinned-images/lint.ts';
import { pinnedPackagesRule } from './pinned-packages/lint.ts';
import { relativeWorkdir } from './relative-workdir/lint.ts';
import { secretInArg } from './secret-in-arg/lint.ts';
import { secretsByFileRule } from './secrets-by-file/lint.ts';
import { IGNORE_COMMENT, PARSE_ERROR } from './shared/lint/file-rules.ts';
import type { CheckedRule } from './shared/lint/rule.ts';
import { shellFormEntrypoint } from './shell-form-entrypoint/lint.ts';
import { sudo } from './sudo/lint.ts';
import { trustedSourceRule } from './trusted-source/lint.ts';
import { unreadShell } from './unread-shell/lint.ts';
import { updateAlone } from './update-alone/lint.ts';
import { verifiedDownloadsRule } from './verified-downloads/lint.ts';

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
  relativeWorkdir,
  secretInArg,
  shellFormEntrypoint,
  sudo,
  unreadShell,
  updateAlone,
];

/** Every rule of `scoville lint`, those about the file itself last. */
export const LINT_RULES: readonly LintRule[] = [...CHECKED_RULES, PARSE_ERROR, IGNORE_COMMENT];
