import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { linesBehind, NOTHING, proposal } from '../shared/edit/proposal.ts';
import { quoted } from '../shared/edit/run-text.ts';
import { fromOf, inImage } from '../shared/edit/stage-view.ts';

const SOURCE = 'org.opencontainers.image.source';

function plan(input: FixInput): FixPlan {
  const { model, source, facts } = input;
  const from = fromOf(input, model.target);
  const { repository } = facts;
  const has = inImage(input).some(
    ({ keyword, instruction }) =>
      keyword === 'LABEL' &&
      instruction.arguments.some((word) => word.replace(/["']/g, '').startsWith(`${SOURCE}=`)),
  );
  if (from === undefined || repository === undefined || has) return NOTHING;
  return {
    edits: [
      proposal(from, {
        key: 'source',
        title: `Say where the source is: ${repository}`,
        why:
          'Registries link to it, and users of the image find its source. scoville build sets it ' +
          'automatically; other builders read it here',
        risk: 'none',
        riskReason: 'metadata only',
        edits: [
          linesBehind(source, from, [`LABEL ${SOURCE}=${quoted(repository, source.escape)}`]),
        ],
      }),
    ],
    refusals: [],
  };
}

/** The image says where its source is. */
export const sourceLabel: FixRule = {
  id: 'source-label',
  title: 'Say where the source is',
  help:
    'Adds `LABEL org.opencontainers.image.source` with the address of git’s remote `origin`, without user and password, behind the last FROM. `created` and the authors cannot be known from here: `scoville build` adds the time, and ' +
    '[`annotations`](criteria/annotations.md) says how to give the rest.',
  breaks: [],
  criterion: 'annotations',
  needs: ['git'],
  plan,
};
