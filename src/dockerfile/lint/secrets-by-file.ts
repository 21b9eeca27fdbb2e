import { instructionsOf, type RuleCheck } from './rule.ts';

/** Variables of the image whose names say that they hold a secret, with or without a value. */
export const secretsByFileCheck: RuleCheck = ({ finalStages, knowledge }) =>
  instructionsOf(finalStages, 'ENV').flatMap(({ range, arguments: words }) =>
    words.flatMap((word) => {
      const [name = '', value = ''] = word.split('=', 2);
      // A path names the file that the secret is read from.
      const reason = value.startsWith('/') ? undefined : knowledge.secretName(name);
      if (reason === undefined) return [];
      return [{ range, message: `${name} in the environment is ${reason}`, word: name }];
    }),
  );
