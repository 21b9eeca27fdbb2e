import type { FilesystemFact } from '../../model/facts.ts';
import { runsAs } from '../../model/passwd.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { configEvidence, fail, note, pass } from '../shared/verdict/verdict.ts';

type Resolved =
  | { readonly kind: 'uid'; readonly uid: number; readonly how: string; readonly isNumber?: true }
  | { readonly kind: 'none'; readonly reason: string };

/** The uid that a run-time starts the container with, or why it has none, in words. */
function resolveUser(user: string, passwd: FilesystemFact['passwd']): Resolved {
  const found = runsAs(user, passwd);
  if (found.kind === 'refused') return { kind: 'none', reason: found.reason };
  if (found.kind === 'missing') {
    const { name } = found;
    if (name === 'root') return { kind: 'uid', uid: 0, how: 'root is uid 0' };
    const reason =
      passwd === undefined
        ? `${name} is a name, and the image has no etc/passwd`
        : `${name} is not in the image’s etc/passwd`;
    return { kind: 'none', reason };
  }
  const { uid, by } = found;
  if (by === 'default') return { kind: 'uid', uid, how: 'no user is set, so it is root' };
  if (by === 'number') return { kind: 'uid', uid, how: 'a numeric uid', isNumber: true };
  return { kind: 'uid', uid, how: `${user.split(':')[0] ?? ''} is uid ${uid} in etc/passwd` };
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
    return resolved.isNumber === true
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
