import { isRootUser } from '../../model/dockerfile.ts';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import type { TextEdit } from '../../model/planned-edit.ts';
import { secretName } from '../../model/secret-names.ts';
import { lineEnd, NOTHING, proposed, refusedAt, together } from '../shared/edit/proposal.ts';
import { addFlag } from '../shared/edit/run-text.ts';
import { inStage, isExecForm, type Placed } from '../shared/edit/stage-view.ts';

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
