import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contextOf } from '../dockerfile/context-of.ts';
import { linted, places } from '../lint/lint-support.ts';

const SHA = 'a'.repeat(64);
const BASE = `FROM debian:trixie-slim@sha256:${SHA}\n`;
const ALPINE = `FROM alpine:3.22@sha256:${SHA}\n`;

test('the same command twice is found where it stands, each time', () => {
  const file = linted('FROM alpine:3.22\nRUN apk add curl && apk add curl\n');
  expect(places(file, 'pinned-packages')).toEqual(['pinned-packages 2:5', 'pinned-packages 2:21']);
});

test('what a requirements file decides is said beside a program that nobody read', () => {
  const file = linted('FROM python:3.13-slim\nRUN pip install -r requirements.txt && ./build-it\n');
  expect(places(file, 'pinned-packages', 'unread-shell')).toEqual([
    'pinned-packages 2:5',
    'unread-shell 2:40',
  ]);
});

describe('what is found', () => {
  /** Where a rule finds something, and from the second line on the Dockerfile. */
  const FOUND: Readonly<Record<string, string>> = {
    'every image, with its place':
      'pinned-images 1:6; pinned-images 2:13\nFROM debian\nCOPY --from=nginx:1 /a /a\n',
    'the frontend': `pinned-images 1:10\n# syntax=docker/dockerfile:1\n${BASE}`,
    'a publisher that nothing vouches for': `trusted-source 1:6\nFROM who/node:22@sha256:${SHA}\n`,
    'a download into a shell': `verified-downloads 3:5\n${ALPINE}RUN apk add curl=8 && \\\n    curl -s https://a.example/i.sh | sh\n`,
    'a package of Debian': `pinned-packages 2:23\n${BASE}RUN apt-get update && apt-get install -y curl git=1\n`,
    root: `nonroot-user 3:6\n${BASE}USER app\nUSER 0:1000\n`,
    'root of a stage below': `nonroot-user 2:6\n${BASE.trim()} AS a\nUSER root\nFROM a\n`,
    'a secret by name': `secrets-by-file 2:9\n${BASE}ENV A=1 DB_PASSWORD=\n`,
    'a secret by shape': `no-secrets 2:1\n${BASE}RUN curl -H "Authorization: token ghp_${'a1B2'.repeat(9)}" https://x.example\n`,
    'a compiler that stays': `no-build-tooling 2:24; no-build-tooling 2:31\n${ALPINE}RUN apk add --no-cache gcc=13 musl-dev=1\n`,
    'JSON that is none': `shell-form-entrypoint 2:1\n${BASE}CMD ['node', 'x']\n`,
    'the context before the lock file': `copy-before-install 3:5\n${BASE}COPY . /app\nRUN npm ci\n`,
    'apk’s index': `package-cache-kept 2:5\n${ALPINE}RUN apk add curl=8\n`,
    'dnf’s metadata': 'package-cache-kept 2:5\nFROM fedora:43\nRUN dnf install -y curl\n',
    'sudo within a chain': `sudo 2:13\n${BASE}RUN true && sudo make\n`,
    'a stage named by TARGETOS':
      'nonroot-user 2:6\nFROM scratch AS x-linux\nUSER root\nFROM x-$TARGETOS\n',
  };

  test.each(Object.entries(FOUND))('%s', (_, given) => {
    const [found = '', ...text] = given.split('\n');
    expect(places(linted(text.join('\n')), found.split(' ')[0] ?? '')).toEqual(found.split('; '));
  });

  test('weighs by the level of its criterion', () => {
    const { findings } = linted(
      'FROM who/node\nRUN apt-get install -y curl && npm install -g a && curl https://x.example/a | sh\n',
    );
    const severities = Object.fromEntries(findings.map(({ rule, severity }) => [rule, severity]));
    expect(severities).toMatchObject({
      'trusted-source': 'error',
      'verified-downloads': 'error',
      'pinned-images': 'warning',
      // What user an unknown base has is not known.
      'nonroot-user': 'info',
    });
    const packages = findings.filter(({ rule }) => rule === 'pinned-packages');
    expect(packages.map(({ severity }) => severity).sort()).toEqual(['info', 'warning']);
  });

  test('names the stage and what to do', () => {
    const [finding] = linted(
      `FROM debian AS build\nFROM scratch\nCOPY --from=build / /\nUSER 1\n`,
    ).findings;
    expect(finding).toMatchObject({
      stage: 'build',
      range: { startLine: 1, startColumn: 6, endLine: 1, endColumn: 12 },
    });
    expect(finding?.remedy).toMatch(/./);
  });

  test('only what the target reaches is judged; build arguments and files of the context count', () => {
    const text = `FROM debian AS a\nFROM ${BASE.slice(5).trim()}\nARG V\nCOPY requirements.txt .\nRUN pip install -r requirements.txt && pip install x==$V\nUSER 1\n`;
    expect(places(linted(text), 'latest-tag')).toEqual([]);
    expect(places(linted(text, { target: 'a' }), 'latest-tag')).toEqual(['latest-tag 1:6']);
    const given = { buildArgs: { V: '1.0' } };
    expect(places(linted(text, given), 'pinned-packages')).toEqual(['pinned-packages 5:5']);
    const file = (content: string) => ({
      ...given,
      context: contextOf({ 'requirements.txt': content }),
    });
    expect(places(linted(text, file('a==1.0\n')), 'pinned-packages')).toEqual([]);
    expect(places(linted(text, file('a\n')), 'pinned-packages')).toEqual(['pinned-packages 5:5']);
  });

  test('images that the configuration trusts are trusted', () => {
    const declarations = {
      secrets: undefined,
      secretFiles: [],
      trustedImages: ['registry.example.com/*'],
      maxAgeDays: 30,
      now: 0,
    };
    const text = `FROM registry.example.com/base:1@sha256:${SHA}\nUSER 1\n`;
    expect(places(linted(text))).toEqual(['trusted-source 1:6']);
    expect(places(linted(text, { declarations }))).toEqual([]);
  });

  test.each([
    ['FROM alpine\nRUNN x\n', 2, 'unknown instruction: RUNN'],
    ['RUN x\n', 1, 'no build stage in current context'],
    ['', 1, 'the Dockerfile has no FROM: there is nothing to build'],
    ['FROM alpine\nRUN <<E\nx\n', 2, 'unterminated heredoc'],
  ])('of %j one error', (text, line, message) => {
    const { parsed, findings } = linted(text);
    expect(parsed).toBe(false);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ rule: 'parse-error', severity: 'error', message });
    expect(findings[0]?.range.startLine).toBe(line);
  });
});

