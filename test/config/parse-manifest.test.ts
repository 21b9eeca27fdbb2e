import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../src/config/document.ts';
import { parseCommonManifest, parseManifest } from '../../src/init/manifest.ts';

const COMMON = `schemaVersion: 1
questions:
  port: { ask: Port, type: port, default: '8080' }
files:
  - { from: scoville.yaml, to: .scoville.yaml }
notes:
  - text: shared
`;
const STACK = `schemaVersion: 1
title: Shop
facts: node
detect:
  - { file: package.json, score: 5, answers: { manager: npm } }
questions:
  manager:
    ask: Manager
    type: choice
    choices: [npm, yarn]
    default: npm
  port: { ask: Its own port, type: port }
bases:
  build: node:22
files:
  - { from: Dockerfile, to: Dockerfile, when: { manager: npm } }
notes:
  - { text: own, when: { manager: yarn } }
`;

async function parse(text: string) {
  const common = await parseCommonManifest(COMMON, { file: 'common.yaml', folder: 'common' });
  if (!common.ok) throw new Error(common.error.map(formatProblem).join('\n'));
  return parseManifest(text, { file: 'm.yaml', folder: 'shop' }, common.value);
}

async function problems(text: string): Promise<readonly string[]> {
  const read = await parse(text);
  return read.ok ? [] : read.error.map(formatProblem);
}

test('facts are optional', async () => {
  const read = await parse(STACK.replace('facts: node\n', ''));
  expect(read.ok && read.value.facts).toBe(undefined);
});

test('a stack has what all share, its own question of a name above theirs', async () => {
  const read = await parse(STACK);
  expect(read.ok && read.value).toEqual({
    name: 'shop',
    title: 'Shop',
    facts: 'node',
    detect: [{ file: 'package.json', score: 5, answers: { manager: 'npm' } }],
    questions: [
      {
        id: 'manager',
        ask: 'Manager',
        type: 'choice',
        choices: ['npm', 'yarn'],
        byDefault: 'npm',
        optional: false,
        confirm: false,
      },
      {
        id: 'port',
        ask: 'Its own port',
        type: 'port',
        choices: [],
        optional: false,
        confirm: false,
      },
    ],
    bases: { build: 'node:22' },
    files: [
      { from: 'shop/Dockerfile', to: 'Dockerfile', when: { manager: 'npm' } },
      { from: 'common/scoville.yaml', to: '.scoville.yaml', when: {} },
    ],
    notes: [
      { text: 'own', when: { manager: 'yarn' } },
      { text: 'shared', when: {} },
    ],
  });
});

describe('what is wrong comes with its line', () => {
  test.each([
    ['title: Shop\n', '', 'm.yaml:1:1: the file lacks title'],
    ['facts: node', 'facts: nod', 'm.yaml:3:8: facts must be one of '],
    ['score: 5', 'score: 500', 'm.yaml:5:34: detect[0].score must be a whole number from 0 to 100'],
    [
      'score: 5',
      'scores: 5',
      'm.yaml:5:27: unknown key "scores" in detect[0]; did you mean score?',
    ],
    ['type: choice', 'type: choise', 'm.yaml:9:11: questions.manager.type must be one of '],
    ['    choices: [npm, yarn]\n', '', 'choices belong to the type choice'],
    [
      'default: npm',
      'default: pip',
      'm.yaml:11:14: the default of manager must be one of npm, yarn',
    ],
    ['when: { manager: npm }', 'when: { manger: npm }', 'm.yaml:16:57: unknown question "manger"'],
    [
      'when: { manager: npm }',
      'when: { manager: pip }',
      'm.yaml:16:58: "pip" is not a valid answer to manager',
    ],
    [
      'from: Dockerfile',
      'from: ../../etc/passwd',
      'm.yaml:16:13: files[0].from must be a path below',
    ],
    ['to: Dockerfile', 'to: /etc/passwd', 'files[0].to must be a path below'],
    [
      '  build: node:22\n',
      '  build: node:22\n  build: node:24\n',
      'm.yaml:15:3: Map keys must be unique',
    ],
    ['title: Shop', 'title: *a', 'm.yaml:2:8: aliases are not taken'],
    ['title: Shop', 'title: [', 'm.yaml:'],
  ])('%j as %j', async (text, wrong, expected) => {
    expect(STACK).toContain(text);
    const found = await problems(STACK.replace(text, wrong));
    expect(found.join('\n')).toContain(expected);
  });
});
