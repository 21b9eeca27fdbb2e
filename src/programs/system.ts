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
      'pwgen apg htpasswd htdigest mkpasswd rndc-confgen vncpasswd systemd-escape mcookie uname arch hostname hostid nproc getconf date uptime free ps top env printenv locale lsb_release lscpu lsblk umount mountpoint sysctl ulimit prlimit dmesg lsof fuser pgrep pidof ' +
      'pstree stty tty cal sleep yes logger ldd ldconfig getopt dircolors rev kill killall pkill hwclock ifconfig route ss netstat iptables tzselect loginctl',
    reason: 'asks or changes the state of the system',
  },
  {
    programs: 'ip',
    reason: 'asks or changes the state of the network',
    only: /^(?:-\S+ )*(?:a|addr|address|l|link|r|route|neigh|rule|-V|-Version)(?: |$)/,
    reaches: '-b -batch',
  },
  { programs: 'ld.so', reason: 'prints facts about itself', only: /^--(?:help|version|list-\w+)$/ },
  {
    programs: 'mount',
    reason: 'shows file systems, and attaches those of the kernel',
    only: /^(?:-[lvV]|-t (?:proc|sysfs|tmpfs|devpts|devtmpfs|cgroup2?|mqueue|securityfs|debugfs) .*)?$/,
    unless: /(?:^| )(?:-[BMR]|--r?bind|--move)\b|\b(?:bind|overlay|lowerdir)\b/,
  },
  {
    programs:
      'locale-gen localedef update-locale dpkg-reconfigure debconf-set-selections debconf-get-selections debconf-show debconf-communicate update-alternatives alternatives update-rc.d rc-update ' +
      'rc-service chkconfig systemctl service invoke-rc.d insserv initctl deb-systemd-helper policy-rc.d dpkg-divert dpkg-statoverride dpkg-query dpkg-buildflags dpkg-deb dpkg-split ' +
      'dpkg-preconfigure dpkg-scanpackages dpkg-scansources dpkg-parsechangelog apt-ftparchive abuild-sign abuild-keygen createrepo createrepo_c apt-mark apt-cache apt-config apt-extracttemplates apt-sortpkgs update-ca-certificates update-ca-trust c_rehash ca-certificates trust ' +
      'ldconfig fc-cache fc-list mkfontscale mkfontdir xset update-mime-database update-desktop-database gtk-update-icon-cache glib-compile-schemas gdk-pixbuf-query-loaders gio-querymodules ' +
      'update-initramfs mandb makewhatis setup-timezone zic authselect authconfig crypto-policies update-crypto-policies fips-mode-setup rpmdb systemd-tmpfiles systemd-sysusers systemd-machine-id-setup ' +
      'dbus-uuidgen cap_mkdb newaliases postmap postconf postalias pwck grpck deluser a2enmod a2dismod a2ensite a2dissite a2enconf a2disconf phpenmod phpdismod lighty-enable-mod ' +
      'lighttpd-enable-mod nginx_ensite pg_createcluster pg_dropcluster pg_lsclusters make-ssl-cert update-java-alternatives update-python-modules setup-keymap crontab catatonit',
    reason: 'configures what the distribution installed',
    reaches: '--hooksdir',
  },
  {
    programs: 'dpkg-architecture',
    reason: 'names the architecture',
    reaches: '-c --command',
  },
  {
    programs: 'reprepro',
    reason: 'keeps a repository of packages that are there',
    unless: /\b(?:update|checkupdate|dumpupdate|predelete|pull)\b/,
  },
  {
    programs: 'dpkg rpm rpmkeys debsums rpmquery rpm2archive',
    reason: 'installs and lists package files that are there; addresses among them are judged',
    unless:
      /--(?:pre-invoke|post-invoke)\b|(?:^| )(?:-[A-Za-z]*E|--eval)(?![ =]?%\{?\??\w+\}?(?: |$))/,
    reaches: '-D --define --load --pipe --macros --rcfile --specfile',
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
    programs: 'ssh-agent gnome-keyring-daemon',
    reason: 'keeps keys for other commands',
    unless: /^[^-]/,
  },
  {
    programs: 'ssh-add',
    reason: 'keeps keys for other commands',
    unless: /^[^-]|(?:^| )-[sS]/,
  },
  ...(
    [
      ['nginx', /^(?:\S+ )*-(?:[tTvV?h]|tq)(?: |$)/],
      ['apachectl apache2ctl httpd', /^(?:\S+ )*(?:-[tvVMSlL]|configtest|-D DUMP_\w+)(?: |$)/],
      ['sshd', /^(?:\S+ )*-[tTV](?: |$)/],
      ['haproxy varnishd', /^(?:\S+ )*-(?:c|vv?|C|V)(?: |$)/],
      ['visudo', /^(?:\S+ )*-\w*c/],
      ['php-fpm lighttpd', /^(?:\S+ )*-(?:tt?|v|V|m|i|p)(?: |$)/],
      ['squid', /^(?:\S+ )*(?:-k parse|-v|-z)(?: |$)/],
      ['postfix', /^(?:check|set-permissions)$/],
      ['caddy traefik', /^(?:version|validate|fmt|list-modules|build-info|hash-password)\b/],
      ['named-checkconf named-checkzone unbound-checkconf', /./],
    ] as const
  ).map(([programs, only]) => ({
    programs,
    reason: 'a server that is asked to check its configuration, or for its version',
    only,
  })),
  {
    programs:
      'mysqld mysqld_safe mariadbd mariadbd-safe mysql_install_db mariadb-install-db initdb mongod redis-server pg_ctl mysqladmin createdb createuser pg_ctlcluster',
    reason: 'a database on this machine',
    unless: /(?:^| )(?:-h|--host)[ =]?(?!localhost|127\.)\w/,
    reaches: '--loadmodule --plugin-load --plugin-load-add',
  },
  {
    programs: 'psql',
    reason: 'asks a database on this machine',
    input: true,
    addresses: true,
    // Only these of its own commands; what starts programs, loads code or reads another database.
    unless:
      /(?:^| )(?:-h ?|--host[ =])(?!localhost|127\.|\/)\w|(?:^| )(?:-f|--file)|\bhost(?:addr)?=(?!localhost|127\.|\/)|postgres(?:ql)?:|\\(?!(?:q|c|connect|l|d\w*|x|timing|conninfo|echo|set \w+ '?\w*'?)(?:[+ ;"'\n]|$))|\bprogram\b|\bpl(?:python|perl|tcl|sh|ruby|v8|lua|java)\w*|\bload\s+'|\blanguage\s+'?c\b|dblink|\w_fdw\b|`/i,
  },
  {
    programs: 'mysql mariadb',
    reason: 'asks a database on this machine',
    input: true,
    unless:
      /(?:^| )(?:-h ?|--host[ =])(?!localhost|127\.)\w|\\|\bsystem\b|\bsource\b|\bsoname\b|\binstall\s+plugin\b|\bpager\b|(?:^| )--(?:pager|plugin-dir|init-command|defaults)/i,
  },
  {
    programs: 'sqlite3',
    reason: 'asks a database in a file',
    input: true,
    unless:
      /(?:^|["'\s;])\.(?!(?:mode|headers?|tables?|schema|dump|quit|exit|timeout|bail|echo|nullvalue|separator|width|databases|indexes|version|backup)\b)[a-z]|\bload_extension\b|\bedit\s*\(|(?:^| )-(?:-?init|A)\b|\|/i,
  },
];
