import { lookup } from '../lib/json.ts';

/** How a program takes a password on its command line or by its input. */
export interface PasswordTaker {
  /** Options before the password: `-p X`, `-pX`, `-p=X`. */
  readonly options?: string;
  /** Options whose value is `name:password`. */
  readonly pairs?: string;
  /** Options with the password in the same word only. */
  readonly attached?: string;
  /** Matched with the words after the program, joined by blanks: the last word is the password. */
  readonly last?: RegExp;
  /** The word behind this one is the password. */
  readonly after?: string;
  readonly input?: 'password' | 'name:password';
  /** Only command lines like this take one. */
  readonly only?: RegExp;
  /** It sets the password: any value is in force from then on, `changeme` too. */
  readonly sets?: true;
}

const SETS = { sets: true } as const;
const LOGIN = { options: '-p', only: /^(?:\S+ ){0,3}(?:login|add)\b/ } as const;
const MYSQL = { attached: '-p' } as const;
const LDAP = { options: '-w' } as const;
const SHADOWSOCKS = { options: '-k' } as const;
const MONGO = { options: '-p' } as const;
const HTTPIE = { pairs: '-a --auth' } as const;

const TAKERS: Readonly<Record<string, PasswordTaker>> = {
  chpasswd: { input: 'name:password', ...SETS },
  passwd: { input: 'password', ...SETS },
  'smbpasswd vncpasswd tigervncpasswd kdb5_util': { input: 'password', ...SETS },
  'useradd usermod adduser': { options: '-p', ...SETS },
  htpasswd: { last: /^(?:\S+ )*-[A-Za-z]*b/, input: 'password', ...SETS },
  mysqladmin: { ...MYSQL, after: 'password', ...SETS },
  'mysql mysqldump mysqlimport mariadb mariadb-admin mariadb-dump mysqlsh': MYSQL,
  rabbitmqctl: { last: /^(?:\S+ )*(?:add_user|change_password) \S+ \S/, ...SETS },
  openssl: {
    last: /^passwd (?!.*-(?:stdin|in)\b)(?:\S+ )*[^-]/,
    input: 'password',
    only: /^passwd/,
  },
  'mkpasswd makepasswd': {
    last: /^(?!.*(?:-s|--stdin|--clearfrom)\b)(?:-\S+ (?:\S+ )?)?[^-\s]\S*$/,
    input: 'password',
  },
  x11vnc: { options: '-storepasswd -passwd', ...SETS },
  slappasswd: { options: '-s', ...SETS },
  'ldapadd ldapmodify ldapsearch ldapdelete ldappasswd': LDAP,
  'redis-cli': { options: '-a' },
  'mongo mongosh mongodump mongorestore mongoimport mongoexport': MONGO,
  sqlcmd: { options: '-P' },
  'ss-server ss-local ssserver sslocal': SHADOWSOCKS,
  curl: { pairs: '-u --user -U --proxy-user' },
  'http https xh xhs': HTTPIE,
  skopeo: { pairs: '--creds --src-creds --dest-creds', ...LOGIN },
  'docker podman nerdctl buildah crane oras helm az oc cf cosign jf nexus': LOGIN,
  sshpass: { options: '-p' },
  'zip unzip': { options: '-P' },
};

/**
 * Programs that take a password in a short option, an operand or their input. Options with a clear
 * name are recognized by it.
 */
export const PASSWORD_TAKERS = lookup<PasswordTaker>(
  Object.fromEntries(
    Object.entries(TAKERS).flatMap(([names, taker]) =>
      names.split(' ').map((name) => [name, taker]),
    ),
  ),
);

/** Texts that set a password for a program that reads them from its input or a file. */
export const PASSWORD_TEXTS: readonly RegExp[] = [
  // `IDENTIFIED BY 'x'`, `CREATE USER ... PASSWORD 'x'`, `SET PASSWORD = PASSWORD('x')` of SQL.
  /(?:\bidentified\s{1,9}(?:with\s{1,9}\S{1,40}\s{1,9})?by|(?<=\b(?:create|alter|set|grant|update)\s[^;]{0,200})\bpassword)\s{0,9}(?:[=(]\s{0,9}){0,2}(?:password\s{0,9}\(\s{0,9})?\\{0,2}'(?<secret>[^'\\\n]{1,200})\\{0,2}'/gi,
  // An answer to debconf: `mysql-server mysql-server/root_password password x`.
  /(?<=\s[\w.-]{1,99}\/[\w/.-]{1,99}\s{1,9})password\s{1,9}["']?(?<secret>[^\s"';|&]{1,200})/g,
];
