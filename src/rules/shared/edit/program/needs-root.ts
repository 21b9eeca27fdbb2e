import { USER_CHANGERS } from '../../../../programs/options.ts';

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

/** Programs that write nothing but to their output, listen nowhere, and start no other. */
const QUIET = new Set(
  (
    'arch basename cat cmp comm cut date df dirname du echo env expr false fold grep egrep fgrep head hostname id join ls md5sum nl nproc numfmt od paste pr printenv printf pwd readlink realpath seq ' +
    'sha1sum sha256sum sha512sum sleep sort stat sum tac tail tr true tty uname uniq uptime wc which whoami yes'
  ).split(' '),
);

/** True for a program that needs no rights, and writes to no file. */
export function isQuiet(name: string): boolean {
  return QUIET.has(name);
}

/** Programs that need their setuid or setgid bit to work for users other than root, or check it. */
const NEEDS_BIT = new Set(
  (
    'sudo su doas ping ping6 passwd mount umount chsh chfn newgrp gpasswd pkexec fusermount fusermount3 crontab at batch screen postdrop postqueue sendmail exim exim4 newuidmap newgidmap bwrap firejail ' +
    'sshd login unix_chkpwd dbus-daemon-launch-helper chrome-sandbox google-chrome chromium chromium-browser singularity apptainer cron crond dumpcap traceroute6 suexec systemd init'
  ).split(' '),
);

/** True for a program that needs the setuid or setgid bit of its file. */
export function needsBit(name: string): boolean {
  return NEEDS_BIT.has(name);
}
