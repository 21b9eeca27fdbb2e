import { type ClassRule, EPOCH, rules } from './class-rule.ts';

/** Keys, passwords and other random values that all image users share: never to be normalized. */
export const SECRET_CLASSES: readonly ClassRule[] = [
  ...rules(String.raw`
private-key | (?:^|/)ssh_host_[a-z0-9]+_key(?:\.pub)?$
  a host key that the package makes when it is installed: random, and a secret that everybody gets
  → rm -f /etc/ssh/ssh_host_* in the same RUN, and ssh-keygen -A when the container starts
private-key | (?:^|/)ssl-cert-snakeoil\.(?:key|pem)$
  a key and its certificate that the package ssl-cert makes when it is installed: random, and a
  secret that everybody gets
  → rm -f /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem in the same
  RUN, and make-ssl-cert generate-default-snakeoil when the container starts
private-key | (?:^|/)\.gnupg/
  GnuPG’s folder contains keys that the build generates, random seeds and times
  → GNUPGHOME=$(mktemp -d) in the RUN, removed at its end
private-key | (?:^|/)(?:[^/]+\.key|\.erlang\.cookie)$
  a key that the build generates: it is random, and a secret that everybody gets
  → make it when the container starts, not in a RUN; remove it here: rm -f
random-secret | (?:^|/)releases/COOKIE$
  the cookie by which nodes of Erlang trust each other, which mix draws: everybody gets it
  → remove it in the same RUN, and set RELEASE_COOKIE when the container starts
random-secret | (?:^|/)slapd\.d/cn=config/olcDatabase=[^/]*\.ldif$
  the password of the directory’s administrator, which the package slapd draws, as a salted hash:
  everybody gets it
  → rm -rf /etc/ldap/slapd.d/* /var/lib/ldap/* in the same RUN, and dpkg-reconfigure slapd when the
  container starts
random-secret | \.fossil$
  fossil draws ids for a repository, and a password for its first user: everybody gets it
  → fossil init when the container starts, unless the repository exists
random-secret | (?:^|/)tmp/local_secret\.txt$
  the secret that Rails draws for SECRET_KEY_BASE_DUMMY: everybody gets it
  → rm -f tmp/local_secret.txt in the same RUN, and set SECRET_KEY_BASE when the container starts
random-secret | (?:^|/)\.next/(?:.*/)?(?:prerender|server-reference)-manifest\.js(?:on)?$
  keys of previews and of server actions that Next.js draws for each build: everybody gets them
  → RUN --mount=type=secret: NEXT_SERVER_ACTIONS_ENCRYPTION_KEY from one, and preview in
  prerender-manifest.json from another after next build
private-key | (?:^|/)[^/]+\.(?:p12|pfx|jks|keystore|kdb)$
  a key store: its salt, its dates and the keys that the build generates are new each time
  → make it when the container starts, or mount it as a secret
private-key
  [key] private key|public key
  a key that the build generates: it is random, and a secret that everybody gets
  → make it when the container starts, or mount it as a secret
random-parameters
  [key] parameters
  parameters that the build draws at random
  → COPY a file in, or use a named group (RFC 7919: ffdhe2048), which needs none
certificate
  [key]
  a certificate that the build makes: its serial number, dates and key are new each time
  → make it when the container starts, or COPY one in
password-hash | ^etc/g?shadow-?$
  [] \bpassword\b
  a password that the build sets: its hash has a random salt each time, and everybody gets it
  → set no password; where there must be one, its hash: chpasswd -e, useradd -p
password-hash | (?:^|/)\.?htpasswd$
  passwords that the build hashes, each with a random salt
  → COPY the file in, or mount it as a secret
shadow-date | ^etc/g?shadow-?$
  the day on which a user was made
  → ${EPOCH}
machine-id | ^(?:etc|var/lib/dbus)/machine-id$
  a random id of the machine
  → : > /etc/machine-id; rm -f /var/lib/dbus/machine-id in the same RUN
`),
];
