import { expect } from 'vitest';

/** A template, and the small service in test/fixtures/init that it is tried on. */
export interface TemplateCase {
  /** Its Dockerfile, from the folder of templates. */
  readonly dockerfile: string;
  readonly fixture: string;
  /** Flags of init that the fixture does not answer. */
  readonly flags: readonly string[];
  /** Stand-in of scripts/engine.sh by the base that the Dockerfile names. */
  readonly bases: Readonly<Record<string, string>>;
  /** What it answers to GET /. */
  readonly answer: unknown;
  /** Criteria that it lacks, where its packages are not held by sums. */
  readonly short?: readonly string[];
  readonly level?: number;
  /**
   * Too heavy for each change, or made of what two others have: tried by npm run templates alone.
   */
  readonly isHeavy?: boolean;
  /** Secrets that it is given as files, by name. */
  readonly secrets?: Readonly<Record<string, string>>;
}

const CC = { 'gcr.io/distroless/cc-debian13:nonroot': 'distroless/cc-debian13:nonroot' };
const NODE = {
  'node:22-trixie-slim': 'library/node:22-slim',
  'gcr.io/distroless/nodejs22-debian13:nonroot': 'distroless/nodejs22-debian13:nonroot',
};
/** As the official image: with yarn, and a place for npm's global packages that is on the PATH. */
const NODE_YARN = { ...NODE, 'node:22-trixie-slim': 'library/node:22-slim-yarn' };
const JAVA = { 'gcr.io/distroless/java21-debian13:nonroot': 'distroless/java21-debian13:nonroot' };
const PYTHON = {
  'python:3.13-slim-trixie': 'library/python:3.13-slim',
  'gcr.io/distroless/python3-debian13:nonroot': 'distroless/python3-debian13:nonroot',
};
const NGINX = {
  'nginx:1.28-trixie': 'library/nginx:1.26',
  'golang:1.25-trixie': 'library/golang:1.24',
  ...CC,
};
/** Maven and Gradle run plugins that they fetch without a sum. */
const UNHELD = {
  short: ['verified-downloads', 'pinned-packages'],
  level: 1,
};
const AUTHORS = ['--set', 'authors=The shop team'];

/**
 * Every template that can be built from Debian's packages and npm's registry; .NET and uv are not
 * among them.
 */
export const TEMPLATE_CASES: readonly TemplateCase[] = [
  {
    dockerfile: 'node/npm.Dockerfile',
    fixture: 'node',
    flags: ['--set', 'secrets=greeting'],
    bases: NODE,
    answer: 'good day from node\n',
    secrets: { greeting: 'good day' },
  },
  {
    dockerfile: 'node/pnpm.Dockerfile',
    fixture: 'node-pnpm',
    flags: [],
    bases: NODE_YARN,
    answer: 'hello from pnpm\n',
    isHeavy: true,
  },
  {
    dockerfile: 'node/yarn.Dockerfile',
    fixture: 'node-yarn',
    flags: [],
    bases: NODE_YARN,
    answer: 'hello from yarn\n',
  },
  {
    dockerfile: 'typescript/npm.Dockerfile',
    fixture: 'typescript',
    flags: [],
    bases: NODE,
    answer: 'hello from typescript\n',
    isHeavy: true,
  },
  {
    dockerfile: 'typescript/pnpm.Dockerfile',
    fixture: 'typescript-pnpm',
    flags: [],
    bases: NODE_YARN,
    answer: 'hello from typescript by pnpm\n',
  },
  {
    dockerfile: 'typescript/yarn.Dockerfile',
    fixture: 'typescript-yarn',
    flags: [],
    bases: NODE_YARN,
    answer: 'hello from typescript by yarn\n',
    isHeavy: true,
  },
  {
    dockerfile: 'python/pip.Dockerfile',
    ...UNHELD,
    fixture: 'python',
    flags: AUTHORS,
    bases: PYTHON,
    answer: 'hello from python\n',
  },
  {
    dockerfile: 'python/poetry.Dockerfile',
    fixture: 'python-poetry',
    flags: ['--set', 'poetry=2.1.2'],
    bases: { ...PYTHON, 'python:3.13-slim-trixie': 'library/python:3.13-slim-poetry' },
    answer: 'hello from poetry\n',
    isHeavy: true,
  },
  {
    dockerfile: 'go/Dockerfile',
    fixture: 'go',
    flags: AUTHORS,
    bases: {
      'golang:1.24-trixie': 'library/golang:1.24',
      'gcr.io/distroless/static-debian13:nonroot': 'distroless/static-debian13:nonroot',
    },
    answer: 'hello from go\n',
  },
  {
    dockerfile: 'rust/Dockerfile',
    fixture: 'rust',
    flags: [],
    bases: { 'rust:1.85-slim-trixie': 'library/rust:1.85-slim', ...CC },
    answer: 'hello from rust\n',
  },
  {
    dockerfile: 'java/maven.Dockerfile',
    ...UNHELD,
    fixture: 'java-maven',
    flags: AUTHORS,
    bases: { 'maven:3-eclipse-temurin-21': 'library/maven:3-eclipse-temurin-21', ...JAVA },
    answer: 'hello from java\n',
  },
  {
    dockerfile: 'java/gradle.Dockerfile',
    ...UNHELD,
    fixture: 'java-gradle',
    flags: AUTHORS,
    bases: { 'gradle:jdk21': 'library/gradle:jdk21', ...JAVA },
    answer: 'hello from java\n',
    isHeavy: true,
  },
  {
    dockerfile: 'ruby/Dockerfile',
    fixture: 'ruby',
    flags: AUTHORS,
    bases: { 'ruby:3.3-slim-trixie': 'library/ruby:3.3-slim', ...CC },
    answer: 'hello from ruby\n',
  },
  {
    dockerfile: 'php/Dockerfile',
    fixture: 'php',
    flags: AUTHORS,
    bases: {
      'php:8.4-apache-trixie': 'library/php:8.4-apache',
      'composer:2': 'library/composer:2',
      ...CC,
    },
    answer: 'hello from php\n',
  },
  {
    dockerfile: 'static/Dockerfile',
    fixture: 'static',
    flags: AUTHORS,
    bases: NGINX,
    answer: '<!doctype html><title>Hello</title><p>hello from static</p>\n',
  },
  {
    dockerfile: 'static/npm.Dockerfile',
    fixture: 'static-npm',
    flags: AUTHORS,
    bases: { ...NGINX, 'node:24-trixie-slim': 'library/node:22-slim' },
    answer: expect.stringMatching(/<script [^>]*src="\/assets\/[^"]+[.]js"/),
    isHeavy: true,
  },
  {
    dockerfile: 'c/make.Dockerfile',
    fixture: 'c',
    flags: [...AUTHORS, '--set', 'build=make', '--set', 'binary=hello'],
    bases: { 'gcc:14-trixie': 'library/gcc:14', ...CC },
    answer: 'hello from c\n',
  },
  {
    dockerfile: 'c/cmake.Dockerfile',
    fixture: 'c',
    flags: AUTHORS,
    bases: { 'gcc:14-trixie': 'library/gcc:14', ...CC },
    answer: 'hello from c\n',
  },
];
