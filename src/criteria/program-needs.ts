import { posix } from 'node:path';
import { lookup } from '../lib/json.ts';
import { fileName } from '../lib/text.ts';
import type { Instruction } from '../model/dockerfile.ts';
import type { FixInput, TextEdit } from '../model/fix.ts';
import { BUILD_TOOLS, C_SHELLS, entryNamed, possibleNames, SHELLS } from '../programs/kinds.ts';
import { USER_CHANGERS } from '../programs/options.ts';
import { addFlag, baseName, inImage, lastInImage } from './edit-text.ts';
import { healthCheck, invocation } from './runtime-command.ts';
import { type Started, started } from './started-programs.ts';

/** Programs that do their work as root alone, by why. */
const NEEDS: readonly (readonly [string, string])[] = [
  [
    'takes logins',
    'sshd in.telnetd telnetd login getty agetty vsftpd proftpd pure-ftpd sftp-server xrdp xrdp-sesman',
  ],
  [
    'starts other services',
    'init systemd systemd-udevd s6-svscan s6-svc s6-rc s6-linux-init runsvdir runsv runit my_init openrc openrc-init supervisord monit service systemctl rc-service rcctl invoke-rc.d',
  ],
  ['runs jobs as their users', 'cron crond anacron atd fcron'],
  [
    'starts containers',
    'dockerd dockerd-entrypoint.sh containerd podman buildah buildkitd kubelet k3s lxc lxd',
  ],
  [
    'sets up the network',
    'iptables iptables-restore iptables-save ip6tables iptables-legacy nft ipset ip ifconfig route brctl tc ethtool ipsec charon charon-systemd strongswan openvpn wg wg-quick xl2tpd pppd pptpd dnsmasq dhcpd dhclient udhcpc udhcpd radvd hostapd keepalived bird zebra tcpdump snort suricata arpwatch ntpd chronyd ptp4l tailscaled openconnect ocserv',
  ],
  [
    'serves or mounts filesystems',
    'mount umount mount.nfs mount.cifs mount.fuse exportfs rpcbind rpc.nfsd rpc.mountd rpc.statd rpc.idmapd nfsd ganesha.nfsd smbd nmbd winbindd automount glusterd ceph-osd losetup mkfs mkfs.ext4 fsck blkid',
  ],
  ['delivers mail', 'postfix master dovecot exim exim4 sendmail opendkim amavisd-new'],
  [
    'changes its user',
    `${USER_CHANGERS.join(' ')} su s6-envuidgid start-stop-daemon fixuid fixuid.sh capsh`,
  ],
  [
    'changes users',
    'useradd usermod userdel groupadd groupmod groupdel adduser addgroup deluser delgroup passwd chpasswd newusers',
  ],
  ['hands files over', 'chown chgrp setcap setfacl'],
  [
    'changes the system',
    'sysctl modprobe insmod ldconfig update-ca-certificates update-alternatives update-rc.d apt apt-get apk yum dnf microdnf zypper dpkg dpkg-reconfigure rpm pacman opkg locale-gen rsyslogd syslogd syslog-ng udevd udevadm dbus-daemon dbus-uuidgen slapd named unbound-anchor hwclock swapon swapoff',
  ],
];

const REASONS: ReadonlyMap<string, string> = new Map(
  NEEDS.flatMap(([reason, names]) => names.split(' ').map((name) => [name, reason] as const)),
);

/** Why a program has to be root; undefined where nothing says that it has to. */
export function needsRoot(name: string): string | undefined {
  return REASONS.get(name);
}

/** Programs that need their setuid or setgid bit to work for users other than root, or check it. */
const NEEDS_BIT = new Set(
  (
    'sudo su doas ping ping6 passwd mount umount chsh chfn newgrp gpasswd pkexec fusermount fusermount3 crontab at batch screen postdrop postqueue sendmail exim exim4 newuidmap newgidmap bwrap firejail ' +
    'sshd login unix_chkpwd dbus-daemon-launch-helper chrome-sandbox google-chrome chromium chromium-browser singularity apptainer cron crond dumpcap traceroute6 suexec systemd init'
  ).split(' '),
);

export function needsBit(name: string): boolean {
  return NEEDS_BIT.has(name);
}

/** What an image is there for. */
type Purpose =
  /** It runs a program of its own. */
  | 'service'
  /** Others build on it: it starts nothing of its own. */
  | 'base'
  /** People or jobs work in it: it starts a shell, or waits. */
  | 'workplace'
  /** It builds: what it starts is a compiler or a build tool. */
  | 'builder';

