import { posix } from 'node:path';
import { parseJson, textMapField } from '../lib/json.ts';
import { quantity } from '../lib/text.ts';
import type { Evidence, Verdict } from '../model/criterion.ts';
import { assignment } from '../model/dockerfile.ts';
import type { DeclarationsFact, ImageFact } from '../model/facts.ts';
import type { FixInput, FixPlan, FixRule, TextEdit } from '../model/fix.ts';
import { OWN_ANNOTATION } from '../model/image.ts';
import { secretFileName, secretName } from '../model/secret-names.ts';
import {
  configEvidence,
  criterion,
  fail,
  listed,
  notApplicable,
  pass,
  unknown,
} from './criterion.ts';
import { inStage, isExecForm, type Placed, proposed, refusedAt, together } from './edit-text.ts';
import { type CheckedRule, criterionRule, instructionsOf, secretNames } from './lint-rule.ts';

const MOUNT = '/run/secrets';
const SETTLE = 'set secrets.use to none or by-file in .scoville.yaml';

function variables(image: ImageFact): { name: string; value: string }[] {
  const entries = (image.config.config?.Env ?? []).map(assignment);
  return entries.map(([name, value = '']) => ({ name, value }));
}

/** The author's statement: this run's configuration, else the annotation that the build wrote. */
function declared(
  image: ImageFact,
  declarations: DeclarationsFact,
): { use: string; by: Evidence } | undefined {
  if (declarations.secrets !== undefined)
    return {
      use: declarations.secrets,
      by: configEvidence('secrets.use', declarations.secrets, declarations.secretFiles.join(', ')),
    };
  const { manifest, index, labels } = image.annotations;
  const key = OWN_ANNOTATION.secrets;
  const use = manifest[key] ?? index[key] ?? labels[key];
  return use === undefined
    ? undefined
    : { use, by: configEvidence(key, use, 'declared by the image') };
}

/** A path as a value names the secret's file, for any variable: `TLS_KEY=/run/secrets/tls`. */
function isPath(value: string): boolean {
  return /^\/[^\s:]+$/.test(value);
}

/**
 * What the image itself shows: variables that name a secret's file, and a volume where secrets are
 * mounted. An empty `/run/secrets` shows nothing: bases ship it.
 */
function shown(image: ImageFact): Evidence[] {
  const files = variables(image).filter(
    ({ name, value }) =>
      secretFileName(name) || (secretName(name) !== undefined && value.startsWith(`${MOUNT}/`)),
  );
  const volumes = Object.keys(image.config.config?.Volumes ?? {}).filter(
    (path) => path === MOUNT || path.startsWith(`${MOUNT}/`),
  );
  return [
    ...files.map(({ name, value }) =>
      configEvidence('config.Env', `${name}=${value.startsWith('/') ? value : '…'}`),
    ),
    ...volumes.map((path) => configEvidence('config.Volumes', path)),
  ];
}

function held(image: ImageFact): Verdict | undefined {
  const secrets = variables(image).flatMap(({ name, value }) => {
    const reason = isPath(value) ? undefined : secretName(name);
    return reason === undefined ? [] : [{ name, reason }];
  });
  if (secrets.length === 0) return undefined;
  return fail(
    `${quantity(secrets.length, 'secret')} by environment: ${listed(secrets.map(({ name }) => name))}`,
    secrets.map(({ name, reason }) => configEvidence('config.Env', `${name}=…`, reason)),
  );
}

export const secretsByFile = criterion({
  id: 'secrets-by-file',
  title: 'Secrets supported by file',
  vector: 'configuration',
  level: 3,
  spec: '#support-secrets-via-file',
  why: 'Environment variables show in `docker inspect`, in logs and in every child process. A file can be mounted for one process alone.',
  needs: ['image', 'declarations'],
  decidedBy:
    'An environment variable in the config that names a secret fails, with or without a ' +
    'value, unless its value is a path. These pass: variables that name a secret’s file ' +
    '(`DB_PASSWORD_FILE`, `TLS_KEY=/run/secrets/tls`), a volume at `/run/secrets`, or the ' +
    'author’s declaration `secrets.use: by-file`. The declaration does not count in a build whose ' +
    'code takes a secret from the environment, where nothing names a file of one. An image declared to use no secrets is not ' +
    'applicable. One without a declaration is unknown.',
  check: ({ image, declarations }) => {
    const inEnvironment = held(image);
    if (inEnvironment !== undefined) return inEnvironment;
    const author = declared(image, declarations);
    const evidence = shown(image);
    if (author?.use === 'none' && evidence.length === 0)
      return notApplicable('declared to use no secrets', [author.by]);
    if (evidence.length > 0) return pass('secrets come as files', evidence);
    const { contradicted: read } = declarations;
    if (read !== undefined)
      return unknown(
        `declared to take secrets as files, but ${read.place} takes ${read.name} from the environment`,
        `read the file that ${read.name}_FILE names, and set that variable in the Dockerfile`,
      );
    return author?.use === 'by-file'
      ? pass('declared to take secrets as files', [author.by])
      : unknown('unknown how the app gets its secrets', SETTLE);
  },
  remedies: [
    {
      title: 'Read secrets from files',
      detail:
        'Remove secrets from ENV. Read each one from the file named in NAME_FILE (default: below /run/secrets), and set secrets.use: by-file in .scoville.yaml.',
      example: 'ENV DB_PASSWORD_FILE=/run/secrets/db-password',
    },
  ],
});