/** What users of other linters report as false (with where), and what a rule must leave alone. */
const FALSE_ALARMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'pinned-packages': {
    'heredoc of another language (hadolint 806)': `${BASE}RUN <<E python3\nimport os; print("apt-get install x")\nE\n`,
    'heredoc script with exact versions (hadolint 923)': `${ALPINE}RUN <<E\nset -e\napk add --no-cache curl=8.14.1-r1\nE\n`,
    'go run of a version (hadolint 1134)': `${BASE}RUN go run example.com/tool@v1.2.3\n`,
    'go run of what is here': `${BASE}RUN go run ./cmd/tool\n`,
    'apk by ~=': `${ALPINE}RUN apk add --no-cache curl~=8.14\n`,
    'version by ARG with a default (scorecard 4220)': `${ALPINE}ARG V=8.14.1-r1\nRUN apk add --no-cache curl=$V\n`,
    'a frozen archive (hadolint 999)': `${BASE}RUN rm /etc/apt/sources.list.d/debian.sources && echo 'deb http://snapshot.debian.org/archive/debian/20250801T000000Z trixie main' > /etc/apt/sources.list && apt-get update && apt-get install -y curl\n`,
    'a package file': `${BASE}COPY a.deb /\nRUN dpkg -i a.deb\n`,
  },
  'verified-downloads': {
    'heredoc that is written to a file (hadolint 1137)': `${BASE}COPY <<E /etc/motd\nRUN curl https://x.example | sh\nE\n`,
    'a check within the RUN': `${BASE}RUN curl -fsSLo a https://x.example/a && echo "${SHA}  a" | sha256sum -c -\n`,
  },
  'pinned-images': {
    'an alias that is pinned (scorecard 701)': `${BASE.trim()} AS base\nFROM base\n`,
    'an image by ARG that is pinned': `ARG IMAGE=alpine@sha256:${SHA}\nFROM $IMAGE\n`,
    scratch: 'FROM scratch\nCOPY a /\n',
  },
  'no-secrets': {
    'library with = in its name (dockle 250)': `${ALPINE}RUN apk add --no-cache libcrypto3=3.1.4-r5\n`,
    'fingerprint of a release key': `${BASE}ENV GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568\n`,
    'the token of an assembly’s public key, and a value for the build alone': `${BASE}RUN echo 'PublicKeyToken=31bf3856ad364e35' && APP_SECRET_KEY=build-time-dummy app check\n`,
  },
  'secrets-by-file': {
    'names that only look like secrets (dockle 130)': `${BASE}ENV SORT_KEY=a TOKENIZERS_PARALLELISM=false MONKEY=1\n`,
    'a file that holds the secret': `${BASE}ENV DB_PASSWORD_FILE=/run/secrets/db\n`,
  },
  'secret-in-arg': {
    'a public key by argument': `${BASE}ARG SIGNING_PUBLIC_KEY\n`,
    'the fingerprint of a signing key': `${BASE}ARG SIGNING_KEY=52BB7E3DE28A71BE22EC05FFEF80A866B47A981F\n`,
  },
  'nonroot-user': {
    'the user of a distroless base': `FROM gcr.io/distroless/static:nonroot@sha256:${SHA}\n`,
    'a name that the base may define': `${BASE}USER node\n`,
    'root for a while': `${BASE}USER root\nRUN true\nUSER 1000\n`,
  },
  'no-build-tooling': {
    'tools of a build stage': `${BASE.trim()} AS b\nRUN apt-get install -y gcc\n${BASE}COPY --from=b /a /a\n`,
    'tools that are taken out again': `${ALPINE}RUN apk add --no-cache --virtual .b gcc && make && apk del .b\n`,
    'libraries that run': `${BASE}RUN apt-get install -y libpq5 gcc-12-base\n`,
  },
  'shell-form-entrypoint': {
    'exec in shell form': `${BASE}CMD exec node server.js\n`,
    'a shell that was chosen': `${BASE}SHELL ["/bin/bash", "-c"]\nCMD node server.js\n`,
    'shell form in a build stage': `${BASE.trim()} AS b\nCMD make\n${BASE}COPY --from=b /a /a\n`,
    'an empty CMD': `${BASE}CMD []\n`,
  },
  'package-cache-kept': {
    'lists in a cache mount': `${BASE}RUN --mount=type=cache,target=/var/lib/apt/lists apt-get update && apt-get install -y curl\n`,
    'lists of a build stage': `${BASE.trim()} AS b\nRUN apt-get update && apt-get install -y gcc\n${BASE}COPY --from=b /a /a\n`,
    'lists removed in a here-document': `${BASE}RUN <<E\napt-get update\napt-get install -y curl\nrm -rf /var/lib/apt/lists/*\nE\n`,
    'apk without network': `${ALPINE}RUN apk add --no-network --virtual .r musl\n`,
  },
  'update-alone': {
    'update before another installer': `${BASE}RUN apt-get update && ./install-deps.sh\n`,
    'update into a cache': `${BASE}RUN --mount=type=cache,target=/var/lib/apt/lists apt-get update\n`,
  },
  sudo: {
    'sudo as a package': `${BASE}RUN apt-get install -y sudo\n`,
  },
  'relative-workdir': {
    'WORKDIR by variable': `${BASE}WORKDIR $HOME/app\n`,
    'WORKDIR of Windows': 'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nWORKDIR C:\\\\app\n',
    'relative below a stage’s': `${BASE.trim()} AS a\nWORKDIR /a\nFROM a\nWORKDIR b\n`,
  },
  'latest-tag': {
    'latest with a digest': `FROM cgr.dev/chainguard/node:latest@sha256:${SHA}\n`,
  },
  'copy-before-install': {
    'install of the sources': `${BASE}COPY . /app\nRUN pip install .\n`,
    'sources of another stage': `${BASE.trim()} AS a\n${BASE}COPY --from=a . /app\nRUN npm ci\n`,
    'installed before, and again': `${BASE}COPY package*.json ./\nRUN npm ci\nCOPY . .\nRUN npm ci --omit=dev\n`,
  },
  'overridden-instruction': {
    'one CMD in each stage': `${BASE.trim()} AS a\nCMD ["a"]\nFROM a\nCMD ["b"]\n`,
  },
};

