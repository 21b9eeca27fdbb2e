import { type Criterion, SPEC_URL } from '../../model/criterion.ts';
import type { Facts } from '../../model/facts.ts';
import type { LintLevel, LintRule } from '../../model/lint.ts';
import { FILE_RULES, IMAGE_CHECKS, OWN_RULES } from '../../rules/lints.ts';
import { CATALOGUE } from '../../rules/verdicts.ts';

/** Facts that a Dockerfile gives without a build. */
const WITHOUT_BUILD: ReadonlySet<keyof Facts> = new Set(['build', 'declarations']);

/** Criteria whose whole verdict a Dockerfile decides. */
export const DOCKERFILE_CRITERIA: readonly Criterion[] = CATALOGUE.filter(({ needs }) =>
  needs.every((name) => WITHOUT_BUILD.has(name)),
);

const PIN = `sha256:${'0'.repeat(64)}`;

/** What is bad and what is good by a criterion, as far as a Dockerfile shows it. */
const EXAMPLES: Readonly<Record<string, Pick<LintRule, 'bad' | 'good'>>> = {
  'minimal-base': {
    bad: 'FROM gcr.io/distroless/base-debian13:debug\n',
    good: 'FROM gcr.io/distroless/base-debian13:nonroot\n',
  },
  'no-build-tooling': {
    bad: 'FROM debian:trixie-slim\nRUN apt-get update && apt-get install -y build-essential && rm -rf /var/lib/apt/lists/*\n',
    good: 'FROM debian:trixie-slim AS build\nRUN apt-get update && apt-get install -y build-essential\nFROM debian:trixie-slim\nCOPY --from=build /out /usr/bin/app\n',
  },
  'no-secrets': {
    bad: 'FROM alpine:3.22\nRUN DB_PASSWORD=tr0ub4dor-and-3 ./migrate\n',
    good: 'FROM alpine:3.22\nRUN --mount=type=secret,id=db DB_PASSWORD_FILE=/run/secrets/db ./migrate\n',
  },
  'nonroot-user': {
    bad: 'FROM alpine:3.22\nUSER root\n',
    good: 'FROM alpine:3.22\nUSER 65532:65532\n',
  },
  'pinned-images': {
    bad: 'FROM debian:trixie-slim\n',
    good: `FROM debian:trixie-slim@${PIN}\n`,
  },
  'pinned-packages': {
    bad: 'FROM node:22-slim\nRUN npm install --global typescript\n',
    good: 'FROM node:22-slim\nRUN npm install --global typescript@5.9.3\n',
  },
  'secrets-by-file': {
    bad: 'FROM alpine:3.22\nENV DB_PASSWORD=\n',
    good: 'FROM alpine:3.22\nENV DB_PASSWORD_FILE=/run/secrets/db-password\n',
  },
  'trusted-source': {
    bad: 'FROM someone/node:22\n',
    good: 'FROM node:22-slim\n',
  },
  'verified-downloads': {
    bad: 'FROM alpine:3.22\nRUN wget -qO- https://example.com/install.sh | sh\n',
    good: `FROM alpine:3.22\nADD --checksum=${PIN} https://example.com/tool.tar.gz /tmp/\n`,
  },
};

/** Levels 1 and 2 are what every image should meet. */
function levelOf({ level }: Criterion): LintLevel {
  if (level <= 2) return 'error';
  return level === 3 ? 'warning' : 'info';
}

function ruleOf(criterion: Criterion): LintRule {
  const { id, title, spec, decidedBy = '', remedies } = criterion;
  return {
    id,
    title,
    level: levelOf(criterion),
    help: decidedBy,
    remedy: remedies[0]?.title ?? title,
    bad: EXAMPLES[id]?.bad ?? '',
    good: EXAMPLES[id]?.good ?? '',
    specification: `${SPEC_URL}${spec}`,
  };
}

const JUDGED = new Set([...DOCKERFILE_CRITERIA.map(({ id }) => id), ...Object.keys(IMAGE_CHECKS)]);

/** Every rule of `scoville lint`: the criteria that a Dockerfile shows something of, then our own. */
export const LINT_RULES: readonly LintRule[] = [
  ...CATALOGUE.filter(({ id }) => JUDGED.has(id)).map(ruleOf),
  ...OWN_RULES,
  ...FILE_RULES,
];
