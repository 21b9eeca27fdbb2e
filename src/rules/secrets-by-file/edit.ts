import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { lookup } from '../../model/lookup.ts';
import { secretName } from '../../model/secret-names.ts';
import { NOTHING, proposal, refusedAt, together } from '../shared/edit/proposal.ts';
import { inImage, type Placed } from '../shared/edit/stage-view.ts';

/** Variables that official images also read from a file (`NAME_FILE`), by Docker Hub repository. */
const BY_FILE = lookup<RegExp>({
  'library/postgres': /^POSTGRES_(?:PASSWORD|USER|DB|INITDB_ARGS)$/,
  'library/mysql': /^MYSQL_(?:ROOT_PASSWORD|ROOT_HOST|DATABASE|USER|PASSWORD)$/,
  'library/mariadb':
    /^(?:MARIADB|MYSQL)_(?:ROOT_PASSWORD|ROOT_PASSWORD_HASH|ROOT_HOST|DATABASE|USER|PASSWORD|PASSWORD_HASH)$/,
  'library/mongo': /^MONGO_INITDB_ROOT_(?:USERNAME|PASSWORD)$/,
  'library/wordpress': /^WORDPRESS_(?:DB_(?:HOST|USER|PASSWORD|NAME)|[A-Z_]+_(?:KEY|SALT))$/,
});

function readsFile(name: string, { model, imageStages }: FixInput): boolean {
  const [first] = imageStages;
  const base = first === undefined ? undefined : model.stages[first]?.base;
  const reference = base?.kind === 'image' ? base.image.reference : undefined;
  const repository = reference?.repository ?? '';
  return reference?.registry === 'docker.io' && BY_FILE[repository]?.test(name) === true;
}

function ofEnv(env: Placed, input: FixInput): FixPlan {
  return together(
    env.words.map(({ text, start }): FixPlan => {
      const name = /^(\w+)=/.exec(text)?.[1] ?? (env.words[0]?.text === text ? text : '');
      if (!/^\w+$/.test(name) || secretName(name) === undefined) return NOTHING;
      if (!text.includes('=') || !readsFile(name, input))
        return refusedAt(
          env,
          `${name} stays in the environment: the program has to read it from a file (${name}_FILE=/run/secrets/...), and its value has to be replaced`,
        );
      const file = `/run/secrets/${name.toLowerCase().replaceAll('_', '-')}`;
      return {
        edits: [
          proposal(env, {
            key: name,
            title: `Read ${name} from ${file}`,
            why:
              'Anyone with the image can read its variables. The entry point of this base also reads a ' +
              'file. Replace the value that was here',
            risk: 'high',
            riskReason: `containers have to be given the file: docker run -v SECRET:${file}:ro`,
            edits: [{ ...env.place(start, start + text.length), text: `${name}_FILE=${file}` }],
          }),
        ],
        refusals: [],
      };
    }),
  );
}

/** Secrets at run time come as files where the base is known to read them. */
export const runtimeSecrets: FixRule = {
  id: 'runtime-secrets',
  title: 'Read secrets from files at run time',
  help:
    'On the official images of postgres, mysql, mariadb, mongo and wordpress, whose entry points read `NAME_FILE`: `ENV POSTGRES_PASSWORD=...` becomes `ENV POSTGRES_PASSWORD_FILE=/run/secrets/postgres-password`. Of other images it is not ' +
    'known what their program reads, so that they are left alone, with what would have to be done.',
  breaks: [{ what: 'a container that is not given the file does not start' }],
  criterion: 'secrets-by-file',
  needs: [],
  plan: (input) =>
    together(
      inImage(input)
        .filter(({ keyword }) => keyword === 'ENV')
        .map((env) => ofEnv(env, input)),
    ),
};
