import type { ImageComparison, ImageDifference } from '../../model/difference.ts';
import { jsonText } from '../json-text.ts';

/** A comparison of two images, as in schema/image-comparison-1.json. Unknown details are null. */
export function imageDifferencesJson(comparison: ImageComparison): string {
  const { reproducible, first, second, differences, platforms, omitted, source } = comparison;
  return jsonText({
    schemaVersion: '1',
    reproducible,
    first,
    second,
    differences: differences.map(differenceJson),
    omitted,
    platforms: platforms.map((one) => ({
      platform: one.platform,
      first: one.first ?? null,
      second: one.second ?? null,
    })),
    source: source === undefined ? null : { ...source, verifiedBy: source.verifiedBy ?? null },
  });
}

function differenceJson(difference: ImageDifference): object {
  const {
    layer,
    path,
    kind,
    line,
    cause,
    remedy,
    layerIndex,
    platform,
    detail,
    instruction,
    copiedFrom,
  } = difference;
  return {
    layer: layer ?? null,
    path,
    kind,
    class: difference.class,
    line: line ?? null,
    cause,
    remedy: remedy ?? null,
    platform,
    layerIndex: layerIndex ?? null,
    detail,
    instruction: instruction ?? null,
    ...(copiedFrom === undefined ? {} : { copiedFrom }),
    ...(difference.deeper === undefined ? {} : { deeper: difference.deeper }),
  };
}
