import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { baseImage, renderFile } from '../../src/init/template.ts';
import {
  ANSWER_TYPES,
  answerProblem,
  type AnswerType,
  type Question,
} from '../../src/model/template.ts';
import { tableRows } from '../fakes/table.ts';

function question(id: string, type: AnswerType, more: Partial<Question> = {}): Question {
  return { id, ask: id, type, choices: [], optional: false, confirm: false, ...more };
}

const template = {
  questions: [
    question('name', 'name'),
    question('authors', 'text', { optional: true }),
    question('start', 'words'),
    question('secrets', 'names'),
    question('version', 'version'),
  ],
  bases: { build: 'node:@{version}-slim' },
};

function render(text: string, answers: Readonly<Record<string, string>>): string {
  return renderFile(
    text,
    template,
    new Map(Object.entries(answers)),
    new Map([['build', 'node:22-slim@sha256:' + 'a'.repeat(64)]]),
  );
}

describe('a file with answers put in', () => {
  test('each answer in the form that its place asks for', () => {
    expect(render('FROM @{base.build}\n', {})).toBe(`FROM node:22-slim@sha256:${'a'.repeat(64)}\n`);
    expect(render('CMD [@{start:json}]', { start: '-m app --port 80' })).toBe(
      'CMD ["-m", "app", "--port", "80"]',
    );
    expect(render('a: @{authors:json}', { authors: 'O"B <o@b.c> #1: \\' })).toBe(
      String.raw`a: "O\"B <o@b.c> #1: \\"`,
    );
    expect(render('ENV @{secrets:env}', { secrets: 'api-token,db' })).toBe(
      'ENV API_TOKEN_FILE=/run/secrets/api-token DB_FILE=/run/secrets/db',
    );
    expect(render('@{secrets:settings}', { secrets: 'db' })).toBe(
      '  use: by-file\n  files:\n    - /run/secrets/db',
    );
    expect(render('@{secrets:settings}', { secrets: 'none' })).toBe('  use: none');
  });

  test('a line without its answer is left out', () => {
    expect(render('a\nx @{authors:json}\nENV @{secrets:env}\nb', { secrets: 'none' })).toBe('a\nb');
  });

  test('what a shell, make or CI writes with $ and braces stays as it is', () => {
    const text = '${{ github.ref }} ${A} $(b) @{}x{@ user@host {name}';
    expect(() => render(text, {})).toThrow('unchecked template');
    const plain = '${{ github.ref }} ${A} $(b) @ {x} user@host {name}';
    expect(render(plain, {})).toBe(plain);
  });

  test('an answer that was not checked is not written', () => {
    expect(() => render('@{name}', { name: 'a\nRUN evil' })).toThrow(
      'unchecked answer: name must be',
    );
    expect(() => render('@{name}', {})).toThrow('unchecked answer');
  });

  test.each(['@{nothing}', '@{authors:plain}', '@{base.x}', '@{name:shell}'])(
    '%s is refused, whatever the answer',
    (text) => {
      expect(() => render(text, { name: 'a', authors: 'A' })).toThrow(
        `unchecked template: ${text}`,
      );
    },
  );

  test('the version goes into the name of a base', () => {
    expect(baseImage('node:@{version}-slim', template, new Map([['version', '22']]))).toBe(
      'node:22-slim',
    );
  });
});

describe('answers', () => {
  const HOSTILE = [
    'a\nRUN evil',
    '$(evil)',
    '`evil`',
    'a"; evil',
    "a' evil",
    '@{base.build}',
    'a\u2028b',
    '\u202eevil',
    'a\u0000b',
    '--privileged\n',
    'x'.repeat(5000),
    '\ud800',
  ];
  test.each(ANSWER_TYPES.filter((type) => type !== 'text'))('%s: no hostile one passes', (type) => {
    const passed = HOSTILE.filter(
      (value) => answerProblem(value, { type, choices: ['a'] }) === undefined,
    );
    expect(passed).toEqual([]);
  });

  test.each(tableRows('test/init/answers.tsv'))('%s, %j: %s', (type, value = '', takes) => {
    const problem = answerProblem(value, { type: type as AnswerType });
    expect(problem === undefined ? 'taken' : 'refused').toBe(takes);
  });

  test('a text stays one YAML and JSON text, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (value) => {
        if (answerProblem(value, { type: 'text' }) !== undefined) return;
        const line = render('a: @{authors:json}', { authors: value });
        expect(line.split('\n')).toHaveLength(1);
        expect(JSON.parse(line.slice(3))).toBe(value);
      }),
    );
  });

  test('a safe form holds nothing that a shell or a Dockerfile reads', () => {
    const types = ANSWER_TYPES.filter((type) => !['text', 'choice'].includes(type));
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.string({ maxLength: 12 }), (type, value) => {
        if (answerProblem(value, { type }) === undefined)
          expect(value).not.toMatch(/[\n\r\t$`"'\\;&|<>(){}*?!#]/);
      }),
      { numRuns: 2000 },
    );
  });
});
