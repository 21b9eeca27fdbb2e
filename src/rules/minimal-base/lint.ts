import { criterionRule, type RuleCheck } from '../shared/lint/rule.ts';
import { minimalBase } from './minimal-bases.ts';
import { minimalBaseImage } from './verdict.ts';

/** Checks the base in the table of minimal bases; only official unlisted images get an info. */
const check: RuleCheck = ({ finalStages }) => {
  const base = finalStages[0]?.base;
  const reference = base?.kind === 'image' ? base.image.reference : undefined;
  if (base?.kind !== 'image' || reference === undefined) return [];
  const { text, range } = base.image;
  const found = minimalBase(reference);
  if (found !== undefined)
    return found.excepted
      ? [{ range, message: `${text} is not a minimal image: ${found.family.reason}` }]
      : [];
  if (reference.registry !== 'docker.io' || !reference.repository.startsWith('library/')) return [];
  const message = `${text} is not among the minimal bases: the packages of the built image decide`;
  return [{ range, message, severity: 'info' }];
};

export const minimalBaseRule = criterionRule(minimalBaseImage, {
  bad: 'FROM gcr.io/distroless/base-debian13:debug\n',
  good: 'FROM gcr.io/distroless/base-debian13:nonroot\n',
  check,
});
