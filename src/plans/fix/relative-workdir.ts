import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { NOTHING, proposal, refusal } from './proposal.ts';
import { baseOfImage, baseUnknown, inImage } from './stage-view.ts';

function plan(input: FixInput): FixPlan {
  const first = inImage(input).find(({ keyword }) => keyword === 'WORKDIR');
  if (first === undefined) return NOTHING;
  const written = first.text.slice(first.argumentsAt).trim();
  if (written === '' || /^["']?(?:[/\\$%]|[A-Za-z]:)/.test(written)) return NOTHING;
  const unknown = baseUnknown(input);
  if (unknown !== undefined) return { edits: [], refusals: [refusal(first, unknown)] };
  const folder = baseOfImage(input)?.config.config?.WorkingDir ?? '';
  const at = first.argumentsAt + (/^["']/.test(written) ? 1 : 0);
  const { start } = first.place(at, at + 1);
  const head = folder === '' || folder === '/' ? '/' : `${folder.replace(/\/+$/, '')}/`;
  return {
    edits: [
      proposal(first, {
        key: 'workdir',
        title: `Write ${written} as ${head}${written}`,
        why: 'Where a relative folder leads is up to the base image, and may change with it',
        risk: 'none',
        riskReason: `the base works in ${folder === '' ? '/' : folder}`,
        edits: [{ start, end: start, text: head }],
      }),
    ],
    refusals: [],
  };
}

/** The first WORKDIR says where it is. */
export const relativeWorkdir: FixRule = {
  id: 'relative-workdir',
  title: 'Begin with an absolute WORKDIR',
  help: 'Puts the folder in which the base works in front of a first `WORKDIR` that is relative.',
  breaks: [
    {
      what: 'the image works in another folder',
      shownBy: 'the folder that the base works in was read from its configuration',
    },
  ],
  lint: 'relative-workdir',
  needs: ['bases'],
  plan,
};
