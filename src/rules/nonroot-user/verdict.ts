import type { FilesystemFact } from '../../model/facts.ts';
import { ownValue } from '../../model/lookup.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { configEvidence, fail, note, pass } from '../shared/verdict/verdict.ts';

/** The kernel's uids are 32 bit; run-times take 31. */
const LARGEST_UID = 2_147_483_647;

type Resolved =
  | { readonly kind: 'uid'; readonly uid: number; readonly how: string }
  | { readonly kind: 'none'; readonly reason: string };

/** The uid that a run-time starts the container with: a name in etc/passwd first, as runc looks it up, then a number. */
function resolveUser(user: string, passwd: FilesystemFact['passwd']): Resolved {
  const name = user.split(':')[0] ?? '';
  if (name === '') return { kind: 'uid', uid: 0, how: 'no user is set, so it is root' };
  const entry = passwd && ownValue(passwd, name);
  if (entry !== undefined)
    return { kind: 'uid', uid: entry, how: `${name} is uid ${entry} in etc/passwd` };
  if (/^\d+$/.test(name)) {
    const uid = Number(name);
    return uid > LARGEST_UID
      ? { kind: 'none', reason: `${name} is not a valid uid` }
      : { kind: 'uid', uid, how: 'a numeric uid' };
  }
  if (name === 'root') return { kind: 'uid', uid: 0, how: 'root is uid 0' };
  return {
    kind: 'none',
    reason:
      passwd === undefined
        ? `${name} is a name, and the image has no etc/passwd`
        : `${name} is not in the image’s etc/passwd`,
  };
}

export const nonrootUser = criterion({
  id: 'nonroot-user',
  title: 'User is non-root',
  vector: 'configuration',
  level: 2,
  spec: '#user-is-non-root',
  why: 'A process that runs as root in the container is root on the host if it escapes, and can change any file of the image.',
  needs: ['image', 'filesystem'],
  decidedBy:
    'The config’s `User` resolves to a uid other than 0, by number or by the image’s own `etc/passwd`. Empty, `0`, `0:1000`, `root`, a name whose uid is 0 and ' +
    'a name that the image does not define fail. A numeric uid is advised: Kubernetes’ `runAsNonRoot` cannot check a name.',
  check: ({ image, filesystem }) => {
    const user = image.config.config?.User ?? '';
    const resolved = resolveUser(user, filesystem.passwd);
    const evidence = [configEvidence('config.User', user)];
    if (resolved.kind === 'none') return fail(resolved.reason, evidence);
    const shown = [...evidence, note(resolved.how)];
    if (resolved.uid === 0)
      return fail(user === '' ? 'runs as root (no USER set)' : `${user} is root`, shown);
    return /^\d/.test(user)
      ? pass(`uid ${resolved.uid}`, shown)
      : pass(`${user}, uid ${resolved.uid} (a numeric USER is advised)`, shown);
  },
  fixable: true,
  remedies: [
    {
      title: 'Run as a numeric, unprivileged user',
      detail:
        'Set USER to a non-zero uid in the final stage, let it own the folders the app writes to, and listen on a port above 1023.',
      example: 'USER 65532:65532',
    },
  ],
});
