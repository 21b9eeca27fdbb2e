import { isRootUser, type Stage } from '../../model/dockerfile.ts';
import { runsAs } from '../../model/passwd.ts';
import { criterionRule, instructionsOf, type RuleCheck } from '../shared/lint/rule.ts';
import { baseIsRoot } from './base-users.ts';
import { nonrootUser } from './verdict.ts';

/** Bases that are published with an unprivileged user, and those that know no uid. */
function bringsUser({ base }: Stage): boolean {
  if (base.kind !== 'image' || base.image.reference === undefined) return false;
  const { registry, repository } = base.image.reference;
  if (registry === 'cgr.dev' || registry === 'dhi.io') return true;
  return registry === 'mcr.microsoft.com' && /^windows/.test(repository);
}

/** The last USER of the image, and an image without one, by what is known of its base. */
const check: RuleCheck = ({ finalStages, left }) => {
  const last = instructionsOf(finalStages, 'USER').at(-1);
  if (last !== undefined) {
    const user = last.arguments[0] ?? '';
    const range = last.argumentRanges[0] ?? last.range;
    if (user.includes('$')) {
      const message = `${user} has no value here: without a build argument the image runs as root`;
      return [{ range, message, severity: 'info' }];
    }
    if (isRootUser(user)) return [{ range, message: `the image runs as ${user}` }];
    const found = runsAs(user, Object.fromEntries(left.users));
    if (found.kind === 'refused')
      return [{ range, message: `${found.reason}: the image does not start` }];
    if (found.kind === 'missing')
      return left.allUsers ? [{ range, message: `the image has no user ${found.name}` }] : [];
    return found.uid === 0 ? [{ range, message: `the image runs as ${user}, which is uid 0` }] : [];
  }
  const [first] = finalStages;
  const target = finalStages.at(-1);
  if (first === undefined || target === undefined || bringsUser(first)) return [];
  const isRoot = baseIsRoot(first);
  if (isRoot === false) return [];
  const message = isRoot
    ? 'no USER: the image runs as the user of its base, root'
    : 'no USER: the image runs as the user of its base, which is not known here';
  return [{ range: target.range, message, severity: isRoot === true ? 'warning' : 'info' }];
};

export const nonrootUserRule = criterionRule(nonrootUser, {
  bad: 'FROM alpine:3.22\nUSER root\n',
  good: 'FROM alpine:3.22\nUSER 65532:65532\n',
  check,
});