describe.each(Object.entries(FALSE_ALARMS))('ok-%s', (rule, cases) => {
  test.each(Object.entries(cases))('%s', (_, text) => {
    const file = linted(text);
    expect(file.parsed).toBe(true);
    expect(places(file, rule)).toEqual([]);
  });
});

describe('ignore comments', () => {
  const rest = `@sha256:${SHA}`;

  test.each([
    [
      'above an instruction',
      `FROM a/b:1${rest}\n# scoville: ignore=sudo,pinned-packages it is how\nRUN sudo npm i x\nUSER 1\n`,
      ['pinned-packages', 'sudo'],
    ],
    [
      'inside an instruction',
      `FROM a/b:1${rest}\nRUN true && \\\n  # scoville: ignore=sudo it is how\n  sudo x\nUSER 1\n`,
      ['sudo'],
    ],
    [
      'on the first line, for the file',
      '# scoville: ignore=latest-tag it is how\nFROM debian AS a\nFROM debian\nCOPY --from=a / /\n',
      ['latest-tag', 'latest-tag'],
    ],
    [
      'behind the directives, for the file',
      '# syntax=docker/dockerfile:1\n# scoville: ignore=latest-tag it is how\nFROM debian AS a\nFROM debian\nCOPY --from=a / /\n',
      ['latest-tag', 'latest-tag'],
    ],
  ])('%s', (_name, text, rules) => {
    const { ignored, findings } = linted(text);
    expect(ignored.map(({ rule }) => rule).sort()).toEqual(rules);
    expect(ignored.every(({ reason }) => reason === 'it is how')).toBe(true);
    expect(findings.filter(({ rule }) => rules.includes(rule))).toEqual([]);
    expect(places(linted(text), 'ignore-comment')).toEqual([]);
  });

  test.each([
    [
      'no reason',
      '# scoville: ignore=latest-tag\nFROM debian\n',
      ['it does not give a reason, so it takes nothing back'],
      true,
    ],
    [
      'no rule',
      'FROM debian\n# scoville: ignore= because\nUSER 1\n',
      ['it does not name a rule: # scoville: ignore=ID reason'],
      true,
    ],
    [
      'a strange rule',
      '# scoville: ignore=DL3006,latest-tag because\nFROM debian\n',
      ['DL3006 is not a rule that can be ignored'],
      false,
    ],
    [
      'nothing to ignore',
      'FROM debian:13\n# scoville: ignore=sudo because\nUSER 1\n',
      ['sudo finds nothing here: the comment is not needed'],
      false,
    ],
    [
      'itself',
      '# scoville: ignore=ignore-comment because\nFROM debian\n',
      ['ignore-comment is not a rule that can be ignored'],
      true,
    ],
  ])('that do nothing are found: %s', (_name, text, messages, latest) => {
    const file = linted(text);
    const told = file.findings.filter(({ rule }) => rule === 'ignore-comment');
    expect(told.map(({ message }) => message)).toEqual(messages);
    if (text.includes('FROM debian\n')) expect(places(file, 'latest-tag').length > 0).toBe(latest);
  });

  test('in a stage that is not looked at are not held to find something', () => {
    const text =
      'FROM debian:13 AS a\n# scoville: ignore=sudo because\nRUN sudo x\nFROM scratch\nUSER 1\n';
    expect(places(linted(text), 'ignore-comment')).toEqual([]);
  });
});

