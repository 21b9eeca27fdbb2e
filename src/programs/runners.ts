import { lookup } from '../model/lookup.ts';

interface Runner {
  readonly verb: RegExp;
  /** Options that take a value. */
  readonly valued: ReadonlySet<string>;
  /** A word that may stand before the verb: `rvm 3.2 do gem`. */
  readonly before?: RegExp;
  /** Words of its own between the verb and the command; `--` ends them. */
  readonly own: number;
}

/** Programs that run a command in the environment they keep; options of theirs that take a value, and the verbs before it. */
const RUNNERS = lookup<Runner>({
  conda: runner('-n -p --name --prefix --cwd'),
  mamba: runner('-n -p --name --prefix --cwd'),
  micromamba: runner('-n -p -r -a --name --prefix --root-prefix --cwd --attach'),
  poetry: runner('-C -P --directory --project'),
  pipenv: runner('--python'),
  pdm: runner('-p -c --project --config'),
  rye: runner('--pyproject'),
  hatch: runner('-e -p --env --project'),
  pixi: runner('-e -x --environment --manifest-path'),
  uv: runner(
    '-p -w -i --python --with --with-editable --with-requirements --project --directory --extra --group --only-group --no-group ' +
      '--env-file --index --default-index --index-url --extra-index-url --package --cache-dir --config-file',
  ),
  bundle: runner('', /^exec$/),
  rbenv: runner('', /^exec$/),
  pyenv: runner('', /^exec$/),
  nodenv: runner('', /^exec$/),
  goenv: runner('', /^exec$/),
  asdf: runner('', /^exec$/),
  opam: runner('--switch --root', /^exec$/),
  volta: runner('--node --npm --yarn --pnpm', /^run$/),
  fnm: runner('--using', /^exec$/),
  rvm: runner('', /^do$/, /^(?:[\w.@,-]+)$/),
  nvm: runner('', /^(?:exec|run)$/, undefined, 1),
  direnv: runner('', /^exec$/, undefined, 1),
  scl: runner('', /^(?:enable|run)$/, undefined, Infinity),
  mise: runner('-C --cd', /^(?:exec|x)$/, undefined, Infinity),
});

function runner(valued: string, verb = /^run$/, before?: RegExp, own = 0): Runner {
  return {
    verb,
    valued: new Set(valued.split(' ')),
    own,
    ...(before === undefined ? {} : { before }),
  };
}

/**
 * Where the command begins that a runner starts (`poetry run COMMAND`), as an index into its words;
 * undefined for other programs and verbs. What stands between is its options, or its own words
 * (`mise exec TOOL -- COMMAND`).
 */
export function runAt(program: string, words: readonly string[]): number | undefined {
  const known = RUNNERS[program];
  if (known === undefined) return undefined;
  let isVerbSeen = false;
  let own = known.own;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (isVerbSeen && word === '--') return at + 1;
    if (known.valued.has(word)) at += 1;
    else if (!word.startsWith('-')) {
      if (isVerbSeen && own-- <= 0) return at;
      if (!isVerbSeen && known.verb.test(word)) isVerbSeen = true;
      else if (!isVerbSeen && known.before?.test(word) !== true) return undefined;
    }
  }
  return undefined;
}
