import type { FixRule } from '../../model/fix-rule.ts';
import { maintainer } from './maintainer.ts';
import { pinImages } from './pin-images.ts';

/** Every rule of `scoville fix`, in the order in which their edits are shown and applied. */
export const FIX_RULES: readonly FixRule[] = [pinImages, maintainer];
