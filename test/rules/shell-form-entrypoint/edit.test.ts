import { describe, expect, test } from 'vitest';
import { execForm } from '../../../src/rules/shell-form-entrypoint/edit.ts';
import { fixed } from '../shared/edit/support.ts';

describe('exec-form', () => {
  test.each([
    ['CMD', 'CMD node server.js --port 80', 'CMD ["node", "server.js", "--port", "80"]'],
    ['quotes', `CMD echo 'a "b" $c' "d e"f`, `CMD ["echo", "a \\"b\\" $c", "d ef"]`],
    ['exec', 'ENTRYPOINT exec java -jar /app.jar', 'ENTRYPOINT ["java", "-jar", "/app.jar"]'],
    ['over two lines', 'CMD node \\\n  server.js  ', 'CMD ["node", "server.js"]  '],
    [
      'a health check',
      'HEALTHCHECK --interval=5s cmd curl -f http://localhost/',
      'HEALTHCHECK --interval=5s cmd ["curl", "-f", "http://localhost/"]',
    ],
    [
      'a health check that makes a 1 of every code',
      'HEALTHCHECK CMD curl -f http://localhost/ || exit 1',
      'HEALTHCHECK CMD ["curl", "-f", "http://localhost/"]',
    ],
    [
      'a port that stands before a redirection',
      'HEALTHCHECK CMD curl -f localhost:8082>/dev/null 2>&1 || exit 1',
      'HEALTHCHECK CMD ["curl", "-f", "localhost:8082"]',
    ],
    [
      'a descriptor that does',
      'HEALTHCHECK CMD curl -f localhost 1>/dev/null 2>>/dev/null || false',
      'HEALTHCHECK CMD ["curl", "-f", "localhost"]',
    ],
    ['both', 'ENTRYPOINT ["a"]\nCMD b c', 'ENTRYPOINT ["a"]\nCMD ["b", "c"]'],
  ])('%s', async (_, before, after) => {
    expect(await fixed(execForm, `FROM a\n${before}\n`)).toMatchObject({
      text: `FROM a\n${after}\n`,
      refusals: [],
      again: [],
    });
  });

  test.each([
    ['ok-array', 'CMD ["a"]'],
    ['ok-empty array', 'CMD []'],
    ['ok-none', 'HEALTHCHECK NONE'],
    ['ok-SHELL', 'SHELL ["/bin/bash", "-c"]\nCMD a'],
    ['ok-overridden', 'CMD a\nCMD ["b"]'],
    ['ok-ignored', '# scoville: ignore=shell-form-entrypoint it sets up things\nCMD a'],
  ])('%s', async (_, lines) => {
    const text = `FROM a\n${lines}\n`;
    expect(await fixed(execForm, text)).toMatchObject({ text, ids: [], refusals: [] });
  });

  test.each([
    ['CMD node $FILE', 'the shell puts in FILE, for which no constant of the image can stand'],
    ['CMD "$A"', 'the shell puts in A, for which no constant of the image can stand'],
    ['CMD a $(b)', 'a command or an expression is put in by the shell'],
    ['CMD a ${B:=c}', 'a command or an expression is put in by the shell'],
    ['CMD a && b', 'it is more than one command'],
    ['CMD a; b', 'it is more than one command'],
    ['CMD a | b', 'it is a pipe'],
    ['CMD a & ', 'it starts something in the background'],
    ['CMD a > /log', 'its input or output is redirected'],
    ['CMD a *.js', 'the shell puts in names of files'],
    ['CMD A=1 b', 'it sets a variable, as ENV can'],
    ['CMD cd /app', 'cd is not a program but part of the shell'],
    ["CMD ['a']x b'", 'it looks like a JSON array and is none, as strings need double quotes'],
    ['CMD a \\\n  # why\n  b', 'comments stand between its lines'],
    ['CMD "a', 'a quote is not closed'],
  ])('refused: %s', async (line, reason) => {
    const text = `FROM a\n${line}\n`;
    const found = await fixed(execForm, text);
    expect([found.text, found.refusals]).toEqual([text, [`2: CMD stays in shell form: ${reason}`]]);
  });

  test('refused: ENTRYPOINT beside a CMD', async () => {
    const found = await fixed(execForm, 'FROM a\nENTRYPOINT run me\nCMD ["x"]\n');
    expect(found.refusals).toEqual([
      '2: ENTRYPOINT stays in shell form: in exec form it would get CMD as arguments, which the shell form ignores',
    ]);
  });

  test.each([
    ['a port', 'PORT=3000', 'node s.js --port $PORT', '["node", "s.js", "--port", "3000"]', 'high'],
    ['a path', 'HOME=/app', '$HOME/run "$HOME"', '["/app/run", "/app"]', 'medium'],
    [
      'several words',
      'OPTS="-Xmx64m  -Xss1m"',
      'java $OPTS -jar a.jar',
      '["java", "-Xmx64m", "-Xss1m", "-jar", "a.jar"]',
      'high',
    ],
    ['one word, quoted', 'A="x y"', 'say "$A"', '["say", "x y"]', 'high'],
    ['no word', 'OPTS=""', 'java ${OPTS} -jar a.jar', '["java", "-jar", "a.jar"]', 'high'],
    ['a default that holds', 'A=', 'say ${A:-b}', '["say", "b"]', 'high'],
    ['a default that does not', 'A=c', 'say x${A:-b}y', '["say", "xcy"]', 'high'],
  ])('a constant of ENV: %s', async (_, env, command, array, risk) => {
    const found = await fixed(execForm, `FROM a\nENV ${env}\nCMD ${command}\n`);
    expect(found).toMatchObject({
      text: `FROM a\nENV ${env}\nCMD ${array}\n`,
      applied: [{ risk }],
      again: [],
    });
  });

  test('says which variable no longer counts', async () => {
    const { applied } = await fixed(execForm, 'FROM a\nENV A=1 B=2\nCMD say $A $B\n');
    expect(applied[0]?.riskReason).toBe(
      'A and B have the values of their ENV in it: another one that is given at the start (docker run -e) no longer counts here; the entry point of a, which is not known, gets other words',
    );
  });

  test.each([
    ['an argument', 'ARG V=1\nENV A=$V', 'A'],
    ['a secret', 'ENV DB_PASSWORD=hunter2', 'DB_PASSWORD'],
    ['the shell’s own', 'ENV PWD=/app', 'PWD'],
    ['what bash sets whatever it is given', 'ENV UID=1000', 'UID'],
    ['a default that is for who starts it', 'ENV B=1', 'PORT:-80'],
  ])('no constant: %s', async (_, lines, name) => {
    const text = `FROM a\n${lines}\nCMD say \${${name}}\n`;
    const found = await fixed(execForm, text);
    expect(found).toMatchObject({
      text,
      refusals: [
        `${text.split('\n').length - 1}: CMD stays in shell form: the shell puts in ${name.replace(/:.*/, '')}, for which no constant of the image can stand`,
      ],
    });
  });

  test('a ~ in a default is the home folder, in quotes it is itself', async () => {
    const found = await fixed(execForm, 'FROM a\nENV A=\nCMD say ${A:-~/x}\n');
    expect(found.refusals).toEqual([
      '3: CMD stays in shell form: a command or an expression is put in by the shell',
    ]);
  });

  test('names of files in a value need a shell', async () => {
    const found = await fixed(execForm, 'FROM a\nENV A=*.js\nCMD say $A\n');
    expect(found.refusals).toEqual([
      '3: CMD stays in shell form: the shell puts in names of files for A',
    ]);
  });
});
