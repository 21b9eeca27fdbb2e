import { quantity } from '../lib/text.ts';
import type { Evidence, Verdict } from '../model/criterion.ts';
import { assignment, isRootUser } from '../model/dockerfile.ts';
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
import {
  addFlag,
  inStage,
  isExecForm,
  lineEnd,
  NOTHING,
  type Placed,
  proposed,
  refusedAt,
  together,
} from './edit-text.ts';
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
    'author’s declaration `secrets.use: by-file`. An image declared to use no secrets is not ' +
    'applicable. One without a declaration is unknown.',
  check: ({ image, declarations }) => {
    const inEnvironment = held(image);
    if (inEnvironment !== undefined) return inEnvironment;
    const author = declared(image, declarations);
    const evidence = shown(image);
    if (author?.use === 'none' && evidence.length === 0)
      return notApplicable('declared to use no secrets', [author.by]);
    if (evidence.length > 0) return pass('secrets come as files', evidence);
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

/** Programs that read a variable like this through `.npmrc` or similar, not from the Dockerfile. */
const READERS: readonly (readonly [RegExp, RegExp])[] = [
  [/^(?:NPM|NODE_AUTH|YARN)_/, /\b(?:npm|yarn|pnpm)\b/],
  [/^(?:PIP|UV|POETRY)_/, /\b(?:pip[\d.]*|uv|poetry)\b/],
  [/^BUNDLE_/, /\bbundle\b/],
  [/^COMPOSER_AUTH$/, /\bcomposer\b/],
];

function names(name: string, text: string): boolean {
  return new RegExp(`\\$(?:\\{${name}\\b|${name}\\b)`).test(text);
}

function readsUnsaid(name: string, text: string): boolean {
  return READERS.some(([variable, program]) => variable.test(name) && program.test(text));
}

/** Why a RUN cannot be given the secret; undefined where it can. */
function obstacle(run: Placed, user: string): string | undefined {
  if (isExecForm(run)) return `line ${run.line} is in exec form`;
  if (run.instruction.heredocs.length > 0) return `line ${run.line} contains a here-document`;
  if (!isRootUser(user)) return `line ${run.line} runs as ${user}, who may not read the mount`;
  return undefined;
}

/** Mounts the secret and puts it into the variable, for this RUN alone. */
function withSecret(name: string, run: Placed): readonly TextEdit[] {
  const flag = addFlag(run, `--mount=type=secret,id=${name},required=true`);
  return [{ ...flag, text: `${flag.text}export ${name}="$(cat /run/secrets/${name})" && ` }];
}

/** Takes one name out of an ARG, or the whole instruction with its line. */
function withoutArgument(name: string, arg: Placed, { source }: FixInput): TextEdit {
  const at = arg.words.findIndex(({ text }) => text === name);
  const word = arg.words[at];
  if (word !== undefined && arg.words.length > 1) {
    const { start, end } = arg.place(word.start, word.start + name.length);
    const behind = arg.words[at + 1];
    return behind === undefined
      ? { start: arg.place(word.start - 1, word.start).start, end, text: '' }
      : { start, end: arg.place(behind.start, behind.start + 1).start, text: '' };
  }
  const end = lineEnd(source.text, arg.end);
  const next = source.text.startsWith('\r\n', end)
    ? end + 2
    : Math.min(end + 1, source.text.length);
  return { start: source.text.lastIndexOf('\n', arg.start) + 1, end: next, text: '' };
}

/** The ARGs of a stage that declare a name, once for each time. */
function declarations(name: string, stage: number, input: FixInput): readonly Placed[] {
  return inStage(input, stage)
    .filter(({ keyword }) => keyword === 'ARG')
    .flatMap((arg) =>
      arg.words.flatMap(({ text }) => (text.split('=', 1)[0] === name ? [arg] : [])),
    );
}

function moved(name: string, arg: Placed, value: boolean, input: FixInput): FixPlan {
  const refused = (reason: string): FixPlan =>
    refusedAt(arg, `${name} stays a build argument: ${reason}`);
  if (value)
    return refused(
      'it has a default, which is in every image’s history: take it out and replace the secret',
    );
  const stage = arg.stage ?? 0;
  const [first, again] = declarations(name, stage, input);
  if (first?.line !== arg.line) return NOTHING;
  if (again !== undefined) return refused(`line ${again.line} declares it again`);
  const behind = inStage(input, stage).filter(({ line }) => line > arg.line);
  let user = '';
  const reading: { readonly run: Placed; readonly user: string }[] = [];
  for (const one of behind) {
    if (one.keyword === 'USER') user = one.instruction.arguments[0] ?? '';
    const text = input.source.text.slice(one.start, one.end);
    if (one.keyword === 'RUN' && (names(name, text) || readsUnsaid(name, text)))
      reading.push({ run: one, user });
    else if (names(name, text)) return refused(`line ${one.line} puts it into the image`);
  }
  if (input.model.stages.some(({ base }) => base.kind === 'stage' && base.index === stage))
    return refused('other stages use this one and may read it');
  if (reading.length === 0) return refused('no RUN is known to read it');
  const why = reading.flatMap(({ run, user: as }) => obstacle(run, as) ?? [])[0];
  if (why !== undefined) return refused(why);
  return proposed(arg, {
    key: name,
    title: `Mount ${name} as a secret instead of a build argument`,
    why: 'Build arguments are stored in the image history and provenance, where anyone can read them',
    risk: 'medium',
    riskReason: `builds pass it differently: --secret id=${name},env=${name} instead of --build-arg ${name}`,
    edits: [
      withoutArgument(name, arg, input),
      ...reading.flatMap(({ run }) => withSecret(name, run)),
    ],
  });
}

function ofArg(arg: Placed, input: FixInput): FixPlan {
  return together(
    arg.words.map(({ text }) => {
      const [name = '', ...value] = text.split('=');
      const isSecret = /^\w+$/.test(name) && secretName(name) !== undefined;
      return isSecret ? moved(name, arg, value.length > 0, input) : NOTHING;
    }),
  );
}

export const buildSecrets: FixRule = {
  id: 'build-secrets',
  criterion: 'no-secrets',
  lint: 'secret-in-arg',
  needs: [],
  plan: (input) =>
    together(
      input.model.reached.flatMap((stage) =>
        inStage(input, stage)
          .filter(({ keyword }) => keyword === 'ARG')
          .map((arg) => ofArg(arg, input)),
      ),
    ),
};
