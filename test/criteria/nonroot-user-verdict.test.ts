import { nonrootUser } from '../../src/criteria/nonroot-user.ts';
import { judgesAs, type Row } from './criterion-table.ts';
import { factsOf, filesystem, image } from './facts-builder.ts';

const PASSWD = { root: 0, toor: 0, app: 1001, '777': 0 };
const user = (User: string, passwd: Readonly<Record<string, number>> | undefined = PASSWD) =>
  factsOf({ image: image({ config: { User } }), filesystem: filesystem([], { passwd }) });

judgesAs(nonrootUser, [
  ['pass', 'numeric', user('65532'), 'uid 65532'],
  ['pass', 'numeric with root’s group', user('1001:0'), 'uid 1001'],
  ['pass', 'a name of the image', user('app'), 'app, uid 1001 (a numeric USER is advised)'],
  ...['', '0', '00', '0:0', '0:1000', ':1000', 'root', 'root:root'].map((text): Row => [
    'fail',
    `"${text}"`,
    user(text),
    'root',
  ]),
  ['fail', 'another name of uid 0', user('toor'), 'toor is root'],
  ['pass', 'a number that is a name of uid 0', user('777'), 'uid 777'],
  [
    'fail',
    'root by number, which is a name of another uid',
    user('0', { root: 0, '0': 1000 }),
    '0 is root',
  ],
  ['pass', 'a number with a sign', user('+1000'), 'uid 1000'],
  ...['+0', '-0', '0'.repeat(40)].map((text): Row => [
    'fail',
    `"${text}"`,
    user(text),
    `${text} is root`,
  ]),
  ['fail', 'hexadecimal', user('0x0'), '0x0 is not in the image’s'],
  [
    'pass',
    'a name that begins with a digit',
    user('7up', { '7up': 1000 }),
    '7up, uid 1000 (a numeric USER is advised)',
  ],
  ['fail', 'more than 64 bits', user('99999999999999999999'), 'not in the image’s'],
  [
    'fail',
    'a name with a uid that run-times refuse',
    user('neg', { neg: 4_294_967_295 }),
    'neg does not have a valid uid',
  ],
  [
    'fail',
    'a name that the image does not define',
    user('nobody'),
    'not in the image’s etc/passwd',
  ],
  ['fail', 'a name of every object', user('constructor'), 'not in the image’s'],
  [
    'fail',
    'no etc/passwd',
    factsOf({ image: image({ config: { User: 'app' } }), filesystem: filesystem() }),
    'no etc/passwd',
  ],
  [
    'fail',
    'root without etc/passwd',
    factsOf({ image: image({ config: { User: 'root' } }), filesystem: filesystem() }),
    'root is root',
  ],
  ['fail', 'a uid that wraps around', user('4294967296'), 'not a valid uid'],
  ['fail', 'negative', user('-1'), '-1 is not'],
  [
    'fail',
    'no user in the config',
    factsOf({ image: image(), filesystem: filesystem() }),
    'runs as root (no USER set)',
  ],
  ['unknown', 'not read', factsOf(), 'not gathered'],
]);
