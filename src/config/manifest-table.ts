import { ANSWER_TYPES } from '../model/answer-types.ts';
import { CI_SYSTEMS, FACT_READERS, PRESETS } from '../model/template.ts';
import {
  TEXT,
  BOOLEAN,
  SCHEMA_VERSION,
  type SettingField,
  type SettingType,
} from './setting-spec.ts';

const ID = { keyPattern: /^[a-z][a-z0-9-]{0,31}$/, keyExpects: 'a name of a-z, 0-9 and -' };
const CONDITION: SettingType = { kind: 'map', ...ID, of: TEXT };
const FILE: SettingType = {
  kind: 'string',
  pattern: /^(?!.*(?:^|\/)\.\.(?:\/|$))[A-Za-z0-9._*][A-Za-z0-9._*/-]*$/,
  expects: 'a path below the folder it is meant from',
};

const QUESTION: SettingType = {
  kind: 'object',
  fields: {
    ask: { type: TEXT, help: 'The question.', required: true },
    type: {
      type: { kind: 'choice', choices: ANSWER_TYPES },
      help: 'What an answer may be.',
      required: true,
    },
    choices: { type: { kind: 'list', of: TEXT }, help: 'For the type choice.' },
    default: { type: TEXT, help: 'The value without an answer.' },
    preset: {
      type: { kind: 'choice', choices: PRESETS },
      help: 'Where a default is found, which needs a yes of the user.',
    },
    optional: { type: BOOLEAN, help: 'May stay without an answer.' },
    confirm: { type: BOOLEAN, help: 'The default needs a yes of the user.' },
  },
};

/** What every manifest may hold, that of what all stacks share too. */
export const COMMON_TABLE: Readonly<Record<string, SettingField>> = {
  schemaVersion: SCHEMA_VERSION,
  questions: { type: { kind: 'map', ...ID, of: QUESTION }, help: 'What is asked, by name.' },
  files: {
    type: {
      kind: 'list',
      of: {
        kind: 'object',
        fields: {
          from: { type: FILE, help: 'The file, from the manifest’s folder.', required: true },
          to: { type: FILE, help: 'Where it goes in the project.', required: true },
          when: { type: CONDITION, help: 'Answers that it is for.' },
          ci: { type: { kind: 'choice', choices: CI_SYSTEMS }, help: 'CI system that it is for.' },
        },
      },
    },
    help: 'The files.',
    required: true,
  },
  notes: {
    type: {
      kind: 'list',
      of: {
        kind: 'object',
        fields: {
          text: { type: TEXT, help: 'What the user should know.', required: true },
          when: { type: CONDITION, help: 'Answers that it is for.' },
        },
      },
    },
    help: 'What the user should know.',
  },
};

/** Every key of a stack's `manifest.yaml`. */
export const MANIFEST_TABLE: Readonly<Record<string, SettingField>> = {
  ...COMMON_TABLE,
  title: { type: TEXT, help: 'Name of the stack for people.', required: true },
  facts: {
    type: { kind: 'choice', choices: FACT_READERS },
    help: 'Who reads the project.',
  },
  detect: {
    type: {
      kind: 'list',
      of: {
        kind: 'object',
        fields: {
          file: { type: FILE, help: 'A file that speaks for the stack.', required: true },
          contains: { type: TEXT, help: 'A word that it has to contain.' },
          score: {
            type: { kind: 'integer', minimum: 0, maximum: 100 },
            help: 'How much it speaks for the stack.',
            required: true,
          },
          answers: { type: CONDITION, help: 'What it answers.' },
        },
      },
    },
    help: 'How to recognize a project of the stack.',
    required: true,
  },
  bases: {
    type: { kind: 'map', ...ID, of: TEXT },
    help: 'Base images by role.',
    required: true,
  },
};
