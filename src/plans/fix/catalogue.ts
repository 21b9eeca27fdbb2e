import type { FixRule } from '../../model/fix-rule.ts';
import { elevatedFiles } from './elevated-files.ts';
import { execForm } from './exec-form.ts';
import { maintainer } from './maintainer.ts';
import { nonrootUser } from './nonroot-user.ts';
import { packageCaches } from './package-caches.ts';
import { pinImages } from './pin-images.ts';

/** Every rule of `scoville fix`, in the order in which their edits are shown and applied. */
export const FIX_RULES: readonly FixRule[] = [
  pinImages,
  packageCaches,
  elevatedFiles,
  nonrootUser,
  execForm,
  maintainer,
];
