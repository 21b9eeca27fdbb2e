import { describe, expect, test } from 'vitest';
import { contextOf } from '../dockerfile/context-of.ts';
import { cellText, tableRows } from '../fakes/table.ts';
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

/** The rows of lint-left.tsv that a test reads. */
function rows(test: string): readonly [text: string, expected: string[]][] {
  return tableRows('test/programs/lint-left.tsv').flatMap(
    ([reader, text = '', expected = '']): [string, string[]][] =>
      reader === test ? [[cellText(text), expected === 'none' ? [] : [expected]]] : [],
  );
}

describe('files with elevated privileges', () => {
  test.each(rows('elevated'))('%s', (command, expected) => {
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
  test.each(rows('mounted'))('%s', (command, expected) => {
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

  test.each(rows('copied'))('%s', (lines, expected) => {
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
  test.each(rows('user'))('%j', (text, expected) => {
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
