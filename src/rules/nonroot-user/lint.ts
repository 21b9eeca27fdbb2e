import { isRootUser, type Stage } from '../../model/dockerfile.ts';
import { criterionRule, instructionsOf, type RuleCheck } from '../shared/lint/rule.ts';
import { nonrootUser } from './verdict.ts';

/** Bases that are published with an unprivileged user, and those that know no uid. */
function bringsUser({ base }: Stage): boolean {
  if (base.kind !== 'image' || base.image.reference === undefined) return base.kind === 'unknown';
  const { registry, repository, tag = '' } = base.image.reference;
  if (registry === 'cgr.dev' || registry === 'dhi.io') return true;
  if (registry === 'mcr.microsoft.com' && /^windows/.test(repository)) return true;
  return /non-?root|rootless|unprivileged/.test(`${repository}:${tag}`);
}

/** The last USER of the image, and an image without one whose base is not known to bring one. */
const check: RuleCheck = ({ finalStages }) => {
  const last = instructionsOf(finalStages, 'USER').at(-1);
  if (last !== undefined) {
    const user = last.arguments[0] ?? '';
    if (user.includes('$') || !isRootUser(user)) return [];
    return [{ range: last.argumentRanges[0] ?? last.range, message: `the image runs as ${user}` }];
  }
  const [first] = finalStages;
  const target = finalStages.at(-1);
  if (first === undefined || target === undefined || bringsUser(first)) return [];
  const message = 'no USER: the image runs as the user of its base, usually root';
  return [{ range: target.range, message, severity: 'warning' }];
};

export const nonrootUserRule = criterionRule(nonrootUser, {
  bad: 'FROM alpine:3.22\nUSER root\n',
  good: 'FROM alpine:3.22\nUSER 65532:65532\n',
  check,
});
