import type { LintRule } from '../model/lint.ts';
import { copyBeforeInstall } from './copy-before-install/lint.ts';
import { latestTag } from './latest-tag/lint.ts';
import { maintainerDeprecated } from './maintainer-deprecated/lint.ts';
import { minimalBaseCheck } from './minimal-base/lint.ts';
import { noBuildToolingCheck } from './no-build-tooling/lint.ts';
import { noSecretsCheck } from './no-secrets/lint.ts';
import { nonrootUserCheck } from './nonroot-user/lint.ts';
import { overriddenInstruction } from './overridden-instruction/lint.ts';
import { packageCacheKept } from './package-cache-kept/lint.ts';
import { relativeWorkdir } from './relative-workdir/lint.ts';
import { secretInArg } from './secret-in-arg/lint.ts';
import { secretsByFileCheck } from './secrets-by-file/lint.ts';
import { IGNORE_COMMENT, PARSE_ERROR } from './shared/lint/file-rules.ts';
import type { OwnRule, RuleCheck } from './shared/lint/rule.ts';
import { shellFormEntrypoint } from './shell-form-entrypoint/lint.ts';
import { sudo } from './sudo/lint.ts';
import { unreadShell } from './unread-shell/lint.ts';
import { updateAlone } from './update-alone/lint.ts';

/** Rules that no criterion decides, each with its check. */
export const OWN_RULES: readonly OwnRule[] = [
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

/** Rules about the file itself. */
export const FILE_RULES: readonly LintRule[] = [PARSE_ERROR, IGNORE_COMMENT];

/** What a Dockerfile alone shows of criteria that judge the built image, by the criterion's id. */
export const IMAGE_CHECKS: Readonly<Record<string, RuleCheck>> = {
  'minimal-base': minimalBaseCheck,
  'no-build-tooling': noBuildToolingCheck,
  'no-secrets': noSecretsCheck,
  'nonroot-user': nonrootUserCheck,
  'secrets-by-file': secretsByFileCheck,
};
