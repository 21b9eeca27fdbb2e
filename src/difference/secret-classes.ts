import { type ClassRule, EPOCH } from './class-rule.ts';

/** Keys, passwords and other random values that all image users share: never to be normalized. */
export const SECRET_CLASSES: readonly ClassRule[] = [
  {
    id: 'private-key',
    path: /(?:^|\/)ssh_host_[a-z0-9]+_key(?:\.pub)?$/,
    cause:
      'a host key that the package makes when it is installed: random, and a secret that everybody gets',
    remedy:
      'rm -f /etc/ssh/ssh_host_* in the same RUN, and ssh-keygen -A when the container starts',
  },
  {
    id: 'private-key',
    path: /(?:^|\/)ssl-cert-snakeoil\.(?:key|pem)$/,
    cause:
      'a key and its certificate that the package ssl-cert makes when it is installed: random, and a secret that everybody gets',
    remedy:
      'rm -f /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem in the same RUN, and make-ssl-cert generate-default-snakeoil when the container starts',
  },
  {
    id: 'private-key',
    path: /(?:^|\/)\.gnupg\//,
    cause: 'GnuPG’s folder contains keys that the build generates, random seeds and times',
    remedy: 'GNUPGHOME=$(mktemp -d) in the RUN, removed at its end',
  },
  {
    id: 'private-key',
    path: /(?:^|\/)(?:[^/]+\.key|\.erlang\.cookie)$/,
    cause: 'a key that the build generates: it is random, and a secret that everybody gets',
    remedy: 'make it when the container starts, not in a RUN; remove it here: rm -f',
  },
  {
    id: 'random-secret',
    path: /(?:^|\/)releases\/COOKIE$/,
    cause:
      'the cookie by which nodes of Erlang trust each other, which mix draws: everybody gets it',
    remedy: 'remove it in the same RUN, and set RELEASE_COOKIE when the container starts',
  },
  {
    id: 'random-secret',
    path: /(?:^|\/)slapd\.d\/cn=config\/olcDatabase=[^/]*\.ldif$/,
    cause:
      'the password of the directory’s administrator, which the package slapd draws, as a salted hash: everybody gets it',
    remedy:
      'rm -rf /etc/ldap/slapd.d/* /var/lib/ldap/* in the same RUN, and dpkg-reconfigure slapd when the container starts',
  },
  {
    id: 'random-secret',
    path: /\.fossil$/,
    cause:
      'fossil draws ids for a repository, and a password for its first user: everybody gets it',
    remedy: 'fossil init when the container starts, unless the repository exists',
  },
  {
    id: 'random-secret',
    path: /(?:^|\/)tmp\/local_secret\.txt$/,
    cause: 'the secret that Rails draws for SECRET_KEY_BASE_DUMMY: everybody gets it',
    remedy:
      'rm -f tmp/local_secret.txt in the same RUN, and set SECRET_KEY_BASE when the container starts',
  },
  {
    id: 'random-secret',
    path: /(?:^|\/)\.next\/(?:.*\/)?(?:prerender|server-reference)-manifest\.js(?:on)?$/,
    cause:
      'keys of previews and of server actions that Next.js draws for each build: everybody gets them',
    remedy:
      'RUN --mount=type=secret: NEXT_SERVER_ACTIONS_ENCRYPTION_KEY from one, and preview in prerender-manifest.json from another after next build',
  },
  {
    id: 'private-key',
    path: /(?:^|\/)[^/]+\.(?:p12|pfx|jks|keystore|kdb)$/,
    cause:
      'a key store: its salt, its dates and the keys that the build generates are new each time',
    remedy: 'make it when the container starts, or mount it as a secret',
  },
  {
    id: 'private-key',
    formats: ['key'],
    detail: /private key|public key/,
    cause: 'a key that the build generates: it is random, and a secret that everybody gets',
    remedy: 'make it when the container starts, or mount it as a secret',
  },
  {
    id: 'random-parameters',
    formats: ['key'],
    detail: /parameters/,
    cause: 'parameters that the build draws at random',
    remedy: 'COPY a file in, or use a named group (RFC 7919: ffdhe2048), which needs none',
  },
  {
    id: 'certificate',
    formats: ['key'],
    cause: 'a certificate that the build makes: its serial number, dates and key are new each time',
    remedy: 'make it when the container starts, or COPY one in',
  },
  {
    id: 'password-hash',
    path: /^etc\/g?shadow-?$/,
    detail: /\bpassword\b/,
    cause:
      'a password that the build sets: its hash has a random salt each time, and everybody gets it',
    remedy: 'set no password; where there must be one, its hash: chpasswd -e, useradd -p',
  },
  {
    id: 'password-hash',
    path: /(?:^|\/)\.?htpasswd$/,
    cause: 'passwords that the build hashes, each with a random salt',
    remedy: 'COPY the file in, or mount it as a secret',
  },
  {
    id: 'shadow-date',
    path: /^etc\/g?shadow-?$/,
    cause: 'the day on which a user was made',
    remedy: EPOCH,
  },
  {
    id: 'machine-id',
    path: /^(?:etc|var\/lib\/dbus)\/machine-id$/,
    cause: 'a random id of the machine',
    remedy: ': > /etc/machine-id; rm -f /var/lib/dbus/machine-id in the same RUN',
  },
];
