import { describe, expect, test } from 'vitest';
import { contextOf } from '../dockerfile/context-of.ts';
import { linted } from '../lint/lint-support.ts';

const KEY = `-----BEGIN OPENSSH PRIVATE KEY-----\n${'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ7x\n'.repeat(5)}-----END OPENSSH PRIVATE KEY-----\n`;
const SECRET = '--mount=type=secret,id=t';

/** `LINE SEVERITY` of what a rule finds. */
function found(
  rule: string,
  text: string,
  files: Readonly<Record<string, string>> = {},
): readonly string[] {
  return linted(text, { context: contextOf(files) })
    .findings.filter((one) => one.rule === rule)
    .map(({ range, severity }) => `${range.startLine} ${severity}`);
}

describe('files with elevated privileges', () => {
  test.each([
    ['chmod u+s /usr/bin/x', ['2 error']],
    ['chmod 4755 /usr/bin/x', ['2 error']],
    ['chmod 06755 /usr/bin/x', ['2 error']],
    ['chmod +sx /usr/bin/x', ['2 error']],
    ['install -m 4755 /src/x /usr/bin/x', ['2 error']],
    ['setcap cap_net_raw+ep /usr/bin/x', ['2 error']],
    ['sh -c "chmod ug+s /usr/bin/x"', ['2 error']],
    ['for f in a; do chmod u+s /usr/bin/$f; done', ['2 error']],
    ['find /opt -type f -exec chmod 4755 {} +', ['2 error']],
    ['chmod u+s /usr/bin/x && mv /usr/bin/x /bin/x', ['2 error']],
    ['chmod u+s /usr/bin/x && cp -p /usr/bin/x /bin/x && rm /usr/bin/x', ['2 error']],
    ['chmod 0755 /usr/bin/x', []],
    ['chmod u+s /usr/bin/x && chmod u-s /usr/bin/x', []],
    ['chmod u+s /usr/bin/x && chmod 755 /usr/bin/x', []],
    // The kernel takes the bit from a file that is given to another user.
    ['chmod u+s /usr/bin/x && chown app /usr/bin/x', []],
    ['chmod u+s /usr/bin/x && rm -f /usr/bin/x', []],
    ['chmod u+s /usr/bin/x && rm -rf /usr/bin/*', []],
    ['chmod u+s /usr/bin/x && find / -xdev -perm /6000 -exec chmod a-s {} +', []],
    ['chmod u+s /usr/bin/x && find / -perm -4000 | xargs chmod a-s', []],
    ['setcap cap_net_raw+ep /usr/bin/x && setcap -r /usr/bin/x', []],
    ['mkdir /data && chmod 2775 /data && chmod g+s /data', []],
    ['find /srv -type d -exec chmod g+s {} +', []],
    ['echo chmod u+s /usr/bin/x', []],
    ['chmod g+s /data', ['2 info']],
    ['chmod u+s /usr/bin/x && rm -f $FILES', ['2 info']],
  ])('%s', (command, expected) => {
    expect(found('no-elevated-files', `FROM debian:13\nRUN ${command}\n`)).toEqual(expected);
  });

  test('go with COPY to the image, and not where it leaves them', () => {
    const build = 'FROM debian:13 AS b\nRUN install -Dm4755 x /out/bin/x\nFROM scratch\n';
    const rule = 'no-elevated-files';
    expect(found(rule, `${build}COPY --from=b /out /\n`)).toEqual(['4 error']);
    expect(found(rule, `${build}COPY --from=b /out/bin/x /x\n`)).toEqual(['4 error']);
    expect(found(rule, `${build}COPY --from=b --chmod=755 /out/bin/x /x\n`)).toEqual([]);
    expect(found(rule, `${build}COPY --from=b /etc/os-release /x\n`)).toEqual([]);
    expect(found(rule, 'FROM debian:13\nCOPY --chmod=4755 x /x\n')).toEqual(['2 error']);
    expect(found(rule, 'FROM debian:13 AS b\nRUN chmod u+s /x\nFROM b\nRUN rm /x\n')).toEqual([]);
  });
});

