import { imageFindings } from '../shared/lint/image-findings.ts';
import { criterionRule } from '../shared/lint/rule.ts';
import { judgeSource, trustedSource } from './verdict.ts';

export const trustedSourceRule = criterionRule(trustedSource, {
  bad: 'FROM someone/node:22\n',
  good: 'FROM node:22-slim\n',
  check: ({ model, declarations }) =>
    imageFindings(model, (image) => judgeSource(image, declarations.trustedImages)),
});
