import { describe, expect, test } from 'vitest';
import { analysisOf, downloads } from './support.ts';

const SUM = 'a'.repeat(64);
const COMMIT = 'b'.repeat(40);
const URL = 'https://example.com/f.tgz';

describe('what verifies a download', () => {
  test.each([
    [
      'sha256sum -c from echo',
      `RUN curl -fsSLO ${URL} && echo "${SUM}  f.tgz" | sha256sum -c -`,
      ['curl: sha256sum -c'],
    ],
    [
      'with an unknown sum',
      `ARG SUM\nRUN curl -fsSLo /tmp/f ${URL} && echo "$SUM */tmp/f" | sha256sum -c`,
      ['curl: sha256sum -c'],
    ],
    [
      'printf',
      `RUN wget -qO f ${URL} && printf '%s  %s\\n' ${SUM} f | sha512sum --check --strict`,
      ['wget: sha512sum -c'],
    ],
    ['here-string', `RUN wget ${URL} && sha256sum -c <<< "${SUM} f.tgz"`, ['wget: sha256sum -c']],
    [
      'here-document',
      `RUN wget ${URL} && sha256sum -c <<EOF\n${SUM} f.tgz\nEOF`,
      ['wget: sha256sum -c'],
    ],
    [
      'a file of sums',
      `RUN curl -o f ${URL} && echo "${SUM} f" > sums && sha256sum -c sums`,
      ['curl: sha256sum -c'],
    ],
    [
      'a file of sums from the context',
      `COPY checksums.txt /\nRUN curl -O ${URL} && sha256sum -c /checksums.txt`,
      ['curl: sha256sum -c'],
    ],
    [
      'a list of a release from the same origin, as .NET has it',
      'RUN curl -O https://e.org/r/sdk.tar.gz -O https://e.org/sums/8.0.30-sha.txt && sha512sum -c 8.0.30-sha.txt --ignore-missing',
      [
        'curl: sha512sum -c (the checksum comes from the same origin as the file)',
        'curl: used only to verify (sha512sum -c)',
      ],
    ],
    [
      'shasum',
      `RUN curl -O ${URL} && echo "${SUM}  f.tgz" | shasum -a 256 -c`,
      ['curl: shasum -c'],
    ],
    [
      'a later RUN',
      `RUN curl -o /f ${URL}\nRUN echo "${SUM}  /f" | sha256sum -c`,
      ['curl: sha256sum -c'],
    ],
    [
      'a working directory',
      `WORKDIR /w\nRUN curl -O ${URL} && cd / && echo "${SUM} w/f.tgz" | sha256sum -c`,
      ['curl: sha256sum -c'],
    ],
    [
      'test with =',
      `RUN curl -o f ${URL} && test "$(sha256sum f | cut -d' ' -f1)" = ${SUM}`,
      ['curl: sha256sum compared'],
    ],
    [
      '[ through a variable',
      `RUN curl -o f ${URL} && got=$(sha256sum f) && [ "$got" = "${SUM}  f" ]`,
      ['curl: sha256sum compared'],
    ],
    [
      'if != then exit',
      `RUN curl -o f ${URL}; if [ "$(sha256sum f)" != "${SUM}  f" ]; then exit 1; fi`,
      ['curl: sha256sum compared'],
    ],
    [
      '!= && exit',
      `SHELL ["/bin/bash", "-c"]\nRUN set -e; curl -o f ${URL}; [[ "$(sha256sum f)" != "${SUM}  f" ]] && exit 1; true`,
      ['curl: sha256sum compared'],
    ],
    ['grep', `RUN curl -o f ${URL} && sha256sum f | grep -q ${SUM}`, ['curl: sha256sum | grep']],
    [
      'openssl, fed by cat',
      `RUN curl -o f ${URL} && if [ "$(cat f | openssl sha512 -r)" = "${SUM} *stdin" ]; then echo ok; else exit 1; fi`,
      ['curl: openssl compared'],
    ],
    [
      'openssl',
      `RUN curl -o f ${URL} && openssl dgst -sha256 f | grep ${SUM}`,
      ['curl: openssl | grep'],
    ],
    [
      'cosign',
      `RUN curl -o f ${URL} && cosign verify-blob --key k.pub --signature f.sig f`,
      ['curl: cosign verify-blob'],
    ],
    ['minisign', `RUN curl -o f ${URL} && minisign -Vm f -P key`, ['curl: minisign -V']],
    [
      'if ! check then exit',
      `RUN curl -o f ${URL}; if ! echo "${SUM} f" | sha256sum -c; then exit 1; fi`,
      ['curl: sha256sum -c'],
    ],
    [
      'check || exit',
      `RUN curl -o f ${URL}; echo "${SUM} f" | sha256sum -c || { echo bad; exit 1; }`,
      ['curl: sha256sum -c'],
    ],
    [
      '|| false at the end, and with set -e',
      `RUN curl -o f ${URL} && (echo "${SUM} f" | sha256sum -c || exit 1) && set -e; echo "${SUM} f" | sha256sum -c || false; tar xf f`,
      ['curl: sha256sum -c'],
    ],
    [
      'a function that returns, behind &&',
      `RUN check() { echo "${SUM} f" | sha256sum -c || return 1; }; curl -o f ${URL} && check && tar xf f`,
      ['curl: sha256sum -c'],
    ],
    [
      'a loop with set -e',
      `RUN set -e; curl -o f ${URL}; for x in f g; do echo "${SUM} $x" | sha256sum -c || false; done; tar xf f`,
      ['curl: sha256sum -c'],
    ],
    [
      'set -e',
      `RUN set -eux; curl -o f ${URL}; echo "${SUM} f" | sha256sum -c; tar xf f`,
      ['curl: sha256sum -c'],
    ],
    [
      'SHELL with -e',
      `SHELL ["/bin/bash", "-eo", "pipefail", "-c"]\nRUN curl -o f ${URL}; echo "${SUM} f" | sha256sum -c; tar xf f`,
      ['curl: sha256sum -c'],
    ],
    [
      'a function',
      `RUN get() { curl -fo "$1" "$2" && echo "$3  $1" | sha256sum -c; }; get f ${URL} ${SUM}`,
      ['curl: sha256sum -c'],
    ],
    ['ADD --checksum', `ADD --checksum=sha256:${SUM} ${URL} /f`, ['add: ADD --checksum']],
    [
      'ADD, then a check',
      `ADD ${URL} /f.tgz\nRUN echo "${SUM} /f.tgz" | sha256sum -c`,
      ['add: sha256sum -c'],
    ],
    ['ADD of a commit', `ADD https://example.com/r.git#${COMMIT} /r`, ['add: commit']],
    [
      'git checkout of a commit',
      `RUN git clone https://example.com/r.git && cd r && git checkout ${COMMIT}`,
      ['git: commit'],
    ],
    [
      'git fetch of a commit',
      `RUN git init && git remote add origin https://x.com/r && git fetch --depth 1 origin ${COMMIT} && git checkout FETCH_HEAD`,
      ['git: commit'],
    ],
    [
      'git fetch of a commit by a refspec',
      `RUN git init /go && git -C /go fetch --depth 1 https://example.com/go.git "${COMMIT}:" && git -C /go checkout FETCH_HEAD`,
      ['git: commit'],
    ],
    [
      'git verify-tag',
      'RUN git clone -b v1 https://example.com/r && git -C r verify-tag v1',
      ['git: git signature'],
    ],
    [
      'pip from a commit',
      `RUN pip install git+https://example.com/r.git@${COMMIT}`,
      ['pip-url: commit'],
    ],
    [
      'pip with a hash',
      `RUN pip install "https://example.com/a.whl#sha256=${SUM}"`,
      ['pip-url: hash in the address'],
    ],
    ['npm from a commit', `RUN npm i github:a/b#${COMMIT}`, ['npm-url: commit']],
    [
      'cargo from a commit',
      `RUN cargo install --git https://example.com/r --rev ${COMMIT} a`,
      ['git: commit'],
    ],
  ])('%s', (_name, run, expected) => {
    expect(downloads(run)).toEqual(expected);
  });

  test('a list of sums that is signed is worth more than one that is not', () => {
    const node = (verify: string): string =>
      `RUN curl -fsSLO "https://nodejs.org/dist/v$V/node-v$V.tar.xz" \\
  && curl -fsSLO https://nodejs.org/dist/v$V/SHASUMS256.txt.asc \\
  && ${verify} \\
  && grep " node-v$V.tar.xz\\$" SHASUMS256.txt | sha256sum -c -`;
    expect(
      downloads(node('gpg --batch --decrypt --output SHASUMS256.txt SHASUMS256.txt.asc')),
    ).toEqual(['curl: sha256sum -c', 'curl: used only to verify (gpg --decrypt)']);
    expect(downloads(`RUN curl -O ${URL} -O ${URL}.sha256 && sha256sum -c f.tgz.sha256`)).toEqual([
      'curl: sha256sum -c (the checksum comes from the same origin as the file)',
      'curl: used only to verify (sha256sum -c)',
    ]);
    expect(
      downloads(`RUN curl -O ${URL} && echo "$(curl -s ${URL}.sha256)  f.tgz" | sha256sum -c`)[0],
    ).toBe('curl: sha256sum -c (the checksum comes from the same origin as the file)');
  });

  test('forgeable hashes are weak', () => {
    expect(downloads(`RUN curl -o f ${URL} && echo "aa  f" | md5sum -c`)).toEqual([
      'curl: md5sum -c (MD5 can be forged)',
    ]);
    expect(downloads(`RUN curl -o f ${URL} && echo "aa  f" | shasum -c`)).toEqual([
      'curl: shasum -c (SHA-1 can be forged)',
    ]);
  });
});