describe('what a secret mount holds', () => {
  test.each([
    ['cp /run/secrets/t /root/.npmrc && npm ci', ['2 error']],
    ['install -m 600 /run/secrets/t /root/.npmrc', ['2 error']],
    ['cat /run/secrets/t > /etc/token', ['2 error']],
    ['cat /run/secrets/t | base64 -d | tee /etc/token > /dev/null', ['2 error']],
    ['echo "token=$(cat /run/secrets/t)" >> /etc/app.conf', ['2 error']],
    ['T=$(cat /run/secrets/t) && echo "$T" > /etc/token', ['2 error']],
    ['sed -i "s/@T@/$(cat /run/secrets/t)/" /etc/app.conf', ['2 error']],
    ['cp -a /run/secrets/. /opt/keys/', ['2 error']],
    ['psql -f /run/secrets/t > /var/log/a.log', []],
    ['cp /run/secrets/t /root/.npmrc && npm ci && rm -f /root/.npmrc', []],
    ['cp /run/secrets/t ~/.npmrc && npm ci && rm -f ~/.npmrc', []],
    ['git clone https://x:$(cat /run/secrets/t)@git.example.org/a.git /s && rm -rf /s/.git', []],
    ['T=$(cat /run/secrets/t) npm ci', []],
    ['curl -H "Authorization: Bearer $(cat /run/secrets/t)" https://a.example/x -o /x', []],
    ['ln -s /run/secrets/t /root/.npmrc && npm ci', []],
    ['cp /run/secrets/t /dev/shm/t', []],
  ])('%s', (command, expected) => {
    const text = `FROM debian:13\nRUN ${SECRET} ${command}\n`;
    expect(found('no-secrets', text)).toEqual(expected);
  });

  test('stays in its layer, whatever a later one deletes', () => {
    const text = `FROM debian:13\nRUN ${SECRET} cp /run/secrets/t /t\nRUN rm /t\n`;
    expect(found('no-secrets', text)).toEqual(['2 error']);
  });

  test('is outside of the image in another stage, a cache or a temporary mount', () => {
    const build = `FROM debian:13 AS b\nRUN ${SECRET} cp /run/secrets/t /app/.npmrc\nFROM debian:13\n`;
    expect(found('no-secrets', `${build}COPY --from=b /app/dist /d\n`)).toEqual([]);
    expect(found('no-secrets', `${build}COPY --from=b /app /app\n`)).toEqual(['4 error']);
    for (const mount of ['type=cache,target=/root', 'type=tmpfs,target=/root'])
      expect(
        found(
          'no-secrets',
          `FROM debian:13\nRUN ${SECRET} --mount=${mount} cp /run/secrets/t /root/.npmrc\n`,
        ),
      ).toEqual([]);
  });
});

describe('secrets in files that a build copies', () => {
  const rule = 'no-secrets';
  const files = { 'deploy/id_ed25519': KEY, 'app.py': 'print(1)\n' };

  test.each([
    ['COPY deploy/id_ed25519 /root/.ssh/', ['2 error']],
    ['COPY . /app', ['2 error']],
    ['COPY deploy /app/\nRUN rm /app/id_ed25519', ['2 error']],
    ['COPY app.py /app/', []],
  ])('%s', (lines, expected) => {
    expect(found(rule, `FROM debian:13\n${lines}\n`, files)).toEqual(expected);
  });

  test('are in the image where the file comes out of another stage, too', () => {
    const build = 'FROM debian:13 AS b\nCOPY . /app\n';
    expect(found(rule, `${build}FROM debian:13\nCOPY --from=b /app /a\n`, files)).toEqual([
      '4 error',
    ]);
    expect(found(rule, `${build}FROM debian:13\nCOPY --from=b /app/app.py /a\n`, files)).toEqual(
      [],
    );
    const gone = `${build}RUN rm -rf /app/deploy\nFROM debian:13\nCOPY --from=b /app /a\n`;
    expect(found(rule, gone, files)).toEqual([]);
  });

  test('are those of here-documents', () => {
    const text = 'FROM debian:13\nCOPY <<EOF /app/.env\nDB_PASSWORD=k3Vq9xTz27bLm\nEOF\n';
    expect(found(rule, text)).toEqual(['2 error']);
  });

  test('are a repository, by its folder', () => {
    const repository = { '.git/HEAD': 'ref: refs/heads/main\n', 'a.py': '1\n' };
    expect(found(rule, 'FROM debian:13\nCOPY . /a\n', repository)).toEqual(['2 error']);
  });
});

