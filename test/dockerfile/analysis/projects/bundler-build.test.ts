import { describe, expect, test } from 'vitest';
import { analysisOf } from '../support.ts';

type Files = Readonly<Record<string, string>>;

const RUN = `FROM node:22
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build
`;

function manifest(more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    name: 'app',
    scripts: { build: 'tsc -b && vite build' },
    devDependencies: {
      vite: '^6.0.0',
      '@vitejs/plugin-react': '^4.3.1',
      '@tailwindcss/vite': '^4.0.0',
      tailwindcss: '^4.0.0',
      autoprefixer: '10.x',
      'tailwindcss-animate': '1.0.7',
    },
    ...more,
  });
}

const CONFIG = `import path from 'node:path'
import { defineConfig, loadEnv, type PluginOption } from "vite";
import react from '@vitejs/plugin-react'; // https://vite.dev/config/
import type { Options } from './options'

export default defineConfig(({ mode }) => {
  const env = loadEnv(mode, process.cwd(), '');
  return {
    plugins: [react(), mode === 'development' && react()].filter(Boolean),
    resolve: { alias: { '@': path.resolve(__dirname, './src'), x: \`\${env.X}/y\` } },
    server: { port: 3000, proxy: { '/api': { target: 'http://localhost:80', rewrite: (p) => p.replace(/^\\/api/, '') } } },
    build: { rollupOptions: { output: { manualChunks(id) { if (id.includes('node_modules')) { return 'vendor' } } } } },
  };
});
`;

const PLAIN: Files = {
  'package.json': manifest(),
  'package-lock.json': '{"lockfileVersion":3,"packages":{}}',
  'vite.config.ts': CONFIG,
  'postcss.config.js': 'export default { plugins: { tailwindcss: {}, autoprefixer: {} } }',
  'tailwind.config.js':
    "/** @type {import('tailwindcss').Config} */\nmodule.exports = { content: ['./index.html', './src/**/*.{js,ts}'], plugins: [require('tailwindcss-animate')] }",
  'src/index.css': '@import "tailwindcss"; @media (x) { a { b: c } }',
  'src/main.ts': "import './index.css'; fetch('/api')",
};

function reasons(files: Files, text = RUN): readonly string[] {
  return analysisOf(text, {}, files).unread.map(({ reason }) =>
    reason.replace(/^.*was not read: /, ''),
  );
}

test('vite with known plugins alone only translates', () => {
  expect(reasons(PLAIN)).toEqual([]);
});

