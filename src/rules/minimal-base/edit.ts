import { posix } from 'node:path';
import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { lookup } from '../../model/lookup.ts';
import { formatReference, type ImageReference } from '../../model/reference.ts';
import { addedImage } from '../shared/edit/added-image.ts';
import { imagePlaces } from '../shared/edit/image-places.ts';
import { othersOn, purposeOf, PURPOSES } from '../shared/edit/program/purpose.ts';
import { checked, started } from '../shared/edit/program/started.ts';
import { NOTHING, proposed, refusedAt } from '../shared/edit/proposal.ts';
import { fromOf, inImage, installedByApt, outsideBase } from '../shared/edit/stage-view.ts';

/** Official images with a slim variant, and the commonly called programs that the variant lacks. */
const CLIENTS = ['curl', 'wget', 'git', 'hg', 'svn', 'ssh', 'unzip', 'make', 'patch'];
const COMPILERS = ['gcc', 'g++', 'cc', 'c++', 'autoconf', 'automake'];
const LACKS = lookup<readonly string[]>({
  node: [...CLIENTS, ...COMPILERS, 'python', 'python3', 'node-gyp'],
  python: [...CLIENTS, ...COMPILERS],
  ruby: [...CLIENTS, ...COMPILERS, 'bundle', 'bundler', 'gem', 'rake', 'rails'],
  perl: [...CLIENTS, ...COMPILERS, 'cpanm', 'cpan'],
  rust: CLIENTS,
  debian: [],
});
/** A version or a release, with nothing that says which variant. */
const WHOLE = /^(\d[\d.]*|latest|bullseye|bookworm|trixie|stable)(-(?:bullseye|bookworm|trixie))?$/;

/** The slim variant of an image, by the same version; undefined where there is none. */
function slimOf(reference: ImageReference): ImageReference | undefined {
  const name = reference.repository.replace(/^.*\//, '');
  const found = WHOLE.exec(reference.tag ?? 'latest');
  if (LACKS[name] === undefined || found === null) return undefined;
  const [, version = '', release = ''] = found;
  const { digest, ...unpinned } = reference;
  // By its digest alone it is not known which variant it is.
  if (digest !== undefined && reference.tag === undefined) return undefined;
  // The newest Debian has no slim variant under its own name.
  if (version === 'latest') return name === 'debian' ? undefined : { ...unpinned, tag: 'slim' };
  return { ...unpinned, tag: `${version}-slim${release}` };
}

/** Images that the rule may put into this Dockerfile, whose digests are to be known. */
export function slimImages(
  input: Pick<FixInput, 'model' | 'imageStages'>,
): readonly ImageReference[] {
  const reference = outsideBase(input)?.reference;
  const slim = reference === undefined ? undefined : slimOf(reference);
  return slim === undefined ? [] : [slim];
}

/** Where a RUN, the start command or a script calls a program that the slim variant lacks. */
function callerOf(lacking: readonly string[], input: FixInput): string | undefined {
  const installed = installedByApt(input);
  const missing = new Set(lacking.filter((name) => !installed.has(name)));
  for (const { keyword, instruction, line } of inImage(input)) {
    if (keyword !== 'RUN') continue;
    if (instruction.shellError !== undefined) return `line ${line} cannot be read`;
    for (const { words } of instruction.commands) {
      const name = posix.basename(words[0]?.value ?? '');
      if (missing.has(name)) return `line ${line} calls ${name}`;
    }
  }
  const called = [started(input), checked(input)].flatMap((run) => run.called);
  const found = called.find(({ name }) => missing.has(name));
  return found === undefined ? undefined : `${found.by} calls ${found.name}`;
}

function plan(input: FixInput): FixPlan {
  const from = fromOf(input, input.imageStages[0] ?? 0);
  const reference = outsideBase(input)?.reference;
  const slim = reference === undefined ? undefined : slimOf(reference);
  if (from === undefined || reference === undefined || slim === undefined) return NOTHING;
  const place = imagePlaces(input).find(({ line }) => line === from.line);
  if (place === undefined || place.text.includes('$')) return NOTHING;
  const name = `${reference.repository.replace(/^.*\//, '')}:${slim.tag ?? ''}`;
  const refused = (reason: string): FixPlan => refusedAt(from, `the base stays whole: ${reason}`);
  const added = addedImage(formatReference(slim), input);
  if (!added.ok) return refused(added.error);
  const caller = callerOf(LACKS[reference.repository.replace(/^.*\//, '')] ?? [], input);
  if (caller !== undefined) return refused(`${caller}, which ${name} does not have`);
  if (reference.digest !== undefined) return refused('its digest is pinned');
  const purpose = purposeOf(input);
  if (purpose !== 'service') return refused(PURPOSES[purpose]);
  if (othersOn(input, input.imageStages)) return refused('other stages use it');
  const tag = reference.tag === undefined ? 0 : reference.tag.length + 1;
  return proposed(from, {
    key: 'base',
    title: `Use ${name}`,
    why: 'The full image includes compilers, headers and clients that your app does not use',
    risk: 'medium',
    riskReason:
      'packages that compile code at installation fail, and programs that are called without notice are missing; check with --verify',
    meets: ['minimal-base'],
    edits: [
      {
        start: place.end - tag,
        end: place.end,
        text: `:${slim.tag ?? ''}${added.value.slice(added.value.indexOf('@'))}`,
      },
    ],
  });
}

export const slimBase: FixRule = {
  id: 'slim-base',
  criterion: 'minimal-base',
  needs: ['digests', 'bases'],
  plan,
};