describe('the user', () => {
  test.each([
    ['FROM debian:13\nRUN useradd -o -u 0 admin\nUSER admin\n', ['3 error']],
    ['FROM debian:13\nRUN useradd -u 1001 app\nUSER app\n', []],
    ['FROM debian:13\nRUN useradd -ou0 admin\nUSER admin\n', ['3 error']],
    ['FROM debian:13\nRUN useradd -o -u +0 -s /bin/sh admin\nUSER admin\n', ['3 error']],
    ['FROM debian:13\nRUN adduser -D -H -u 0 admin users\nUSER admin\n', ['3 error']],
    ['FROM debian:13\nUSER +0\n', ['2 error']],
    ['FROM debian:13\nUSER -0:5\n', ['2 error']],
    ['FROM debian:13\nUSER -1\n', ['2 error']],
    ['FROM debian:13\nUSER 2147483648\n', ['2 error']],
    ['FROM debian:13\nUSER 0x0\n', []],
    ['FROM scratch\nCOPY a /a\nUSER 0x0\n', ['3 error']],
    ['FROM scratch\nCOPY a /a\nUSER +5\n', []],
    ['FROM scratch\nCOPY a /a\nUSER 99999999999999999999\n', ['3 error']],
    ['FROM debian:13\nRUN echo "app:x:0:0::/:/bin/sh" >> /etc/passwd\nUSER app\n', ['3 error']],
    ['FROM debian:13\nARG U\nRUN echo "app:x:$U:0::/" >> /etc/passwd\nUSER app\n', []],
    ['FROM scratch\nCOPY a /a\nUSER app\n', ['3 error']],
    ['FROM scratch\nCOPY a /a\nUSER 1000\n', []],
    ['FROM scratch\nCOPY a /a\n', ['1 warning']],
    ['FROM debian:13\nCMD ["a"]\n', ['1 warning']],
    ['FROM solr:9\nCMD ["a"]\n', []],
    // Its entrypoint changes the user.
    ['FROM neo4j:5\nCMD ["a"]\n', ['1 info']],
    ['FROM registry.example.org/team/base:1\nCMD ["a"]\n', ['1 info']],
    ['FROM debian:13\nARG U\nUSER $U\n', ['3 info']],
  ])('%j', (text, expected) => {
    expect(found('nonroot-user', text, { a: '' })).toEqual(expected);
  });

  test('is that of an etc/passwd that is copied', () => {
    const text = 'FROM scratch\nCOPY passwd /etc/passwd\nUSER app\n';
    const of = (passwd: string) => found('nonroot-user', text, { passwd });
    expect(of('app:x:0:0::/:/bin/false\n')).toEqual(['3 error']);
    expect(of('app:x:4000:4000::/:/bin/false\n')).toEqual([]);
    expect(of('web:x:4000:4000::/:/bin/false\n')).toEqual(['3 error']);
    // As engines read it: the first line of a name, space around a line, 32 bits of a uid, else 0.
    expect(of('app:x:0:0::/:\napp:x:4000:4000::/:\n')).toEqual(['3 error']);
    expect(of('app:x:4000:4000::/:\napp:x:0:0::/:\n')).toEqual([]);
    expect(of('\tapp:x:0x10:0::/:\r\n')).toEqual(['3 error']);
    expect(of('app:x:4294967296:0::/:\n')).toEqual(['3 error']);
    // Engines start nothing with a uid over 31 bits.
    expect(of('app:x:-1:0::/:\n')).toEqual(['3 error']);
    // What a variable will hold is not known.
    expect(of('app:x:$UID:0::/:\n')).toEqual([]);
  });
});
