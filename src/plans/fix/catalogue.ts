import type { FixRule } from '../../model/fix-rule.ts';
import { buildSecrets } from './build-secrets.ts';
import { elevatedFiles } from './elevated-files.ts';
import { execForm } from './exec-form.ts';
import { freezeArchives } from './freeze-archives.ts';
import { ignoreFile } from './ignore-file.ts';
import { lockFiles } from './lock-files.ts';
import { maintainer } from './maintainer.ts';
import { nonrootUser } from './nonroot-user.ts';
import { offlineRuns } from './offline-runs.ts';
import { packageCaches } from './package-caches.ts';
import { pinImages } from './pin-images.ts';
import { pinPackages } from './pin-packages.ts';
import { relativeWorkdir } from './relative-workdir.ts';
import { runtimeSecrets } from './runtime-secrets.ts';
import { runtimeStage } from './runtime-stage.ts';
import { slimBase } from './slim-base.ts';
import { sourceLabel } from './source-label.ts';
import { sudo } from './sudo.ts';
import { unusedTools } from './unused-tools.ts';
import { verifyDownloads } from './verify-downloads.ts';

/** Every rule of `scoville fix`, in the order in which their edits are shown and applied. */
export const FIX_RULES: readonly FixRule[] = [
  runtimeStage,
  slimBase,
  unusedTools,
  pinImages,
  verifyDownloads,
  offlineRuns,
  freezeArchives,
  pinPackages,
  lockFiles,
  buildSecrets,
  runtimeSecrets,
  sudo,
  packageCaches,
  relativeWorkdir,
  elevatedFiles,
  nonrootUser,
  execForm,
  ignoreFile,
  maintainer,
  sourceLabel,
];
