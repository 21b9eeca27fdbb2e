import { importX } from 'eslint-plugin-import-x';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

const processStarters = ['execa', 'child_process', 'node:child_process'].map((name) => ({
  name,
  message: 'Only src/lib/run-tool.ts starts processes.',
}));

/** What of node:fs puts bytes or names into a folder. */
const FS_WRITERS = [
  'writeFile',
  'appendFile',
  'copyFile',
  'cp',
  'rename',
  'link',
  'symlink',
  'truncate',
  'write',
  'writev',
];
const fileWriters = ['fs', 'node:fs', 'fs/promises', 'node:fs/promises'].map((name) => ({
  name,
  importNames: [
    ...FS_WRITERS.flatMap((one) => [one, `${one}Sync`]),
    ...['createWriteStream', 'WriteStream', 'promises', 'default'],
  ],
  message:
    'Files of users are written by src/image/disk.ts. Where only ours are, disable this and say which.',
}));
const outside = ['fs', 'fs/promises', 'http', 'https', 'net', 'os'].flatMap((one) =>
  [one, `node:${one}`].map((name) => ({
    name,
    message: 'This room gets files, answers and time as arguments.',
  })),
);
const syntax = [
  {
    selector: "MemberExpression[object.name='JSON'][property.name='parse']",
    message:
      'Engines read documents from outside otherwise: src/image/formats/json.ts. Where none does, disable this and say why.',
  },
  {
    selector: 'CallExpression[callee.name=/^open(Sync)?$/] > Literal[value=/[wa+]/]',
    message:
      'Files of users are written by src/image/disk.ts. Where only ours are, disable this and say which.',
  },
  {
    selector: 'ObjectExpression > SpreadElement > ObjectExpression',
    message: 'Write these fields as fields.',
  },
  {
    selector: "CallExpression[callee.name=/^mkdir(Sync)?$/] Property[key.name='recursive']",
    message: 'src/lib/make-folders.ts makes folders: mkdir never ends below /proc.',
  },
];
const clocks = [
  "CallExpression[callee.object.name='Date'][callee.property.name='now']",
  "NewExpression[callee.name='Date'][arguments.length=0]",
  "MemberExpression[object.name='process'][property.name='env']",
].map((selector) => ({
  selector,
  message: 'This room gets files, answers and time as arguments.',
}));

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'dist-service/**',
      'node_modules/**',
      'coverage/**',
      'examples/**',
      'templates/**',
      // Projects that are built as they are: not code of ours to check.
      'test/fixtures/repro-unseen/**',
      '.scoville-*/**',
      // Made and removed while the site is built, beside this.
      'site/.vitepress/config.mts.timestamp-*',
    ],
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-self-import': 'error',
      'import-x/no-default-export': 'error',
      'import-x/order': [
        'error',
        {
          alphabetize: { order: 'asc' },
          groups: ['builtin', 'external', ['parent', 'sibling', 'index']],
          'newlines-between': 'ignore',
        },
      ],
      'no-restricted-imports': ['error', { paths: processStarters }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'exit', message: 'Only src/bin.ts ends the process.' },
        { object: 'process', property: 'exitCode', message: 'Only src/bin.ts sets the exit code.' },
      ],
      // A control character in a pattern is how hostile names are cleaned.
      'no-control-regex': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
    },
    settings: { 'import-x/resolver': { typescript: true, node: { extensions: ['.ts', '.tsx'] } } },
  },
  {
    files: ['src/**'],
    rules: {
      'no-restricted-imports': ['error', { paths: [...processStarters, ...fileWriters] }],
      'no-restricted-syntax': ['error', ...syntax],
    },
  },
  {
    // They are about bytes and texts alone.
    files: ['model', 'programs', 'dockerfile', 'facts', 'criteria', 'report'].map(
      (room) => `src/${room}/**`,
    ),
    rules: {
      'no-restricted-imports': ['error', { paths: [...processStarters, ...outside] }],
      'no-restricted-syntax': ['error', ...syntax, ...clocks],
    },
  },
  {
    files: ['src/image/disk.ts', 'src/lib/run-tool.ts', 'test/**', 'scripts/**'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: [
      'src/image/disk.ts',
      'src/image/formats/json.ts',
      'src/lib/make-folders.ts',
      'test/**',
      'scripts/**',
    ],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // Most text that is read comes from outside: no pattern may take more than linear time on it.
    files: ['src/**'],
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential' }],
    },
  },
  { files: ['src/bin.ts'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['vitest.config.ts'], rules: { 'import-x/no-default-export': 'off' } },
);