test('a commit is that of its own repository', () => {
  expect(
    downloads(
      `RUN git clone https://x.com/a /a && git clone https://x.com/b /b && cd /a && git checkout ${COMMIT}`,
    ),
  ).toEqual(['git: commit', 'git: nothing']);
  expect(
    downloads(
      `RUN git clone https://x.com/a && git clone https://x.com/b && git -C b checkout ${COMMIT}`,
    ),
  ).toEqual(['git: nothing', 'git: commit']);
  expect(
    downloads(`RUN git clone https://x.com/a "$D" && cd "$D" && git checkout ${COMMIT}`),
  ).toEqual(['git: commit']);
});

describe('what does not', () => {
  test.each([
    ['nothing', `RUN curl -fsSL ${URL} | tar xz`, ['curl: nothing']],
    [
      'a sum of another file',
      `RUN curl -o f ${URL} && echo "${SUM} g" | sha256sum -c`,
      ['curl: nothing'],
    ],
    [
      'a sum of the same name elsewhere',
      `RUN curl -o /a/f ${URL} && echo "${SUM} /b/f" | sha256sum -c`,
      ['curl: nothing'],
    ],
    [
      'one sum for two files',
      `RUN curl -o f ${URL} && curl -o g ${URL}2 && echo "${SUM} f" | sha256sum -c`,
      ['curl: sha256sum -c', 'curl: nothing'],
    ],
    ['a sum that is only printed', `RUN curl -o f ${URL} && sha256sum f`, ['curl: nothing']],
    [
      'gpg --dearmor',
      'RUN curl -fsSL https://example.com/key | gpg --dearmor -o /etc/apt/keyrings/k.gpg',
      ['curl: nothing'],
    ],
    ['a comment', `RUN curl -o f ${URL} # sha256sum -c`, ['curl: nothing']],
    ['a branch as a pin', 'RUN git clone -b v1.2.3 https://example.com/r', ['git: nothing']],
    [
      'a tag checked out',
      'RUN git clone https://example.com/r && git -C r checkout v1',
      ['git: nothing'],
    ],
    ['ADD alone', `ADD ${URL} /`, ['add: nothing']],
    ['pip from a tag', 'RUN pip install git+https://example.com/r.git@v1', ['pip-url: nothing']],
    ['an rpm by address', 'RUN dnf install -y https://example.com/a.rpm', ['package-url: nothing']],
    [
      '|| true',
      `RUN curl -o f ${URL} && echo "${SUM} f" | sha256sum -c || true`,
      ['curl: not by sha256sum -c, what follows || lets the build go on'],
    ],
    [
      '; without set -e',
      `RUN curl -o f ${URL}; echo "${SUM} f" | sha256sum -c; tar xf f`,
      ['curl: not by sha256sum -c, what follows ; runs all the same (no set -e)'],
    ],
    [
      'a here-document without set -e',
      `RUN <<EOF\ncurl -o f ${URL}\necho "${SUM} f" | sha256sum -c\ntar xf f\nEOF`,
      ['curl: not by sha256sum -c, what follows ; runs all the same (no set -e)'],
    ],
    [
      '&& inside set -e',
      `RUN set -e; curl -o f ${URL}; echo "${SUM} f" | sha256sum -c && echo good; tar xf f`,
      [
        'curl: not by sha256sum -c, set -e does not stop at a failure before &&, and a later ; lets the build go on',
      ],
    ],
    [
      'a pipe behind it',
      `RUN curl -o f ${URL} && echo "${SUM} f" | sha256sum -c | tee log`,
      ['curl: not by sha256sum -c, a pipe swallows its failure (no pipefail)'],
    ],
    [
      'in the background',
      `RUN curl -o f ${URL}; echo "${SUM} f" | sha256sum -c & wait`,
      ['curl: not by sha256sum -c, it runs in the background, so its failure is not seen'],
    ],
    [
      '|| false, and no set -e',
      `RUN curl -o f ${URL}; echo "${SUM} f" | sha256sum -c || false; tar xf f`,
      ['curl: not by sha256sum -c, what follows ; runs all the same (no set -e)'],
    ],
    [
      'else false, and no set -e',
      `RUN curl -o f ${URL}; if [ "$(sha256sum f)" = "${SUM}  f" ]; then tar xf f; else false; fi; true`,
      ['curl: not by sha256sum compared, what follows ; runs all the same (no set -e)'],
    ],
    [
      '!= && false, and no set -e',
      `RUN curl -o f ${URL}; [ "$(sha256sum f)" != "${SUM}  f" ] && false; tar xf f`,
      ['curl: not by sha256sum compared, a difference does not end the build'],
    ],
    [
      'exit of a subshell',
      `RUN curl -o f ${URL}; (echo "${SUM} f" | sha256sum -c || exit 1); tar xf f`,
      ['curl: not by sha256sum -c, what follows ; runs all the same (no set -e)'],
    ],
    [
      'exit of sh -c',
      `RUN curl -o f ${URL}; sh -c 'echo "${SUM} f" | sha256sum -c || exit 1'; tar xf f`,
      ['curl: not by sha256sum -c, what follows ; runs all the same (no set -e)'],
    ],
    [
      'return of a function',
      `RUN check() { echo "${SUM} f" | sha256sum -c || return 1; }; curl -o f ${URL}; check; tar xf f`,
      ['curl: not by sha256sum -c, what follows ; runs all the same (no set -e)'],
    ],
    [
      'the rounds of a loop before the last',
      `RUN curl -o f ${URL} && for x in f g; do echo "${SUM} $x" | sha256sum -c; done && tar xf f`,
      ['curl: not by sha256sum -c, what follows ; runs all the same (no set -e)'],
    ],
    [
      'set +e',
      `RUN set -e; curl -o f ${URL}; set +e; echo "${SUM} f" | sha256sum -c; true`,
      ['curl: not by sha256sum -c, what follows ; runs all the same (no set -e)'],
    ],
    [
      'used first',
      `RUN curl -o f ${URL} && tar xf f && echo "${SUM} f" | sha256sum -c`,
      ['curl: not by sha256sum -c, the file is used before'],
    ],
    [
      '!= without an end',
      `RUN curl -o f ${URL} && if [ "$(sha256sum f)" != x ]; then echo bad; fi`,
      ['curl: not by sha256sum compared, a difference does not end the build'],
    ],
    [
      'checked before it is fetched',
      `RUN echo "${SUM} f" | sha256sum -c && curl -o f ${URL}`,
      ['curl: nothing'],
    ],
    [
      'another stage that nobody joins',
      `FROM x AS a\nRUN curl -o /f ${URL}\nFROM x AS b\nRUN echo "${SUM} /f" | sha256sum -c\nFROM x\nCOPY --from=a / /\nCOPY --from=b / /`,
      ['curl: nothing'],
    ],
  ])('%s', (_name, run, expected) => {
    expect(downloads(run)).toEqual(expected);
  });
});

