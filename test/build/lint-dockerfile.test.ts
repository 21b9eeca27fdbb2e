import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contextOf } from '../dockerfile/context-of.ts';
import { cellText, tableRows } from '../fakes/table.ts';
import { linted, places } from '../lint/lint-support.ts';

const SHA = 'a'.repeat(64);
const BASE = `FROM debian:trixie-slim@sha256:${SHA}`;
const ALPINE = `FROM alpine:3.22@sha256:${SHA}`;
const GHP = `ghp_${'a1B2'.repeat(9)}`;

const ROWS = tableRows('test/build/lint-dockerfile.tsv').map(
  ([what = '', name = '', text = '', more = '', latest]) => ({
    what,
    name,
    text: cellText(text).replaceAll(
      /@(SHA|BASE|ALPINE|GHP)\b/g,
      (_, word: string) => ({ SHA, BASE, ALPINE, GHP })[word] ?? '',
    ),
    more,
    latest,
  }),
);
const rows = (what: RegExp): typeof ROWS => ROWS.filter((row) => what.test(row.what));

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
  test.each(rows(/ \d/))('$name', ({ what, text }) => {
    expect(places(linted(text), what.split(' ')[0] ?? '')).toEqual(what.split('; '));
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
    const text = `FROM debian AS a\n${BASE}\nARG V\nCOPY requirements.txt .\nRUN pip install -r requirements.txt && pip install x==$V\nUSER 1\n`;
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

test.each(rows(/^ok-/))('$what: $name', ({ what, text }) => {
  const file = linted(text);
  expect(file.parsed).toBe(true);
  expect(places(file, what.slice('ok-'.length))).toEqual([]);
});

describe('ignore comments', () => {
  test.each(rows(/^ignored$/))('$name', ({ text, more }) => {
    const rules = more.split(' ');
    const { ignored, findings } = linted(text);
    expect(ignored.map(({ rule }) => rule).sort()).toEqual(rules);
    expect(ignored.every(({ reason }) => reason === 'it is how')).toBe(true);
    expect(findings.filter(({ rule }) => rules.includes(rule))).toEqual([]);
    expect(places(linted(text), 'ignore-comment')).toEqual([]);
  });

  test.each(rows(/^useless$/))('that do nothing are found: $name', ({ text, more, latest }) => {
    const file = linted(text);
    const told = file.findings.filter(({ rule }) => rule === 'ignore-comment');
    expect(told.map(({ message }) => message)).toEqual([more]);
    if (text.includes('FROM debian\n'))
      expect(String(places(file, 'latest-tag').length > 0)).toBe(latest);
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