describe('vite runs what its configuration loads', () => {
  const own = (plugin: string): Files => ({
    'vite.config.ts': `import { defineConfig } from 'vite'\n${plugin}`,
  });
  test.each<[string, Files, string]>([
    [
      'a command',
      own("import { execSync } from 'child_process'\nexecSync('curl x')"),
      'child_process',
    ],
    ['a command by require', own("const c = require('child_' + 'process')"), 'require'],
    ['an import while it runs', own("await import('./evil.js')"), 'await'],
    ['a fetch', own("const x = await fetch('https://e.example/x')"), 'await'],
    ['a fetch of another name', own("globalThis['fe' + 'tch']('x')"), 'globalThis'],
    [
      'a member by a name put together',
      own("const f = [].at; f['con' + 'structor']('x')()"),
      'a computed name',
    ],
    ['a computed key', own("const { ['constructor']: f } = {}"), 'constructor'],
    ['a call of a call', own("export default defineConfig(() => 1)('x')"), 'a call'],
    ['a file of its own', own("import evil from './evil'"), './evil'],
    ['an own package', own("import evil from 'app'"), 'app'],
    ['a package of somebody', own("import run from 'vite-plugin-run'"), 'vite-plugin-run'],
    ['all of vite', own("import * as v from 'vite'"), 'all of vite'],
    ['vite’s server', own("import { createServer } from 'vite'"), 'createServer'],
    ['plugins by name', own("export default { x: { plugins: ['./evil.cjs'] } }"), './evil.cjs'],
    [
      'plugins by name, with options',
      own("export default { x: { plugins: [['./evil.cjs', {}]] } }"),
      './evil.cjs',
    ],
    ['presets by name', own("export default { presets: ['evil'] }"), 'evil'],
    ['babel', own('export default { plugins: [react({ babel: {} })] }'), 'react()'],
    ['PostCSS of its own', own("export default { css: { postcss: './x' } }"), 'postcss'],
    ['another root', own("export default { root: 'other' }"), 'root'],
    ['what another file exports', own("export * from './evil'"), 'export from'],
    ['one thing that it exports', own("export { default } from './evil'"), 'export from'],
    ['a line that a comment does not hold', own("//\u2028require('./evil')"), './evil'],
    ['an old Mac’s line', own("//\rrequire('./evil')"), './evil'],
    ['a pattern that looks like a division', own('if (1) /"/.at; eval(1); "/"'), 'not read'],
    ['a division that looks like a pattern', own('a++ / eval(1) / 2'), 'not read'],
    ['a division behind `!` of TypeScript', own('a! / eval(1) / 2'), 'not read'],
    ['text that is not read', own("const a = 'ev\\u0061l'"), 'not read'],
    ['a template that calls', own('const a = `${f()}`'), 'not read'],
    [
      'a plugin for PostCSS',
      { 'postcss.config.js': "module.exports = { plugins: { './evil.cjs': {} } }" },
      './evil.cjs',
    ],
    [
      'a list of PostCSS',
      { 'postcss.config.js': "module.exports = { plugins: [require('./evil.cjs')] }" },
      './evil.cjs',
    ],
    [
      'another Tailwind',
      {
        'postcss.config.js':
          "module.exports = { plugins: { tailwindcss: { config: './evil.cjs' } } }",
      },
      'config',
    ],
    [
      'another Tailwind by a call',
      {
        'postcss.config.js': "module.exports = { plugins: [require('tailwindcss')('./evil.cjs')] }",
      },
      'tailwind',
    ],
    [
      'Tailwind by a callback',
      {
        'postcss.config.js':
          "const t = require('tailwindcss'); module.exports = { plugins: ['./e'.replace(/.+/, t)] }",
      },
      't',
    ],
    [
      'Tailwind by another name',
      {
        'postcss.config.js':
          "import t from 'tailwindcss'; const f = t; export default { plugins: [f('./evil.cjs')] }",
      },
      't',
    ],
    ['options out of data', own("import data from './package.json'"), './package.json'],
    ['options out of text', own("JSON.parse('{}')"), 'parse()'],
    ['options out of the environment', own('export default { x: { ...process.env } }'), 'process'],
    [
      'a preset by name',
      {
        'postcss.config.js': "module.exports = { plugins: { cssnano: { preset: './evil.cjs' } } }",
      },
      'preset',
    ],
    ['PostCSS by JSON', { '.postcssrc.json': '{"plugins":{"./evil.cjs":{}}}' }, '.postcssrc.json'],
    [
      'PostCSS by package.json',
      { 'package.json': manifest({ postcss: { plugins: {} } }) },
      'package.json',
    ],
    [
      'a plugin for Tailwind',
      { 'tailwind.config.js': "module.exports = { plugins: [require('./evil')] }" },
      './evil',
    ],
    ['a plugin named by a style', { 'src/a.css': '@plugin "./evil.js";' }, 'src/a.css'],
    [
      'a configuration named by a style',
      { 'other/a.vue': '<style>@config "../evil.js";</style>' },
      'other/a.vue',
    ],
    ['Less, which runs plugins', { 'src/a.less': '' }, 'a.less'],
    [
      'a package of the project',
      { 'package.json': manifest({ devDependencies: { vite: 'file:./evil' } }) },
      'the package vite',
    ],
    [
      'a package of a commit',
      { 'package.json': manifest({ devDependencies: { vite: 'evil/vite' } }) },
      'the package vite',
    ],
    [
      'another package by override',
      { 'package.json': manifest({ overrides: { vite: 'file:evil' } }) },
      'package.json',
    ],
    [
      'a patched package',
      { 'package.json': manifest({ pnpm: { patchedDependencies: { vite: 'p' } } }) },
      'package.json',
    ],
    ['a package that is there', { 'node_modules/vite/package.json': '{}' }, 'node_modules'],
    [
      'a package that another loads by its name',
      {
        'package.json': manifest({
          browserslist: ['extends browserslist-config-evil'],
          dependencies: { 'browserslist-config-evil': 'file:evil' },
        }),
      },
      'browserslist-config-evil',
    ],
    [
      'the project under its name',
      { 'package.json': manifest({ name: 'vite' }) },
      'the package vite',
    ],
    [
      'another configuration',
      { 'package.json': manifest({ scripts: { build: 'vite build -c x.js' } }) },
      'the option -c',
    ],
    [
      'another folder',
      { 'package.json': manifest({ scripts: { build: 'vite build other' } }) },
      'the option other',
    ],
    [
      'a server',
      { 'package.json': manifest({ scripts: { build: 'vite dev' } }) },
      'more than to build',
    ],
  ])('%s', (_, more, reason) => {
    expect(reasons({ ...PLAIN, ...more }).join('\n')).toContain(reason);
  });
});

describe('react-scripts', () => {
  const files = (more: Files = {}, rest: Readonly<Record<string, unknown>> = {}): Files => ({
    'package.json': JSON.stringify({
      scripts: { build: 'react-scripts build' },
      dependencies: { 'react-scripts': '5.0.1' },
      ...rest,
    }),
    'src/index.js': "import React from 'react'",
    ...more,
  });
  test('only translates', () => {
    expect(reasons(files())).toEqual([]);
  });
  test.each<[string, Files, string]>([
    ['a macro', files({ 'src/a.js': "import x from './evil.macro'" }), 'src/a.js'],
    ['rules in JavaScript', files({ '.eslintrc.js': 'x' }), '.eslintrc.js'],
    ['Tailwind', files({ 'tailwind.config.js': "require('./evil')" }), './evil'],
    ['rules in package.json', files({}, { eslintConfig: { plugins: ['./evil'] } }), 'eslintConfig'],
  ])('runs %s', (_, given, reason) => {
    expect(reasons(given).join('\n')).toContain(reason);
  });
});

test.each([
  ['vue-tsc -b', { 'tsconfig.json': '{"vueCompilerOptions":{"plugins":["./evil"]}}' }, false],
  ['vue-tsc -b', { 'tsconfig.json': '{}' }, true],
  [
    'tsc-alias -p tsconfig.build.json',
    { 'tsconfig.build.json': '{"extends":"./tsconfig.json"}' },
    true,
  ],
  ['tsc-alias', { 'tsconfig.json': '{"tsc-alias":{"replacers":{"x":{"file":"./e.js"}}}}' }, false],
  ['next build', {}, false],
  ['husky', {}, true],
  ['husky install && git commit -m x', { '.husky/pre-commit': 'curl x' }, false],
])('%s with %j is read: %s', (run, files, isRead) => {
  const found = reasons({ a: '', ...files }, `FROM x\nWORKDIR /app\nCOPY . .\nRUN ${run}`);
  expect(found.length === 0).toBe(isRead);
});
