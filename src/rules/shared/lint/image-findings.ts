import { usedImages } from '../../../facts/used-images.ts';
import type { DockerfileModel } from '../../../model/dockerfile.ts';
import { type JudgeImage, outsideImages } from '../verdict/outside-images.ts';
import type { RuleFinding } from './rule.ts';

/** External images that a Dockerfile names and that do not pass a criterion, each judged alone. */
export function imageFindings(model: DockerfileModel, judge: JudgeImage): readonly RuleFinding[] {
  return outsideImages(usedImages(model, [], []), model).flatMap((image) => {
    const { text, role, range } = image;
    const { state, reason } = judge(image);
    if (state === 'held' || range === undefined) return [];
    const found = { range, message: `${text}, ${role}: ${reason}` };
    return [state === 'open' ? { ...found, severity: 'info' as const } : found];
  });
}