describe('straight into an interpreter', () => {
  test.each([
    'RUN curl -fsSL https://example.com | sh',
    'RUN curl -fsSL https://example.com | sudo -E bash -s -- -y',
    'RUN wget -qO- https://example.com | python3 -',
    'RUN wget -O - https://example.com | sed s/a/b/ | bash',
    'RUN bash <(curl -s https://example.com)',
    'RUN sh -c "$(curl -fsSL https://example.com)"',
    'RUN eval "$(curl -fsSL https://example.com)"',
    'RUN script=$(curl -fsSL https://example.com) && bash -c "$script"',
    'RUN ["bash", "-c", "curl -s https://example.com | bash"]',
    `RUN curl -fsSL https://example.com | sh && echo "${SUM} x" | sha256sum -c`,
  ])('%s', (run) => {
    expect(downloads(run)).toEqual([expect.stringMatching(/^(?:curl|wget): shell$/)]);
  });

  test('a script of our own that reads a download is not', () => {
    expect(downloads('RUN curl -s https://example.com | python3 parse.py')).toEqual([
      'curl: nothing',
    ]);
  });
});

describe('what is no download', () => {
  test.each([
    ['installing curl', 'RUN apt-get install -y curl wget git'],
    ['a health check', 'HEALTHCHECK CMD curl -f http://example.com/ || exit 1'],
    ['the loopback', 'RUN curl -f http://localhost:8080/ && wget -O- http://127.0.0.1/'],
    ['headers alone', 'RUN curl -I https://example.com && wget --spider https://example.com'],
    ['thrown away', 'RUN curl -o /dev/null https://example.com'],
    ['a version', 'RUN curl --version && git --version && wget -V'],
    ['text', 'RUN echo curl https://example.com'],
    ['a local ADD', 'ADD app.tar.gz /'],
    ['Python’s own index', 'RUN pip install -i https://pypi.org/simple x==1'],
    ['a stage nobody needs', 'FROM x\nRUN curl -O https://example.com/a\nFROM scratch'],
  ])('%s', (_name, run) => {
    expect(downloads(run)).toEqual([]);
  });
});