export const secretsByFileRule = criterionRule(secretsByFile, {
  bad: 'FROM alpine:3.22\nENV DB_PASSWORD=\n',
  good: 'FROM alpine:3.22\nENV DB_PASSWORD_FILE=/run/secrets/db-password\n',
  check: ({ finalStages }) =>
    secretNames(instructionsOf(finalStages, 'ENV')).map(({ range, word, reason }) => ({
      range,
      message: `${word} in the environment is ${reason}`,
    })),
});

export const secretInArg: CheckedRule = {
  id: 'secret-in-arg',
  title: 'No secrets by build argument',
  level: 'warning',
  help:
    'An ARG of a stage whose name says that it contains a secret. The value given with ' +
    '`--build-arg` is stored in the image’s history and in its provenance. Public keys, ' +
    'fingerprints and switches with such names are recognized.',
  remedy: 'Mount it: RUN --mount=type=secret,id=token ...',
  bad: 'FROM node:22-slim\nARG NPM_TOKEN\nRUN npm ci\n',
  good: 'FROM node:22-slim\nRUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci\n',
  check: ({ stages }) =>
    secretNames(instructionsOf(stages, 'ARG')).map(({ range, word, reason }) => ({
      range,
      message: `${word} is ${reason}: history and provenance store build arguments`,
    })),
};

/** The text without a word of an ENV, or without the whole line where it is the only one. */
function withoutWord({ source }: FixInput, env: Placed, at: number): TextEdit {
  const { words } = env;
  const [before, word, after] = [words[at - 1], words[at], words[at + 1]];
  const end = (one: typeof word): number => (one === undefined ? 0 : one.start + one.text.length);
  if (env.instruction.arguments.length > 1 && word !== undefined)
    return {
      ...(before === undefined
        ? env.place(word.start, after?.start ?? end(word))
        : env.place(end(before), end(word))),
      text: '',
    };
  const start = source.text.lastIndexOf('\n', env.start - 1) + 1;
  const close = source.text.indexOf('\n', env.textEnd);
  return { start, end: close < 0 ? source.text.length : close + 1, text: '' };
}

const LOADS =
  /^(?:python[\d.]*|django-admin|flask|node|tsx|bundle|rails|rake|php)$|\.(?:py|rb|php|[cm]?js)$/;
/** Builds of pages by frameworks that load the app for it. */
const FRAMEWORKS = /\b(?:next|nuxt|astro|remix|svelte-kit|prisma|node|tsx|ts-node)\b/;

/** True for a RUN of the ENV's stage that loads the app's code, which may want the variable. */
function loadsApp(input: FixInput, env: Placed, run: Placed): boolean {
  if (run.keyword !== 'RUN' || run.stage !== env.stage) return false;
  if (isExecForm(run) || run.instruction.heredocs.length > 0) return false;
  const scripts = textMapField(parseJson(input.contextFile('package.json') ?? ''), 'scripts');
  return run.commands.some(({ argv }) => {
    const [program = '', verb = '', name = ''] = argv;
    if (/^(?:npm|pnpm|yarn)$/.test(program))
      return FRAMEWORKS.test(scripts[verb === 'run' ? name : verb] ?? '');
    return LOADS.test(posix.basename(program)) && !(verb === '-m' && /^(?:pip|venv)$/.test(name));
  });
}

function planEnv(input: FixInput): FixPlan {
  // The provenance has the ENV of every stage that is built.
  const own = input.model.reached.flatMap((stage) => inStage(input, stage));
  return together(
    own
      .filter(({ keyword }) => keyword === 'ENV')
      .flatMap((env) =>
        secretNames([env.instruction]).map(({ word }) => {
          const { instruction } = env;
          const at = instruction.arguments.findIndex((one) => one.split('=', 1)[0] === word);
          const isEmpty = /^\w+=(?:$|\$)/.test(instruction.arguments[at] ?? '');
          const reads = new RegExp(`\\$(?:\\{${word}\\b|${word}\\b)`);
          const reader = own.find(
            ({ stage, keyword, text }) =>
              stage === env.stage && keyword !== 'ENV' && reads.test(text),
          );
          if (reader !== undefined)
            return refusedAt(env, `${word} stays in ENV: line ${reader.line} reads it`);
          const users = input.code().secrets.some(({ name }) => name === word)
            ? own.slice(own.indexOf(env) + 1).filter((one) => loadsApp(input, env, one))
            : [];
          const lines = listed(users.map(({ line }) => `line ${line}`));
          const madeUp =
            lines === '' ? '' : `; a made-up value is given to ${lines}, which needs one`;
          return proposed(env, {
            key: word,
            ...(isEmpty ? { criterion: secretsByFile.id } : { helps: [secretsByFile.id] }),
            clears: (one) => one.kind === 'config' && one.field === word,
            title: `Leave ${word} out of the image`,
            why: 'Anyone who can pull the image can read it. Give another value at run time',
            risk: 'high',
            riskReason: `the app has ${word} only where it is given at run time: docker run --env-file FILE, or a file where the app reads one${madeUp}`,
            edits: [
              withoutWord(input, env, at),
              ...users.map((run) => ({
                ...run.place(run.argumentsAt, run.argumentsAt),
                text: `export ${word}=only-for-this-build && `,
              })),
            ],
          });
        }),
      ),
  );
}

/** Takes secrets out of ENV: only a person knows how they reach the app then. */
export const envSecrets: FixRule = {
  id: 'env-secrets',
  title: 'Leave secrets of ENV out of the image',
  criterion: 'no-secrets',
  needs: [],
  plan: planEnv,
};
