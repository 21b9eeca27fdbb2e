import { lookup } from '../../model/lookup.ts';
import { constantField, type Field } from './fields.ts';

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
/** Commands of one `find` that are looked at. */
const MOST = 8;

function runner(valued: string, verb = /^run$/, before?: RegExp, own = 0): Runner {
  return {
    verb,
    valued: new Set(valued.split(' ')),
    own,
    ...(before === undefined ? {} : { before }),
  };
}

/** `poetry run COMMAND`; what stands between is its options, `mise exec TOOL -- COMMAND` its tools. */
function behindVerb(program: string, words: readonly Field[]): readonly (readonly Field[])[] {
  const known = RUNNERS[program];
  if (known === undefined) return [];
  let isVerbSeen = false;
  let own = known.own;
  for (let at = 0; at < words.length; at += 1) {
    const text = words[at]?.text ?? '';
    if (isVerbSeen && text === '--') return [words.slice(at + 1)];
    if (known.valued.has(text)) at += 1;
    else if (!text.startsWith('-')) {
      if (isVerbSeen && own-- <= 0) return [words.slice(at)];
      if (!isVerbSeen && known.verb.test(text)) isVerbSeen = true;
      else if (!isVerbSeen && known.before?.test(text) !== true) return [];
    }
  }
  return [];
}

/** `find ... -exec COMMAND ;`, with a file that is not known. */
function executedByFind(words: readonly Field[]): readonly (readonly Field[])[] {
  const found: (readonly Field[])[] = [];
  for (let at = 0; at < words.length && found.length < MOST; at += 1) {
    if (!/^-(?:exec|ok)(?:dir)?$/.test(words[at]?.text ?? '')) continue;
    const end = words.findIndex((f, i) => i > at && (f.text === ';' || f.text === '+'));
    const command = words.slice(at + 1, end < 0 ? undefined : end);
    found.push(command.map((f) => (f.text.includes('{}') ? { ...f, constant: false } : f)));
    at += command.length;
  }
  return found;
}

/** `parallel COMMAND ::: WORDS`, once, with a word that is not known. */
function inParallel(words: readonly Field[]): readonly (readonly Field[])[] {
  const valued = /^(?:-[jaPSI]|--jobs|--arg-file|--colsep|--delay|--retries|--timeout)$/;
  let at = 0;
  for (; words[at]?.text.startsWith('-') === true; at += 1)
    if (valued.test(words[at]?.text ?? '')) at += 1;
  const end = words.findIndex(({ text }) => /^:::[:+]*$/.test(text));
  const command = words.slice(at, end < 0 ? undefined : end);
  return command.length === 0
    ? []
    : [[...command, { ...constantField('$(input)'), constant: false }]];
}

/** The commands that a program starts besides what it does itself. */
export function startedBy(program: string, words: readonly Field[]): readonly (readonly Field[])[] {
  const commands =
    program === 'find'
      ? executedByFind(words)
      : program === 'parallel'
        ? inParallel(words)
        : behindVerb(program, words);
  return commands.filter(({ length }) => length > 0);
}