test('tells address, target, stage and place', () => {
  const [download] = analysisOf(
    `FROM x AS a\nWORKDIR /w\nARG V=1\nRUN true \\\n && curl -fsSLo f-$V ${URL}`,
  ).downloads;
  expect(download).toEqual({
    kind: 'curl',
    url: URL,
    target: '/w/f-1',
    pipedToShell: false,
    stage: 0,
    range: { startLine: 5, startColumn: 5, endLine: 5, endColumn: 22 + URL.length },
    command: `curl -fsSLo f-$V ${URL}`,
  });
});

test('an address that is not constant is not told', () => {
  const [download] = analysisOf('FROM x\nRUN curl -O https://example.com/$V/f').downloads;
  expect(download?.url).toBeUndefined();
});

describe('the folder that a fetcher writes to', () => {
  const SUM = 'a'.repeat(64);
  test.each([
    // curl puts the folder before an absolute path, too.
    ['curl --output-dir /d -o /f https://x.org/f', '/d/f'],
    ['curl --output-dir /d -O https://x.org/f', '/d/f'],
    ['wget -P /d https://x.org/f', '/d/f'],
    ['wget -P /d -O /f https://x.org/f', '/f'],
    ['aria2c -d /d -o f https://x.org/g', '/d/f'],
  ])('%s: %s', (fetch, file) => {
    const check = `echo "${SUM}  ${file}" | sha256sum -c -`;
    expect(downloads(`RUN ${fetch} && ${check}`)).toEqual([expect.stringContaining('sha256sum')]);
    expect(downloads(`RUN ${fetch} && ${check.replace(file, '/other')}`)).toEqual([
      expect.stringContaining('nothing'),
    ]);
  });
});
