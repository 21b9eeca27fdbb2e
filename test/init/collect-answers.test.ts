import { expect, test } from 'vitest';
import { collectAnswers } from '../../src/init/answers.ts';
import type { Question } from '../../src/model/template.ts';

const BASE = { ask: '', choices: [], optional: false, confirm: false } as const;
const QUESTIONS: readonly Question[] = [
  { ...BASE, id: 'name', type: 'name' },
  { ...BASE, id: 'authors', type: 'text' },
  { ...BASE, id: 'license', type: 'text', optional: true },
  { ...BASE, id: 'port', type: 'port', byDefault: '8080' },
  { ...BASE, id: 'secrets', type: 'names', byDefault: 'none', confirm: true },
];

function collect(
  given: Readonly<Record<string, string>>,
  detected: Readonly<Record<string, string>>,
  takeDefaults: boolean,
) {
  const { answers, open, errors, dropped } = collectAnswers(QUESTIONS, {
    given: new Map(Object.entries(given)),
    detected: new Map(Object.entries(detected)),
    takeDefaults,
  });
  return { answers: Object.fromEntries(answers), open: open.map(({ id }) => id), errors, dropped };
}

test('flags go above the project, and the project above defaults', () => {
  expect(collect({ port: '9000' }, { name: 'shop', port: '3000', other: 'x' }, true)).toEqual({
    answers: { name: 'shop', port: '9000', secrets: 'none' },
    open: ['authors'],
    errors: [],
    dropped: [],
  });
});

test('a wrong flag is an error, and a wrong word of the project is left out and said so', () => {
  expect(
    collect(
      { port: '80', authors: 'a\nb' },
      { name: 'x\nRUN evil', license: 'MIT\u001b[2J' },
      true,
    ),
  ).toEqual({
    answers: { secrets: 'none' },
    open: ['name'],
    errors: [
      'authors must be one line of text',
      'port must be a port from 1024 to 65535, which a user without privileges may open',
    ],
    dropped: [
      'what the project says of name is not used: it must be a name of lower-case letters and digits, with single . _ - between them',
      'what the project says of license is not used: it must be one line of text',
    ],
  });
});
