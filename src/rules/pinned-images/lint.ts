import { imageFindings } from '../shared/lint/image-findings.ts';
import { criterionRule, PIN } from '../shared/lint/rule.ts';
import { judgePin, pinnedImages } from './verdict.ts';

export const pinnedImagesRule = criterionRule(pinnedImages, {
  bad: 'FROM debian:trixie-slim\n',
  good: `FROM debian:trixie-slim@${PIN}\n`,
  check: ({ model }) => imageFindings(model, judgePin),
});
