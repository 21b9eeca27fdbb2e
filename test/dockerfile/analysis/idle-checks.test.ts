import { expect, test } from 'vitest';
import { type Files, isVerified } from './support.ts';

test.each<readonly [string, Files]>([
  ['RUN curl -O https://x/a && [ "$(cksum a)" = "1234 56 a" ]', {}],
  ['RUN curl -O https://x/a && sum a | grep -q "^01234 5"', {}],
  ['RUN curl -O https://x/a; echo "@S  a" | sha256sum -c; true; [ $? -eq 0 ] || exit 1', {}],
  ['RUN curl -O https://x/a; echo "@S  a" | sha256sum -c; [ $? -eq 0 ] && echo good; tar xf a', {}],
  ['RUN curl -O https://x/a; echo "@S  a" | sha256sum -c; if [ $? -ne 0 ]; then echo no; fi', {}],
  ['ADD t.tar.gz /\nRUN curl -O https://x/a && echo "@S  a" | sha256sum -c', { 't.tar.gz': 'x' }],
  [
    'COPY t.tgz /t.tgz\nRUN tar -C / -xzf /t.tgz\nRUN curl -O https://x/a && echo "@S  a" | sha256sum -c',
    { 't.tgz': 'x' },
  ],
  [
    'COPY t.zip /t.zip\nRUN unzip -o /t.zip -d /usr/bin\nRUN curl -O https://x/a && echo "@S  a" | sha256sum -c',
    { 't.zip': 'x' },
  ],
  [
    'COPY t /t\nRUN cd / && cpio -idu < /t\nRUN curl -O https://x/a && echo "@S  a" | sha256sum -c',
    { t: 'x' },
  ],
  [
    'FROM e AS t\nFROM x\nCOPY --from=t /usr/bin /usr/bin\nRUN curl -O https://x/a && echo "@S  a" | sha256sum -c',
    {},
  ],
  ['ARG URL\nADD $URL /a/', {}],
  [
    `RUN set -e; curl -O https://x/a; find . -name b -exec sh -c 'echo "@S  a" | sha256sum -c' \\;`,
    {},
  ],
  [
    `RUN set -e; curl -O https://x/a; echo -n | xargs -r -I{} sh -c 'echo "@S  a" | sha256sum -c'`,
    {},
  ],
  [
    'COPY b /bin/busybox\nRUN curl -O https://x/a && echo "@S  a" | busybox sha256sum -c',
    { b: 'x' },
  ],
  [
    'COPY c /usr/bin/coreutils\nRUN ln -sf coreutils /usr/bin/sha256sum && curl -O https://x/a && echo "@S  a" | sha256sum -c',
    { c: 'x' },
  ],
  ['COPY l /opt/l/libc.so.6\nRUN curl -O https://x/a && echo "@S  a" | sha256sum -c', { l: 'x' }],
  [
    "RUN git clone https://x/y b && cd b && git fetch origin 'refs/replace/*:refs/replace/*' && git checkout @C",
    {},
  ],
  ['RUN npm init -y vite', {}],
])('not verified: %s', (lines, files) => {
  expect(isVerified(lines, files)).toBe(false);
});

test.each<readonly [string, Files]>([
  ['RUN curl -O https://x/a && [ "$(cksum -a sha256 --untagged a)" = "@S  a" ]', {}],
  ['RUN curl -O https://x/a; echo "@S  a" | sha256sum -c; [ $? -eq 0 ] || exit 1', {}],
  ['RUN curl -O https://x/a; echo "@S  a" | sha256sum -c; test "$?" != 0 && exit 1; tar xf a', {}],
  ['RUN curl -O https://x/a; echo "@S  a" | sha256sum -c; if [ $? -ne 0 ]; then exit 1; fi', {}],
  [
    'RUN curl -O https://x/n && echo "@S  n" | sha256sum -c && tar -C /usr/local -xf n && curl -O https://x/a && echo "@S  a" | sha256sum -c',
    {},
  ],
  [
    'COPY t.tgz /t.tgz\nRUN tar -C /opt -xzf /t.tgz\nRUN curl -O https://x/a && echo "@S  a" | sha256sum -c',
    { 't.tgz': 'x' },
  ],
  ['RUN curl -O https://x/a && echo "@S  a" | xargs -0 sh -c \'echo "@S  a" | sha256sum -c\'', {}],
  ['RUN curl -O https://x/a && ln -s /bin/busybox /bin/sh && echo "@S  a" | sha256sum -c', {}],
])('verified: %s', (lines, files) => {
  expect(isVerified(lines, files)).toBe(true);
});
