import { nonrootUser } from '../../src/criteria/nonroot-user.ts';
import { judgesAs } from './criterion-table.ts';
import { factsOf, filesystem, image } from './facts-builder.ts';

const PASSWD = { root: 0, toor: 0, app: 1001, '777': 0 };
const user = (User: string, passwd: Readonly<Record<string, number>> | undefined = PASSWD) =>
  factsOf({ image: image({ config: { User } }), filesystem: filesystem([], { passwd }) });

judgesAs(nonrootUser, [
  { name: 'numeric', facts: user('65532'), outcome: 'pass', says: 'uid 65532' },
  { name: 'numeric with root’s group', facts: user('1001:0'), outcome: 'pass', says: 'uid 1001' },
  {
    name: 'a name of the image',
    facts: user('app'),
    outcome: 'pass',
    says: 'app, uid 1001 (a numeric USER is advised)',
  },
  ...['', '0', '00', '0:0', '0:1000', ':1000', 'root', 'root:root'].map((text) => ({
    name: `"${text}"`,
    facts: user(text),
    outcome: 'fail' as const,
    says: 'root',
  })),
  { name: 'another name of uid 0', facts: user('toor'), outcome: 'fail', says: 'toor is root' },
  {
    // Docker, containerd and Podman take a number for a uid before they look at names.
    name: 'a number that is a name of uid 0',
    facts: user('777'),
    outcome: 'pass',
    says: 'uid 777',
  },
  {
    name: 'root by number, which is a name of another uid',
    facts: user('0', { root: 0, '0': 1000 }),
    outcome: 'fail',
    says: '0 is root',
  },
  { name: 'a number with a sign', facts: user('+1000'), outcome: 'pass', says: 'uid 1000' },
  ...['+0', '-0', '0'.repeat(40)].map((text) => ({
    name: `"${text}"`,
    facts: user(text),
    outcome: 'fail' as const,
    says: `${text} is root`,
  })),
  { name: 'hexadecimal', facts: user('0x0'), outcome: 'fail', says: '0x0 is not in the image’s' },
  {
    name: 'a name that begins with a digit',
    facts: user('7up', { '7up': 1000 }),
    outcome: 'pass',
    says: '7up, uid 1000 (a numeric USER is advised)',
  },
  {
    name: 'more than 64 bits',
    facts: user('99999999999999999999'),
    outcome: 'fail',
    says: 'not in the image’s',
  },
  {
    name: 'a name with a uid that run-times refuse',
    facts: user('neg', { neg: 4_294_967_295 }),
    outcome: 'fail',
    says: 'neg does not have a valid uid',
  },
  {
    name: 'a name that the image does not define',
    facts: user('nobody'),
    outcome: 'fail',
    says: 'not in the image’s etc/passwd',
  },
  {
    name: 'a name of every object',
    facts: user('constructor'),
    outcome: 'fail',
    says: 'not in the image’s',
  },
  {
    name: 'no etc/passwd',
    facts: factsOf({ image: image({ config: { User: 'app' } }), filesystem: filesystem() }),
    outcome: 'fail',
    says: 'no etc/passwd',
  },
  {
    name: 'root without etc/passwd',
    facts: factsOf({ image: image({ config: { User: 'root' } }), filesystem: filesystem() }),
    outcome: 'fail',
    says: 'root is root',
  },
  {
    name: 'a uid that wraps around',
    facts: user('4294967296'),
    outcome: 'fail',
    says: 'not a valid uid',
  },
  { name: 'negative', facts: user('-1'), outcome: 'fail', says: '-1 is not' },
  {
    name: 'no user in the config',
    facts: factsOf({ image: image(), filesystem: filesystem() }),
    outcome: 'fail',
    says: 'runs as root (no USER set)',
  },
  { name: 'not read', facts: factsOf(), outcome: 'unknown', says: 'not gathered' },
]);