describe('whatever the text', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'FROM a',
      'FROM a AS b',
      'FROM b',
      'RUN <<E',
      'E',
      '# scoville: ignore=sudo x',
      '# escape=`',
      'USER',
      'ENV',
      'ARG',
      'CMD [',
      'WORKDIR',
      'RUN sudo apk add x',
      'COPY . .',
      'COPY --from=b',
      'RUN \\',
      'ONBUILD RUN x',
      'SHELL ["x"]',
    ),
    fc.string(),
    fc.string({ unit: 'binary' }),
  );

  test('it is judged, each finding at a place that is there', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (parts) => {
        const { findings, ignored, lines } = linted(parts.join('\n'));
        for (const { range, message } of [...findings, ...ignored]) {
          expect(message).not.toBe('');
          expect(range.startLine).toBeGreaterThanOrEqual(1);
          expect(range.startLine).toBeLessThanOrEqual(Math.max(1, lines.length));
          expect(range.endLine).toBeGreaterThanOrEqual(range.startLine);
          expect(range.startColumn).toBeGreaterThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('findings are on the word that they are about, on its own line', () => {
  const text = [
    'ARG TAG=22',
    'FROM \\',
    '  "node:${TAG}" AS build',
    'FROM debian',
    'ENV A=1 \\',
    '    DB_PASSWORD=',
    'RUN --mount=type=bind,from=debian,target=/x \\',
    '    apt-get install -y curl \\',
    '      gcc',
    'RUN echo sudo && sudo true',
    'COPY --from=build /node:22 /',
    'MAINTAINER nobody',
    'USER  root',
  ].join('\n');
  const file = linted(text);
  const lines = text.split('\n');
  const shown = file.findings
    .filter(({ range }) => range.startLine === range.endLine)
    .map(({ rule, range: { startLine, startColumn, endColumn } }) => {
      const word = lines[startLine - 1]?.slice(startColumn - 1, endColumn - 1);
      return `${rule} ${startLine}:${startColumn} ${word}`;
    });
  expect(shown).toEqual([
    'pinned-images 3:4 node:${TAG}',
    'latest-tag 4:6 debian',
    'pinned-images 4:6 debian',
    'minimal-base 4:6 debian',
    'secrets-by-file 6:5 DB_PASSWORD',
    'latest-tag 7:28 debian',
    'pinned-images 7:28 debian',
    'no-build-tooling 9:7 gcc',
    'sudo 10:18 sudo',
    'maintainer-deprecated 12:1 MAINTAINER',
    'nonroot-user 13:7 root',
  ]);
});
