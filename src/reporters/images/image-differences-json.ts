import type { ImageComparison } from '../../model/difference.ts';
import { jsonText, withNulls } from '../json-text.ts';

/** A comparison of two images, as in schema/image-comparison-1.json. */
export function imageDifferencesJson(comparison: ImageComparison): string {
  const { source } = comparison;
  const from = source === undefined ? undefined : { verifiedBy: undefined, ...source };
  return jsonText(withNulls({ ...comparison, source: from }) as object);
}
