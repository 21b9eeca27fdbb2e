import type { LocalPrograms } from './program.ts';

export const SYSTEM: readonly LocalPrograms[] = [
  {
    programs:
      'adduser addgroup useradd usermod userdel groupadd groupmod groupdel deluser delgroup passwd chpasswd chgpasswd gpasswd chsh chfn chage newusers pwconv grpconv vipw ' +
      'id whoami groups users who getent login nologin newuidmap newgidmap',
    reason: 'changes and reads the files of users and groups',
  },
  {
    programs:
      'pwgen apg htpasswd htdigest mkpasswd rndc-confgen vncpasswd openvt systemd-escape mcookie uname arch hostname hostid nproc getconf date uptime free ps top env printenv locale lsb_release lscpu lsblk umount mountpoint sysctl ulimit prlimit dmesg lsof fuser pgrep pidof ' +
      'pstree stty tty cal sleep yes logger ldd ldconfig ld.so getopt dircolors rev kill killall pkill hwclock ip ifconfig route ss netstat iptables update-motd tzselect loginctl',
    reason: 'asks or changes the state of the system',
  },
  {
    programs: 'mount',
    reason: 'shows and attaches file systems',
    unless: /(?:^| )(?:-[BMR]|--r?bind|--move)\b|\b(?:bind|overlay|lowerdir)\b/,
  },
  {
    programs:
      'locale-gen localedef update-locale dpkg-reconfigure debconf-set-selections debconf-get-selections debconf-show debconf-communicate update-alternatives alternatives update-rc.d rc-update ' +
      'rc-service chkconfig systemctl service invoke-rc.d insserv initctl deb-systemd-helper policy-rc.d dpkg-divert dpkg-statoverride dpkg-query dpkg-architecture dpkg-buildflags dpkg-deb dpkg-split ' +
      'dpkg-preconfigure dpkg-scanpackages dpkg-scansources dpkg-parsechangelog apt-ftparchive abuild-sign abuild-keygen reprepro createrepo createrepo_c apt-mark apt-cache apt-config apt-extracttemplates apt-sortpkgs update-ca-certificates update-ca-trust c_rehash ca-certificates trust ' +
      'ldconfig fc-cache fc-list mkfontscale mkfontdir xset update-mime-database update-desktop-database gtk-update-icon-cache glib-compile-schemas gdk-pixbuf-query-loaders gio-querymodules ' +
      'update-initramfs mandb makewhatis setup-timezone zic authselect authconfig crypto-policies update-crypto-policies fips-mode-setup rpmdb systemd-tmpfiles systemd-sysusers systemd-machine-id-setup ' +
      'dbus-uuidgen cap_mkdb newaliases postmap postconf postalias pwck grpck deluser a2enmod a2dismod a2ensite a2dissite a2enconf a2disconf phpenmod phpdismod lighty-enable-mod ' +
      'lighttpd-enable-mod nginx_ensite pg_createcluster pg_dropcluster pg_lsclusters make-ssl-cert update-java-alternatives update-python-modules setup-keymap crontab catatonit',
    reason: 'configures what the distribution installed',
  },
  {
    programs: 'dpkg rpm rpmkeys debsums rpmquery rpm2archive',
    reason: 'installs and lists package files that are there; addresses among them are judged',
    unless: /--(?:pre-invoke|post-invoke|eval|define|load|pipe)\b(?<!--eval(?= %\{?\w+\}?(?: |$)))/,
  },
  {
    programs:
      'apt-key add-apt-repository apt-add-repository software-properties-gtk yum-config-manager apk-list',
    reason: 'sets up keys and repositories; the keys are judged where they are fetched',
  },
  {
    programs: 'fix-permissions fix-permissions.sh',
    reason:
      'a script of base images (Jupyter, Software Collections): sets group and mode of folders',
  },
  {
    programs: 'rabbitmq-plugins',
    reason: 'turns on plugins that came with RabbitMQ',
    only: /^(?:--\S+ )*(?:enable|disable|list|set|directories)\b/,
  },
  {
    programs: 'catalina.sh',
    reason: 'Tomcat’s own, asked to load its configuration or for its version',
    only: /^(?:configtest|version)$/,
  },
  {
    programs: 'ssh-agent ssh-add gnome-keyring-daemon',
    reason: 'keeps keys for other commands',
    unless: /^[^-]/,
  },
  {
    programs:
      'apachectl apache2ctl httpd nginx sshd haproxy named-checkconf named-checkzone visudo postfix caddy traefik php-fpm lighttpd varnishd squid unbound-checkconf',
    reason: 'a server that is asked to check its configuration, or for its version',
    only: /(?:^| )(?:-t|-T|-c|-V|-v|-M|-l|-S|-C|configtest|validate|version|check)(?: |$)/,
  },
  {
    programs:
      'mysqld mysqld_safe mariadbd mariadbd-safe mysql_install_db mariadb-install-db initdb mongod redis-server pg_ctl psql mysql mariadb mysqladmin sqlite3 createdb createuser pg_ctlcluster',
    reason: 'a database on this machine',
    unless:
      /(?:^| )(?:-h|--host)[ =]?(?!localhost|127\.)\w|\\!|\bsystem\b|\bPROGRAM\b|\.shell\b|\.system\b|(?:^| )(?:-f|--file|-init)\b|\.read\b|\\i\b/i,
  },
];
