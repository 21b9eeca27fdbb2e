import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandSecrets } from '../../src/facts/secrets/document-secrets.ts';

const values = (text: string): readonly string[] => commandSecrets(text).map(({ value }) => value);

test.each([
  ['echo root:toor | chpasswd', ['toor']],
  ["echo 'root:1' | /usr/sbin/chpasswd", ['1']],
  ['echo "root:changeme" |chpasswd', ['changeme']],
  ['printf "%s:%s" app hunter2 | chpasswd', ['hunter2']],
  ['/bin/sh -c echo -e "app:hunter2\\nroot:toor" | sudo chpasswd # buildkit', ['hunter2', 'toor']],
  ['echo "${USR}:hunter2" | chpasswd', ['hunter2']],
  [
    '{ echo "x x/root-pass password pw1"; echo "x x/re-root-pass password pw1"; } | debconf-set-selections',
    ['pw1'],
  ],
  ['useradd -p $(mkpasswd hunter2) app', ['hunter2']],
  ['echo "rpcuser=a\\nrpcpassword=hunter2" > app.conf', ['hunter2']],
  ['chpasswd <<< "root:toor"', ['toor']],
  ['chpasswd <<EOF\nroot:toor\nEOF\necho done', ['toor']],
  ['<<EOF\nset -e\necho root:toor | chpasswd\nEOF', ['toor']],
  ['useradd -m -p docker docker', ['docker']],
  ["useradd -p '$6$ab$cdefghij' app", ['$6$ab$cdefghij']],
  ['useradd -p $(echo hunter2 | openssl passwd -1 -stdin) app', ['hunter2']],
  ['useradd -p $(openssl passwd -1 hunter2) app', ['hunter2']],
  ['echo hunter2 | passwd --stdin app', ['hunter2']],
  ['echo -e "hunter2\\nhunter2" | passwd app', ['hunter2']],
  ['echo "hunter2" | (passwd --stdin app)', ['hunter2']],
  ['(echo hunter2; echo hunter2) | vncpasswd /root/.vnc/passwd', ['hunter2']],
  ['bash -c "echo root:toor | chpasswd"', ['toor']],
  ['mysqladmin -u root password root', ['root']],
  ['mysql -uroot -proot -e "select 1"', ['root']],
  ['htpasswd -bc /etc/nginx/.htpasswd admin admin', ['admin']],
  ['sshpass -p hunter2 ssh host', ['hunter2']],
  ['curl -fu me:password https://host', []],
  ['curl -u me:password https://host', ['password']],
  ['docker login -u me -p password registry', ['password']],
  ['rabbitmqctl add_user app hunter2', ['hunter2']],
  ['x11vnc -storepasswd 1234 /root/.vnc/passwd', ['1234']],
  ['["ss-server", "-p", "8388", "-k", "password"]', ['password']],
  ['echo "x x/root_password password root" | debconf-set-selections', ['root']],
  ['artemis create b --user admin --password simetra', ['simetra']],
  ['install --admin_password=pass --mode x', ['pass']],
  ['["app", "--pass=hunter2"]', ['hunter2']],
  ['psql -c "CREATE USER docker WITH SUPERUSER PASSWORD \'docker\';"', ['docker']],
  ["mysql -e \"GRANT ALL ON *.* TO 'a'@'%' IDENTIFIED BY 'pass'\"", ['pass']],
  ['mysql -e "UPDATE user SET password=PASSWORD(\'hunter2\')"', ['hunter2']],
  ['SLAPD_PASSWORD=sekreet apt-get install slapd', ['sekreet']],
])('%s', (text, expected) => {
  expect(values(text)).toEqual(expected);
});

test.each([
  'echo "$USER:$PASS" | chpasswd',
  'echo "root:${PASS:-x}" | chpasswd',
  'echo "root:$(pwgen 20)" | chpasswd',
  "echo 'root:<REPLACE THIS>' | chpasswd",
  'echo "app:" | chpasswd',
  'cat /run/secrets/p | chpasswd',
  "useradd -p '*' app",
  'useradd -pNP app',
  'useradd -r -p -M app',
  "useradd -p '**LOCKED**' app",
  'mkpasswd -s -m sha-256',
  'usermod -p "" root',
  'adduser --disabled-password app',
  './configure --enable-passwd=mod --with-smbpasswd-file=/etc/smbpasswd',
  'echo "x x/root_password password unused" | debconf-set-selections',
  'echo "x x/license select true" | debconf-set-selections',
  'apt-get install -y sshpass openssh-client',
  'keytool -storepass changeit -importcert',
  'svn co --username anonymous --password anonymous http://host',
  'app --token $TOKEN --password-file /run/secrets/p',
  'mysql -e "CREATE USER a IDENTIFIED BY \'$PW\'"',
  'SECRET_KEY=build python manage.py collectstatic',
  'SECRET_KEY_BASE=precompile_placeholder rails assets:precompile',
  'DJANGO_SECRET_KEY=setup python manage.py check',
])('nothing in %s', (text) => {
  expect(values(text)).toEqual([]);
});

test('any text is read, whatever quotes and brackets it opens', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom('"', "'", '`', '$(', ')', '\\', '\n', '<<E', '|', '&', '#', 'a=b', ' '),
      ),
      (parts) => {
        expect(Array.isArray(commandSecrets(parts.join('')))).toBe(true);
      },
    ),
  );
});

test('a long text takes time in line with its length', () => {
  for (const part of ['$(', '"', 'a ', '<<E\n', "('", '`', 'echo a|', 'set '])
    expect(commandSecrets(`chpasswd ${part.repeat(20_000)}`)).toEqual([]);
}, 30_000);

test.each(['|| true', '&& echo ok', '; echo ok', '| cat', '> /dev/null 2>&1 || true'])(
  'a here-document before %s is the input of its command',
  (rest) => {
    const text = `chpasswd <<EOF ${rest}\nroot:Zq7hereP9k\nEOF\necho done`;
    expect(commandSecrets(text)).toEqual([{ rule: 'login-in-command', value: 'Zq7hereP9k' }]);
  },
);

test('a here-document that another command hands on', () => {
  expect(commandSecrets('cat <<EOF | chpasswd\nroot:Zq7hereP9k\nEOF\n')).toEqual([
    { rule: 'login-in-command', value: 'Zq7hereP9k' },
  ]);
});

test('pipe after pipe behind a long line, and as many options and places as there are values', () => {
  const words = 'a '.repeat(100_000);
  for (const text of [
    `echo ${words}${'| '.repeat(100_000)}chpasswd`,
    `echo ${'-n '.repeat(100_000)}| chpasswd`,
    `printf ${'%s'.repeat(100_000)} ${words}| chpasswd`,
  ])
    expect(commandSecrets(text)).toEqual([]);
  expect(commandSecrets("printf '%s:%s' root hunter22 | | chpasswd")).toEqual([
    { rule: 'login-in-command', value: 'hunter22' },
  ]);
}, 30_000);
