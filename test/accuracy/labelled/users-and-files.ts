import { file, hardlink, program } from '../../facts/support.ts';
import { APP, HARDENED, hardenedBut, hardenedWith, type Labelled } from '../starting-points.ts';

const ELEVATED = { 'no-elevated-files': 'fail' } as const;
const ROOT = { 'nonroot-user': 'fail' } as const;
/** cap_net_raw+ep, VFS capabilities v2. */
const NET_RAW = Buffer.from('0100000200200000000000000000000000000000', 'hex').toString('latin1');
const capable = { 'SCHILY.xattr.security.capability': NET_RAW };
const asUser = (name: string, user: string, differs = {}): Labelled =>
  hardenedBut(name, { config: { ...HARDENED.config, User: user } }, differs);
const [DISTROLESS = []] = HARDENED.layers;
const withoutPasswd = DISTROLESS.filter(({ path }) => path !== 'etc/passwd');
const bareAs = (name: string, user: string, differs = {}): Labelled =>
  hardenedBut(
    name,
    { layers: [withoutPasswd, APP], config: { ...HARDENED.config, User: user } },
    differs,
  );

/** Who the program runs as, and files that make anyone more than that. */
export const USERS_LABELLED: readonly Labelled[] = [
  hardenedWith('a setuid program', [[program('usr/bin/ping', undefined, 0o4755)]], ELEVATED),
  hardenedWith('a setgid program', [[program('usr/bin/wall', undefined, 0o2755)]], ELEVATED),
  hardenedWith(
    'file capabilities without setuid',
    [[{ ...program('usr/bin/ping'), pax: capable }]],
    ELEVATED,
  ),
  hardenedWith(
    'a hard link to a setuid program, whose first name was deleted',
    [
      [program('usr/bin/su', undefined, 0o4755), hardlink('opt/x', 'usr/bin/su', 0o4755)],
      [file('usr/bin/.wh.su')],
    ],
    ELEVATED,
  ),
  hardenedWith(
    'setuid that comes with a later layer',
    [[program('usr/bin/helper')], [program('usr/bin/helper', undefined, 0o4755)]],
    ELEVATED,
  ),
  hardenedWith('setuid that a later layer took off', [
    [program('usr/bin/su', undefined, 0o4755)],
    [program('usr/bin/su', undefined, 0o755)],
  ]),
  hardenedWith('capabilities that a later layer took off', [
    [{ ...program('usr/bin/ping'), pax: capable }],
    [program('usr/bin/ping')],
  ]),
  hardenedWith('a setuid program that was deleted', [
    [program('usr/bin/su', undefined, 0o4755)],
    [file('usr/bin/.wh.su')],
  ]),
  hardenedWith('a setgid folder and a sticky one', [
    [
      { path: 'var/mail', type: 'directory', mode: 0o2775 },
      { path: 'tmp', type: 'directory', mode: 0o1777 },
    ],
  ]),
  asUser('no user', '', ROOT),
  asUser('root by name', 'root', ROOT),
  asUser('root by number', '0', ROOT),
  asUser('root with another group', '0:1000', ROOT),
  asUser('root in more digits', '00', ROOT),
  asUser('root by name with a group', 'root:root', ROOT),
  asUser('an alias of root in passwd', 'toor', ROOT),
  asUser('a name that the image does not define', 'app', ROOT),
  asUser('a number that is none', '-1', ROOT),
  asUser('a name that the image defines', 'nonroot'),
  asUser('a user with the group of root', '65532:0'),
  bareAs('a name where there is no passwd', 'nonroot', ROOT),
  bareAs('root where there is no passwd', 'root', ROOT),
  bareAs('a number where there is no passwd', '10001'),
  hardenedWith(
    // Docker 26, containerd and Podman 5.4 start it as 1000.
    'passwd has a name like the number, of root',
    [[file('etc/passwd', '1000:x:0:0::/:/bin/false\n')]],
    {},
    { config: { ...HARDENED.config, User: '1000' } },
  ),
  hardenedWith(
    'a later passwd without the user',
    [[file('etc/passwd', 'root:x:0:0::/:/bin/false\n')]],
    ROOT,
    { config: { ...HARDENED.config, User: 'nonroot' } },
  ),
];