/** Why what an image is there for keeps its tools. */
export const PURPOSES: Readonly<Record<Exclude<Purpose, 'service'>, string>> = {
  base: 'it starts nothing of its own, and others may build on it',
  workplace: 'people or jobs work in it',
  builder: 'it is there to build: what it starts is a build tool',
};

const CONSOLES =
  /^(?:irb|jshell|ipython|bpython|ghci|iex|erl|R|julia|node|nodejs|python[\d.]*|pypy[\d.]*|php|lua[\d.]*|psql|mysql|tmux|screen|login)$/;
const WAITS = /^(?:sleep|tail|cat|pause)$/;
function builds(program: string): boolean {
  const tool = entryNamed(BUILD_TOOLS, possibleNames(program));
  return tool !== undefined && tool.kind !== 'language package builders';
}

/** Labels of images that people build in. */
const SAYS_BUILD =
  /devcontainer\.metadata|(?:title|description|name)=(?:\s*["'])?[^"'=]*\b(?:build(?:er|s)?|compil\w+|toolchain|dev ?container|ci|development environment)\b/i;
/** Packages that people install to make packages. */
const PACKAGING =
  /^(?:devscripts|debhelper|dh-[\w-]+|equivs|git-buildpackage|sbuild|pbuilder|rpm-build|rpmdevtools|mock|abuild|alpine-sdk|base-devel|createrepo(?:_c)?|reprepro)$/;

/** The purpose of an image, by what it starts, its labels and packages. */
export function purposeOf(input: FixInput, run: Started = started(input)): Purpose {
  const own = ['ENTRYPOINT', 'CMD'].some((keyword) => lastInImage(input, keyword) !== undefined);
  const found = invocation(input);
  const begins = run.called.filter(({ by }) => by === found?.by);
  const last = run.called.at(-1);
  if (inImage(input).some(({ keyword }) => keyword === 'ONBUILD')) return 'base';
  if (run.called.some(({ name }) => builds(name))) return 'builder';
  if (!own && healthCheck(input) === undefined)
    if (last === undefined || isConsole(last.name, last.words)) return 'base';
  const isLabeled = inImage(input).some(
    ({ keyword, instruction: { rawArguments } }) =>
      keyword === 'LABEL' && SAYS_BUILD.test(rawArguments),
  );
  if (isLabeled) return 'workplace';
  const makesPackages = input.analysis.installs.some(
    ({ stage, packages }) =>
      input.imageStages.includes(stage) && packages.some(({ name }) => PACKAGING.test(name)),
  );
  if (run.unread.length > 0 && makesPackages) return 'builder';
  const main = begins.at(-1) ?? last;
  if (main !== undefined && begins.length < 2 && isConsole(main.name, main.words))
    return 'workplace';
  return 'service';
}

/** A shell or a console to type in, or what keeps a container up for one. */
function isConsole(name: string, words: readonly string[]): boolean {
  const operands = words.slice(1).filter((word) => !/^-(?:[lia]+|-login|-interactive)$/.test(word));
  if (SHELLS.has(name) || C_SHELLS.has(name) || CONSOLES.test(name)) return operands.length === 0;
  return (
    WAITS.test(name) &&
    (operands.length === 0 || operands.some((word) => /^(?:inf(?:inity)?|\/dev\/null)$/.test(word)))
  );
}

/** Stages besides the image's own that are built from these: edits of these change them too. */
export function othersOn({ model, imageStages }: FixInput, stages: readonly number[]): boolean {
  return model.stages.some(
    ({ index, base }) =>
      base.kind === 'stage' && stages.includes(base.index) && !imageStages.includes(index),
  );
}

/** Folders that known servers write to, by program, in Debian packages and official images. */
const SERVER_FOLDERS = lookup<readonly string[]>({
  nginx: ['/var/cache/nginx', '/var/lib/nginx', '/var/log/nginx', '/run'],
  'apache2-foreground': ['/var/run/apache2', '/var/lock/apache2', '/var/log/apache2'],
  apache2: ['/var/run/apache2', '/var/lock/apache2', '/var/log/apache2'],
  apache2ctl: ['/var/run/apache2', '/var/lock/apache2', '/var/log/apache2'],
  'httpd-foreground': ['/usr/local/apache2/logs'],
  'redis-server': ['/data'],
  'catalina.sh': ['/usr/local/tomcat/logs', '/usr/local/tomcat/temp', '/usr/local/tomcat/work'],
});

/** System folders: what a RUN makes in them is for programs and settings, or is not kept. */
const SYSTEM =
  /^\/(?:bin|sbin|lib\w*|boot|dev|etc|proc|sys|root|tmp|usr(?!\/(?:src|share\/nginx|local\/(?:apache2|tomcat))(?:\/|$))|var\/(?:lib|cache)\/(?:apt|dpkg)|var\/log\/apt|var\/tmp|run\/secrets|run\/lock)(?:\/|$)/;

function serverOf(input: FixInput): string | undefined {
  const { entry = { words: [] }, args = [] } = invocation(input) ?? {};
  const said = 'words' in entry ? [...entry.words, ...args] : entry.script.split(/\s+/);
  return [...said.map(fileName), ...started(input).called.map(({ name }) => name)]
    .concat(said.length === 0 ? baseName(input) : [])
    .find((program) => SERVER_FOLDERS[program] !== undefined);
}

/** Folders that a RUN makes by `mkdir` or `install -d`, absolute where that is known. */
function madeFolders({ commands }: Instruction, folder: string): readonly string[] {
  let at = folder;
  return commands.flatMap(({ words }) => {
    const [program = '', ...rest] = words.map(({ value }) => value ?? '');
    if (program === 'cd' || program === 'pushd') at = posix.resolve('/', at, rest[0] ?? '');
    const makes = program === 'mkdir' || (program === 'install' && rest.includes('-d'));
    if (!makes) return [];
    const operands = rest.filter(
      (word, i) => !/^-|^$/.test(word) && !/^-[mog]$/.test(rest[i - 1] ?? ''),
    );
    return operands.flatMap((path) =>
      path.startsWith('/') ? [path] : at === '' ? [] : [posix.resolve('/', at, path)],
    );
  });
}

/** Folders that git has for what is written there later: a file alone keeps them. */
function keptFolders(input: FixInput): readonly string[] {
  const names = (input.facts.context ?? []).filter(
    (name) =>
      /^[\w.-]+$/.test(name) &&
      ['.gitkeep', '.keep'].some((file) => input.contextFile(`${name}/${file}`) !== undefined),
  );
  const takesAll = /^(?:COPY|ADD) (?:--(?:chown|chmod|link)\S* )*\.?\/? (\S+)$/i;
  return inImage(input).flatMap(({ text, folder }) => {
    const to = takesAll.exec(text)?.[1];
    return to === undefined ? [] : names.map((name) => posix.resolve(folder, to, name));
  });
}

/** Folders that the app writes to, as far as the Dockerfile shows: volumes, made ones, servers'. */
export function writtenFolders(input: FixInput): readonly string[] {
  const found = new Set<string>();
  for (const { keyword, instruction, folder } of inImage(input)) {
    if (keyword === 'VOLUME')
      for (const path of instruction.arguments) if (path.startsWith('/')) found.add(path);
    if (keyword === 'RUN')
      for (const path of madeFolders(instruction, folder))
        if (/^\/[\w.-]/.test(path) && /^[\w./-]+$/.test(path) && !SYSTEM.test(path))
          found.add(path);
  }
  for (const path of keptFolders(input)) found.add(path);
  for (const path of input.code().dataFolders) if (!SYSTEM.test(path)) found.add(path);
  for (const path of SERVER_FOLDERS[serverOf(input) ?? ''] ?? []) found.add(path);
  return [...found]
    .map((path) => path.replace(/(?<=^\/|[^/])\/+$/, ''))
    .filter((path) => path !== '/');
}

/**
 * Commands that give a user the SQLite databases in a folder, which the build made or copied, and
 * the folders that they lie in: SQLite writes beside them. Empty where nothing says that it is
 * used.
 */
export function databaseLines(input: FixInput, folder: string, owner: string): readonly string[] {
  if (folder === '/' || !input.code().hasSqlite) return [];
  return [
    `find ${folder} -type f -name '*.db' -o -type f -name '*.sqlite' -o -type f -name '*.sqlite3' | while read -r path; do`,
    `  chown ${owner} "$path" "$(dirname "$path")";`,
    'done',
  ];
}

/** Makes what ADD fetches readable for all: such files are for root alone (0600). */
export function readableAdds(input: FixInput): readonly TextEdit[] {
  return inImage(input)
    .filter(
      ({ keyword, instruction: { arguments: words, flags } }) =>
        keyword === 'ADD' &&
        words.slice(0, -1).some((source) => /^https?:/.test(source)) &&
        !flags.some(({ name }) => name === 'chmod'),
    )
    .map((add) => addFlag(add, '--chmod=644'));
}
