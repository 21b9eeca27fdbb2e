import { hardenedBut, type Labelled, PIN } from '../starting-points.ts';

const SUM = 'b'.repeat(64);
const BAD = { 'verified-downloads': 'fail' } as const;
/** What a script installs that nobody has read is not known either. */
const UNREAD = { ...BAD, 'pinned-packages': 'unknown' } as const;
const NONE = { 'verified-downloads': 'not-applicable' } as const;

/** A build stage that does this before the hardened final stage. */
function built(
  name: string,
  lines: string,
  differs = {},
  files: Readonly<Record<string, string>> = {},
): Labelled {
  const text = `FROM golang:1.24@${PIN} AS build\n${lines}\nFROM gcr.io/distroless/base-debian12@${PIN}\nCOPY --from=build /server /app/server\n`;
  return hardenedBut(
    name,
    { dockerfile: { text, files } },
    { 'pinned-packages': 'not-applicable', ...differs },
  );
}

/** Downloads of a build: how each is verified, seems to be, or is none. */
export const DOWNLOADS_LABELLED: readonly Labelled[] = [
  built('nothing is downloaded', 'COPY . .', NONE),
  built('curl with nothing behind it', 'RUN curl -fsSLO https://example.com/t.tgz', BAD),
  built('curl into a shell', 'RUN curl -fsSL https://example.com/install.sh | sh', UNREAD),
  built(
    'curl into a shell, by substitution',
    'RUN bash -c "$(curl -fsSL https://example.com/install.sh)"',
    UNREAD,
  ),
  built(
    'curl into a shell, after a checksum of another file',
    `RUN curl -fsSLO https://example.com/a && echo "${SUM}  a" | sha256sum -c - && curl -fsSL https://example.com/i | bash`,
    UNREAD,
  ),
  built(
    'two downloads, one verified',
    `RUN curl -fsSLO https://example.com/a && echo "${SUM}  a" | sha256sum -c -\nRUN curl -fsSLO https://example.com/b`,
    BAD,
  ),
  built(
    'sha256sum -c in the same RUN',
    `RUN curl -fsSLO https://example.com/a && echo "${SUM}  a" | sha256sum -c -`,
  ),
  built(
    'sha256sum -c in the next RUN',
    `WORKDIR /tmp\nRUN curl -fsSLo a https://example.com/a\nRUN echo "${SUM}  a" | sha256sum --check --strict -`,
  ),
  built(
    'the sum in an ARG, the name in a variable',
    `ARG SUM=${SUM}\nRUN set -eux; file=tool.tgz; wget -O "$file" "https://example.com/$file"; echo "$SUM *$file" | sha256sum -c -`,
  ),
  built(
    'test compares the sum',
    `RUN curl -fsSLO https://example.com/a && test "$(sha256sum a | cut -d' ' -f1)" = ${SUM}`,
    { 'verified-downloads': 'unknown' },
  ),
  built(
    'a here-document verifies',
    `RUN <<EOT\nset -e\ncurl -fsSLO https://example.com/a\necho "${SUM}  a" | sha256sum -c -\nEOT`,
  ),
  built(
    'a here-document without set -e goes on',
    `RUN <<EOT\ncurl -fsSLO https://example.com/a\necho "${SUM}  a" | sha256sum -c -\ntar xf a\nEOT`,
    BAD,
  ),
  built(
    'a check whose failure is let through',
    `RUN curl -fsSLO https://example.com/a && (echo "${SUM}  a" | sha256sum -c - || true)`,
    BAD,
  ),
  built(
    'a check whose failure a semicolon passes over',
    `RUN curl -fsSLO https://example.com/a; echo "${SUM}  a" | sha256sum -c -; tar xf a`,
    BAD,
  ),
  built(
    'a check whose output goes into a pipe',
    `RUN curl -fsSLO https://example.com/a && echo "${SUM}  a" | sha256sum -c - | cat && tar xf a`,
    BAD,
  ),
  built(
    'a check after use',
    `RUN curl -fsSLO https://example.com/a.tgz && tar xzf a.tgz && echo "${SUM}  a.tgz" | sha256sum -c -`,
    BAD,
  ),
  built(
    'gpg --verify by a key of a whole fingerprint',
    `RUN curl -fsSLO https://example.com/a && curl -fsSLO https://example.com/a.asc && gpg --batch --recv-keys ${'C'.repeat(40)} && gpg --batch --verify a.asc a`,
  ),
  built(
    'gpg --verify by a keyring that nothing shows',
    `RUN curl -fsSLO https://example.com/a && curl -fsSLO https://example.com/a.asc && gpg --batch --verify a.asc a`,
    { 'verified-downloads': 'unknown' },
  ),
  built(
    'gpg --dearmor verifies nothing',
    `RUN curl -fsSL https://example.com/key.asc | gpg --dearmor -o /k.gpg && curl -fsSLO https://example.com/a`,
    BAD,
  ),
  built(
    'cosign verify-blob',
    `RUN curl -fsSLO https://example.com/a && curl -fsSLO https://example.com/a.sig && cosign verify-blob --key k.pub --signature a.sig a`,
  ),
  built(
    'a checksum list from the same origin is weak, and passes',
    'RUN curl -fsSLO https://example.com/a && curl -fsSLO https://example.com/a.sha256 && sha256sum -c a.sha256',
  ),
  built('ADD of an address', 'ADD https://example.com/a.tgz /tmp/', BAD),
  built('ADD --checksum', `ADD --checksum=sha256:${SUM} https://example.com/a.tgz /tmp/`),
  built('git clone of a branch', 'RUN git clone --depth 1 https://example.com/r.git', BAD),
  built(
    'git clone, then a commit',
    `RUN git clone https://example.com/r.git && cd r && git checkout ${'c'.repeat(40)}`,
  ),
  built('pip from an address', 'RUN pip install https://example.com/p.tar.gz', BAD),
  built(
    'comments, HEALTHCHECK and packages by the name of curl',
    '# curl https://example.com/a\nRUN echo curl wget\nHEALTHCHECK CMD curl -f http://localhost/ || exit 1\nCOPY curl.sh /',
    NONE,
  ),
  built(
    'curl asks for headers, or the build’s own host',
    'RUN curl -I https://example.com/ && curl -s http://localhost:8080/ready',
    NONE,
  ),
  hardenedBut(
    'a download in a stage that the target does not reach',
    {
      dockerfile: {
        text: `FROM alpine@${PIN} AS junk\nRUN curl https://example.com/i | sh\nRUN apk add curl\nFROM gcr.io/distroless/base-debian12@${PIN}\n`,
      },
    },
    { ...NONE, 'pinned-packages': 'not-applicable' },
  ),
  built('exec form', 'RUN ["curl", "-fsSLO", "https://example.com/a"]', BAD),
  built(
    'a function that downloads',
    'RUN get() { curl -fsSLO "https://example.com/$1"; }; get a',
    BAD,
  ),
  built('shell that cannot be read', 'RUN if true; then curl https://example.com/a', {
    'verified-downloads': 'unknown',
    'pinned-packages': 'unknown',
  }),
];
