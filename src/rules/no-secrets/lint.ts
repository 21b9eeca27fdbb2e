import { buildArgumentSecrets, configSecrets } from '../../facts/secrets/document-secrets.ts';
import { assignments } from '../../model/assignment.ts';
import type { Instruction } from '../../model/dockerfile.ts';
import type { SecretFinding } from '../../model/secret-facts.ts';
import { criterionRule, instructionsOf } from '../shared/lint/rule.ts';
import { leftSecrets } from './left-secrets.ts';
import { noSecrets } from './verdict.ts';

/** Secrets in the parts of an instruction that its image contains, where criteria look for them. */
function secretsOf({
  keyword,
  arguments: words,
  rawArguments,
  heredocs,
}: Instruction): readonly SecretFinding[] {
  if (keyword === 'ENV') return configSecrets({ config: { Env: [...words] } }).findings;
  if (keyword === 'ARG') return buildArgumentSecrets(assignments(words)).findings;
  if (keyword === 'LABEL')
    return configSecrets({ config: { Labels: assignments(words) } }).findings;
  const text = [rawArguments, ...heredocs.map(({ content }) => content)].join('\n');
  return configSecrets({ history: [{ created_by: text }] }).findings;
}

function secretText({ rule, masked, path }: SecretFinding): string {
  return path === undefined || path.startsWith('history')
    ? `${masked} (${rule})`
    : `${path}=${masked} (${rule})`;
}

const SPELLS = ['ENV', 'ARG', 'LABEL', 'RUN', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK'];

/** Secrets in the Dockerfile's text: the image's history or configuration shows them to anyone. */
export const noSecretsRule = criterionRule(noSecrets, {
  bad: 'FROM alpine:3.22\nRUN DB_PASSWORD=tr0ub4dor-and-3 ./migrate\n',
  good: 'FROM alpine:3.22\nRUN --mount=type=secret,id=db DB_PASSWORD_FILE=/run/secrets/db ./migrate\n',
  check: ({ stages, left, context }) => {
    const spelled = instructionsOf(stages, ...SPELLS).flatMap((instruction) => {
      const secrets = [...new Set(secretsOf(instruction).map(secretText))];
      if (secrets.length === 0) return [];
      const message = `${instruction.keyword} spells out a secret: ${secrets.slice(0, 3).join(', ')}`;
      return [{ range: instruction.range, message }];
    });
    const lines = new Set(spelled.map(({ range }) => range.startLine));
    const written = leftSecrets(left.files, context);
    // What an instruction spells out and writes to a file is one secret.
    return [...spelled, ...written.filter(({ range }) => !lines.has(range.startLine))];
  },
});
