import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Log } from 'sarif';
import { describe, expect, test } from 'vitest';
import type { LintedFile, LintRule } from '../../src/model/fix.ts';
import { lintJson, lintSarif, lintText } from '../../src/report/lint.ts';
import { validate } from './sarif-schema.ts';

const RULE: LintRule = {
  id: 'latest-tag',
  title: 'Images named by a version',
  level: 'warning',
  help: 'The next build may stand on another version.',
  remedy: 'Name the version',
  bad: 'FROM debian\n',
  good: 'FROM debian:13\n',
};

const at = (startLine: number, startColumn: number, endLine: number, endColumn: number) => ({
  startLine,
  startColumn,
  endLine,
  endColumn,
});

function file(more: Partial<LintedFile> = {}): LintedFile {
  return {
    name: 'app/Dockerfile',
    lines: ['FROM debian', '\tRUN a && \\', '  b', ''],
    parsed: true,
    findings: [
      {
        rule: 'latest-tag',
        severity: 'warning',
        range: at(1, 6, 1, 12),
        message: 'debian is whatever was published last',
        remedy: 'Name the version',
        stage: '0',
      },
      { rule: 'sudo', severity: 'info', range: at(2, 2, 3, 4), message: 'two lines' },
    ],
    ignored: [],
    ...more,
  };
}

const plain = { color: false, unicode: true };

describe('lintText', () => {
  test('nothing found, some ignored', () => {
    const [first] = file().findings;
    const ignored = first === undefined ? [] : [{ ...first, reason: 'why' }];
    expect(lintText([file({ findings: [], ignored }), file({ findings: [] })], plain)).toBe(
      'nothing found in 2 files, 1 ignored\n',
    );
  });

  test('colour where it is asked for', () => {
    expect(lintText([file()], { ...plain, color: true })).toContain('\u001b[33mwarning\u001b[39m');
    expect(lintText([file()], plain)).not.toContain('\u001b');
  });

  test('what steers a terminal is replaced, and columns stay', () => {
    const lines = ['FROM a\u001b[31m\u202eb x 日本 y'];
    const found = { rule: 'sudo', severity: 'error' as const, message: 'x\u001b]0;t\u0007' };
    const text = lintText(
      [file({ name: 'D\u001b[2J', lines, findings: [{ ...found, range: at(1, 16, 1, 18) }] })],
      plain,
    );
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    const [, source = '', marks = ''] = text.split('\n');
    expect(source.slice(8)).toBe('FROM a\ufffd[31m\ufffdb x 日本 y');
    expect(marks.trim().startsWith('| ')).toBe(true);
    expect(
      lintText([file({ lines: ['FROM \u001b'], findings: [] })], { color: false, unicode: false }),
    ).not.toContain('\ufffd');
  });

  test('a long line is shown from where the finding is', () => {
    const lines = [`RUN ${'a '.repeat(200)}sudo x`];
    const findings = [
      { rule: 'sudo', severity: 'warning' as const, range: at(1, 405, 1, 409), message: 'm' },
    ];
    const text = lintText([file({ lines, findings })], { ...plain, width: 60 });
    expect(text).toContain('    1 | ... sudo x\n      |     ^^^^\n');
    expect(text.split('\n').every((line) => line.length <= 60)).toBe(true);
  });
});

describe('schema/lint-1.json', () => {
  const text = readFileSync(join(import.meta.dirname, '../../schema/lint-1.json'), 'utf8');
  const isLint = new Ajv2020({ strict: true, strictTypes: false, allErrors: true }).compile(
    JSON.parse(text) as object,
  );
  const [first] = file().findings;

  test('holds for what lint prints', () => {
    const ignored = first === undefined ? [] : [{ ...first, reason: 'why' }];
    const report: unknown = JSON.parse(lintJson([file(), file({ ignored })], '1.2.3'));
    expect(isLint(report) ? [] : isLint.errors).toEqual([]);
  });

  test('and not for a finding without a reason that is called ignored', () => {
    const report: unknown = JSON.parse(
      lintJson([file()], '1').replace('"ignored": []', `"ignored": [${JSON.stringify(first)}]`),
    );
    expect(isLint(report)).toBe(false);
  });
});

test('lintJson spells out what would steer a terminal or fool a reader', () => {
  const [first] = file().findings;
  const findings = first === undefined ? [] : [{ ...first, message: 'a\u202eb\u009b31m' }];
  const text = lintJson([file({ findings })], '1');
  expect(text).toContain('a\\u202eb\\u009b31m');
  expect(text).not.toMatch(/[\u202e\u009b]/);
});

describe('lintSarif', () => {
  const [first] = file().findings;
  const files = [
    file({ ignored: first === undefined ? [] : [{ ...first, reason: 'it is how [x](y)' }] }),
    file({
      name: '-',
      parsed: false,
      lines: [''],
      findings: [{ rule: 'x', severity: 'error', range: at(1, 1, 1, 1), message: '{0} [a](b)' }],
    }),
  ];
  const log = JSON.parse(lintSarif(files, { version: '1.2.3', rules: [RULE] })) as Log;

  test('is valid by the specification’s schema', () => {
    expect(validate(log) ? [] : validate.errors).toEqual([]);
  });

  test('a finding keeps its fingerprint when lines move', () => {
    const moved = file({
      lines: ['', 'FROM debian'],
      findings: first === undefined ? [] : [{ ...first, range: at(2, 6, 2, 12) }],
    });
    const prints = (one: LintedFile): unknown =>
      (JSON.parse(lintSarif([one], { version: '1', rules: [RULE] })) as Log).runs[0]?.results?.[0]
        ?.partialFingerprints;
    expect(prints(moved)).toEqual(prints(file()));
  });
});
