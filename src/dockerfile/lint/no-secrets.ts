import { instructionsOf, type RuleCheck } from './rule.ts';

/** Secrets that the Dockerfile spells out: whoever has the image has them, from its history or its configuration. */
export const noSecretsCheck: RuleCheck = ({ stages, knowledge }) =>
  instructionsOf(stages, 'ENV', 'ARG', 'LABEL', 'RUN', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK').flatMap(
    (instruction) =>
      knowledge.secretsIn(instruction).map((secret) => ({
        range: instruction.range,
        message: `${instruction.keyword} spells out a secret, ${secret}`,
      })),
  );
