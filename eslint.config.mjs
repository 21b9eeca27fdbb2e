import { importX } from 'eslint-plugin-import-x';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

const processStarters = ['execa', 'child_process', 'node:child_process'].map((name) => ({
  name,
  message: 'Only src/lib/run-tool.ts starts processes.',
}));

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      'coverage/**',
      'examples/**',
      'templates/**',
      // Projects that are built as they are: not code of ours to check.
      'test/fixtures/repro-unseen/**',
      '.scoville-*/**',
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
    files: ['src/lib/run-tool.ts', 'test/**', 'scripts/**'],
    rules: { 'no-restricted-imports': 'off' },
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
