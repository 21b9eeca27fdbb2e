import { beforeAll, describe, expect, test } from 'vitest';
import { renderReport } from '../../src/cli/render-report.ts';
import { judgeImage } from '../../src/criteria/catalogue.ts';
import { assembleScorecard } from '../../src/criteria/score.ts';
import type { Facts } from '../../src/model/facts.ts';
import { REPORT_FORMATS, type ReportInput, type ReportSubject } from '../../src/model/report.ts';
import { factsOfImage, NOW } from '../accuracy/judge-recipe.ts';
import { makeImage, type Recipe } from '../accuracy/made-image.ts';
import { dpkgRecord, HARDENED } from '../accuracy/starting-points.ts';
import { file, link, program } from '../facts/support.ts';

/**
 * What an image may hold to move a terminal's cursor, turn text around, hide it, or leave the field
 * that it stands in.
 */
const EVIL =
  '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202egnp\u2066\u200b\u0085\u007f\r<script>alert(1)</script>|`"\'&\\[x](javascript:1)';
/** The same without what a line cannot hold. */
const WORD = EVIL.replace(/[\r\u0085 ]/g, '');

/** Marks of what must not come out, but line ends, and tabs where a format has them. */
const RAW =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/;

/**
 * Hostile text in each place that an author of an image, its history or its statements can fill.
 */
const HOSTILE: Recipe = {
  ...HARDENED,
  layers: [
    [
      program(`bin/sh${EVIL}`),
      program(`bin/${EVIL}/bash`, '#!/bin/sh\n', 0o4755),
      program(`usr/bin/gcc-12`, `#!${EVIL}\n`),
      link(`bin/${EVIL}zsh`, `/bin/${EVIL}/bash`),
      file(`etc/${EVIL}/.npmrc`, `//r/:_authToken=${EVIL}aB3dEf7hIj1LmN0pQr5t\n`),
      file(`app/${EVIL}/.git/HEAD`, 'ref'),
      file('etc/os-release', `ID="${EVIL}"\nVERSION_ID="${EVIL}"\nPRETTY_NAME="${EVIL}"\n`),
      file('etc/passwd', `${EVIL}:x:0:0::/:/bin/sh\n`),
      file(
        'var/lib/dpkg/status',
        `${dpkgRecord('base-files')}\n${dpkgRecord(`a${WORD}-dev`, `1${WORD}`)}`,
      ),
      file(
        'app/node_modules/x/package.json',
        JSON.stringify({ name: EVIL, version: EVIL, license: EVIL }),
      ),
    ],
  ],
  config: {
    User: EVIL,
    Env: [`${EVIL}_PASSWORD=hunter22${EVIL}`, `A_TOKEN=${EVIL}`],
    Entrypoint: [EVIL],
    Labels: { [EVIL]: EVIL, 'org.opencontainers.image.source': EVIL },
  },
  created: EVIL,
  history: [{ created_by: `RUN |1 NPM_TOKEN=hunter2222${EVIL} /bin/sh -c ${EVIL}`, comment: EVIL }],
  annotations: { [EVIL]: EVIL, 'org.opencontainers.image.source': EVIL },
  dockerfile: {
    text: `FROM a${WORD}/b:${WORD}\nRUN curl http://${WORD}/x | sh\nRUN apt-get install -y c${WORD}\nADD http://${WORD} /x\n`,
  },
  scan: {
    scanner: EVIL,
    scannerVersion: EVIL,
    databaseDate: EVIL,
    suppressedByVex: 1,
    vulnerabilities: [
      {
        id: EVIL,
        severity: 'critical',
        package: EVIL,
        version: EVIL,
        fixedIn: EVIL,
        url: `javascript:${EVIL}`,
        path: EVIL,
      },
    ],
  },
  declared: { secrets: undefined, trustedImages: [EVIL] },
};

let facts: Facts;
let input: ReportInput;
beforeAll(async () => {
  const image = makeImage(HOSTILE);
  facts = await factsOfImage(HOSTILE, image);
  const scorecard = assembleScorecard({
    toolVersion: '1.0.0',
    image: `registry.example.com/${EVIL}`,
    digest: image.indexDigest,
    gradedAt: new Date(NOW).toISOString(),
    platforms: [
      { platform: 'linux/amd64', digest: image.manifestDigest, criteria: judgeImage(facts) },
    ],
    waivers: [{ criterion: 'no-shell', reason: EVIL }],
  });
  input = { scorecard, contents: [{ platform: 'linux/amd64', facts }], dockerfile: `d/${EVIL}` };
});

test('every criterion has an answer', () => {
  const results = judgeImage(facts);
  expect(results).toHaveLength(23);
  expect(results.filter(({ summary }) => /\bTypeError|is not a function/.test(summary))).toEqual(
    [],
  );
  expect(results.find(({ id }) => id === 'no-shell')?.outcome).toBe('fail');
  expect(results.find(({ id }) => id === 'no-secrets')?.outcome).toBe('fail');
});

describe.each(REPORT_FORMATS)('%s', (format) => {
  test.each<[string, () => ReportSubject]>([
    ['one image', () => ({ kind: 'image', image: input })],
    ['several', () => ({ kind: 'comparison', images: [input, input] })],
    ['a difference', () => ({ kind: 'difference', before: input, after: input })],
  ])('nothing raw of %s', async (_kind, subject) => {
    const text = await renderReport(subject(), format, { color: false, unicode: true, width: 100 });
    const found = RAW.exec(text);
    const near =
      found === null ? '' : JSON.stringify(text.slice(found.index - 60, found.index + 20));
    expect([found?.[0].codePointAt(0)?.toString(16), near]).toEqual([undefined, '']);
    if (format === 'html') expect(text).not.toContain('<script>alert');
    if (format === 'html' || format === 'sarif')
      expect(text).not.toMatch(/(?:href|src|uri)"?[=:]\s*"?javascript:/i);
    if (format === 'markdown' || format === 'badges')
      expect(text.replace(/(`+)[^\n]*?\1(?!`)/g, '')).not.toContain('](javascript:1)');
    expect(text).not.toContain('hunter2222');
    expect(text).not.toContain('aB3dEf7hIj1L');
  });
});
