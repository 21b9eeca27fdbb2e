import type { LintRule } from '../../model/lint.ts';
import { copyBeforeInstall } from './copy-before-install.ts';
import { IGNORE_COMMENT, PARSE_ERROR } from './file-rules.ts';
import { latestTag } from './latest-tag.ts';
import { maintainerDeprecated } from './maintainer-deprecated.ts';
import { minimalBaseCheck } from './minimal-base.ts';
import { noBuildToolingCheck } from './no-build-tooling.ts';
import { noSecretsCheck } from './no-secrets.ts';
import { nonrootUserCheck } from './nonroot-user.ts';
import { overriddenInstruction } from './overridden-instruction.ts';
import { packageCacheKept } from './package-cache-kept.ts';
import { relativeWorkdir } from './relative-workdir.ts';
import type { OwnRule, RuleCheck } from './rule.ts';
import { secretInArg } from './secret-in-arg.ts';
import { secretsByFileCheck } from './secrets-by-file.ts';
import { shellFormEntrypoint } from './shell-form-entrypoint.ts';
import { sudo } from './sudo.ts';
import { unreadShell } from './unread-shell.ts';
import { updateAlone } from './update-alone.ts';

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
