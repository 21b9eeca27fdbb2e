import { expect, test } from 'vitest';
import { maskDockerfile } from '../../src/fix/mask-dockerfile.ts';
import { linted } from '../lint/lint-support.ts';

test.each([
  ['ENV DB_PASSWORD=hunter2hunter2 PORT=80', 'ENV DB_PASSWORD=[masked] PORT=80'],
  ['ENV DB_PASSWORD="a b\\"c" PORT=80', 'ENV DB_PASSWORD=[masked] PORT=80'],
  ["ARG NPM_TOKEN='x y'", 'ARG NPM_TOKEN=[masked]'],
  ['env Api_Key some words', 'env Api_Key [masked]'],
  ['ENV A=b \\\n    POSTGRES_PASSWORD=example', 'ENV A=b \\\n    POSTGRES_PASSWORD=[masked]'],
  ['RUN ./install --password=hunter2', 'RUN ./install --password=[masked]'],
  ['RUN X_TOKEN=abcd1234 make && echo abcd1234', 'RUN X_TOKEN=[masked] make && echo [masked]'],
  [
    'RUN curl -u joe:correct-horse-9 https://example.com',
    'RUN curl -u joe:[masked] https://example.com',
  ],
  ['RUN git clone https://joe:pw@example.com/a', 'RUN git clone https://[masked]@example.com/a'],
  [`RUN echo ghp_${'a1B2'.repeat(9)} > t`, 'RUN echo [masked] > t'],
  ['ENV DB_PASSWORD="unclosed\nRUN x', 'ENV DB_PASSWORD=[masked]'],
  ['CMD ["a", "--password", "Zq5cmdPw9k"]', 'CMD ["a", "--password", "[masked]"]'],
  ['CMD [ "a",\\\n "--password", "Zq5cmdPw9k" ]', 'CMD [ "a",\\\n "--password", "[masked]" ]'],
  [`RUN echo Zq"5sp"litPw9k | passwd --stdin a`, 'RUN echo [masked] | passwd --stdin a'],
  [`RUN echo 'a:Zq5\\''bPw9k' | chpasswd`, `RUN echo 'a:[masked]' | chpasswd`],
  ['RUN echo a:Zq5\\\nPw9kx | chpasswd', 'RUN echo a:[masked]\n | chpasswd'],
])('%j is shown as %j', (text, shown) => {
  expect(maskDockerfile(text)).toBe(shown);
});

test('of a text with more secrets than anybody has, nothing is shown, and its lines stay', () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `RUN app --admin-password Zq${i}optPw9k`);
  expect(maskDockerfile(lines.join('\n'))).toBe(lines.map(() => '[masked]').join('\n'));
});

test('quotes in a value do not make it slow', () => {
  for (const value of ["\\'".repeat(90), '"\\""'.repeat(40), "a\\'".repeat(60)])
    expect(maskDockerfile(`RUN app --password ${value}x\nRUN ${value.repeat(50)}`)).toMatch(/^RUN/);
});

test.each([
  'ARG NPM_TOKEN',
  'ENV POSTGRES_PASSWORD_FILE=/run/secrets/db',
  'RUN --mount=type=secret,id=NPM_TOKEN,required=true NPM_TOKEN="$(cat /run/secrets/NPM_TOKEN)" npm ci',
  'ENV TOKEN=$OTHER SECRET=""',
  'ENV NODE_ENV production',
  'LABEL org.opencontainers.image.authors="a"',
])('ok: %j stays', (text) => {
  expect(maskDockerfile(text)).toBe(text);
});

test('lint shows no secret in the lines around a finding, and keeps their number', () => {
  const key =
    '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----';
  for (const text of [
    'FROM scratch\nENV DB_PASSWORD=tr0ub4dor-and-3-xk\nCMD a\n',
    `FROM scratch\nRUN <<EOF cat > /k\n${key}\nEOF\nENV DB_PASSWORD=tr0ub4dor-and-3-xk\n`,
  ]) {
    const { lines } = linted(text);
    expect(lines).toHaveLength(text.split('\n').length);
    expect(lines.join('\n')).not.toContain('tr0ub4dor');
  }
});
