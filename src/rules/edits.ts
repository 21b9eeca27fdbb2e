import type { FixRule } from '../model/fix-rule.ts';
import { sourceLabel } from './annotations/edit.ts';
import { maintainer } from './maintainer-deprecated/edit.ts';
import { slimBase } from './minimal-base/edit.ts';
import { elevatedFiles } from './no-elevated-files/edit.ts';
import { ignoreFile } from './no-secrets/edit.ts';
import { runtimeStage } from './no-shell/edit.ts';
import { nonrootEdit } from './nonroot-user/edit.ts';
import { packageCaches } from './package-cache-kept/edit.ts';
import { pinImages } from './pinned-images/edit.ts';
import { freezeArchives } from './pinned-packages/edit-freeze-archives.ts';
import { lockFiles } from './pinned-packages/edit-lock-files.ts';
import { pinPackages } from './pinned-packages/edit.ts';
import { absoluteWorkdir } from './relative-workdir/edit.ts';
import { buildSecrets } from './secret-in-arg/edit.ts';
import { execForm } from './shell-form-entrypoint/edit.ts';
import { offlineRuns } from './verified-downloads/edit-offline-runs.ts';
import { verifyDownloads } from './verified-downloads/edit.ts';

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
  buildSecrets,
  packageCaches,
  absoluteWorkdir,
  elevatedFiles,
  nonrootEdit,
  execForm,
  ignoreFile,
  maintainer,
  sourceLabel,
];
