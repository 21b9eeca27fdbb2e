import { instructionsOf, type RuleCheck } from '../shared/lint/rule.ts';

/** Secrets that the Dockerfile spells out: whoever has the image has them, from its history or its configuration. */
export const noSecretsCheck: RuleCheck = ({ stages, knowledge }) =>
  instructionsOf(stages, 'ENV', 'ARG', 'LABEL', 'RUN', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK').flatMap(
    (instruction) => {
      const secrets = knowledge.secretsIn(instruction);
      if (secrets.length === 0) return [];
      const message = `${instruction.keyword} spells out a secret: ${secrets.slice(0, 3).join(', ')}`;
      return [{ range: instruction.range, message }];
    },
  );
