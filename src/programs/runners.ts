import { lookup } from '../model/lookup.ts';
import { valuedOptions } from './options/catalogue.ts';

interface Runner {
  readonly verb: RegExp;
  /** A word that may stand before the verb: `rvm 3.2 do gem`. */
  readonly before?: RegExp;
  /** Words of its own between the verb and the command; `--` ends them. */
  readonly own: number;
}

/** Programs that run a command in the environment they keep, by the verbs before it. */
const RUNNERS = lookup<Runner>({
  conda: runner(),
  mamba: runner(),
  micromamba: runner(),
  poetry: runner(),
  pipenv: runner(),
  pdm: runner(),
  rye: runner(),
  hatch: runner(),
  pixi: runner(),
  uv: runner(),
  bundle: runner(/^exec$/),
  rbenv: runner(/^exec$/),
  pyenv: runner(/^exec$/),
  nodenv: runner(/^exec$/),
  goenv: runner(/^exec$/),
  asdf: runner(/^exec$/),
  opam: runner(/^exec$/),
  volta: runner(/^run$/),
  fnm: runner(/^exec$/),
  rvm: runner(/^do$/, /^(?:[\w.@,-]+)$/),
  nvm: runner(/^(?:exec|run)$/, undefined, 1),
  direnv: runner(/^exec$/, undefined, 1),
  scl: runner(/^(?:enable|run)$/, undefined, Infinity),
  mise: runner(/^(?:exec|x)$/, undefined, Infinity),
});

function runner(verb = /^run$/, before?: RegExp, own = 0): Runner {
  return {
    verb,
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
  const valued = valuedOptions(program);
  let isVerbSeen = false;
  let own = known.own;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (isVerbSeen && word === '--') return at + 1;
    if (valued.has(word)) at += 1;
    else if (!word.startsWith('-')) {
      if (isVerbSeen && own-- <= 0) return at;
      if (!isVerbSeen && known.verb.test(word)) isVerbSeen = true;
      else if (!isVerbSeen && known.before?.test(word) !== true) return undefined;
    }
  }
  return undefined;
}
