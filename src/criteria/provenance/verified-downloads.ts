import type { Download } from '../../model/build-analysis.ts';
import { analysisOf, linesOf, unreadEvidence } from '../build-analysis.ts';
import { criterion } from '../criterion.ts';
import { count, fail, lineEvidence, notApplicable, note, pass, unknown } from '../verdict.ts';

interface Judged {
  readonly download: Download;
  readonly verified: boolean;
  readonly weak: boolean;
  readonly reason: string;
}

function judge(download: Download): Judged {
  const { verifiedBy: check, ineffectiveCheck: vain } = download;
  const answer = (verified: boolean, reason: string, weak = false): Judged => ({
    download,
    verified,
    weak,
    reason,
  });
  if (download.pipedToShell) return answer(false, 'goes straight into an interpreter');
  if (check !== undefined)
    return check.weak === undefined
      ? answer(true, `verified by ${check.method}, line ${check.range.startLine}`)
      : answer(true, `verified by ${check.method}, weak: ${check.weak}`, true);
  return vain === undefined
    ? answer(false, 'nothing verifies it')
    : answer(false, `${vain.method} cannot stop the build: ${vain.reason}`);
}

const SETTLE = 'scoville grade --file Dockerfile';

export const verifiedDownloads = criterion({
  id: 'verified-downloads',
  title: 'Downloads verified by signature or checksum',
  vector: 'provenance',
  level: 2,
  spec: '#verify-downloads',
  needs: ['build'],
  settle: SETTLE,
  decidedBy:
    'Each download of the stages that the build reaches (curl, wget, `ADD http`, `git clone`, packages from URLs) is judged on its own: it is ' +
    'verified before use by a checksum, a signature or a pinned commit whose failure stops the build. What is piped into a shell always fails. A checksum ' +
    'from the same origin as the file passes and is marked weak. A build that downloads nothing has nothing to verify.',
  check: ({ build }) => {
    const analysis = analysisOf(build);
    if (!analysis.known) return unknown(analysis.reason, analysis.settle ?? SETTLE);
    const { source, value } = analysis;
    const judged = value.downloads.map(judge);
    const evidence = [
      ...judged.map(({ download, reason }) =>
        lineEvidence(download.range, download.command, reason),
      ),
      ...unreadEvidence(value),
    ];
    const bare = judged.filter(({ verified }) => !verified);
    const first = bare[0];
    if (first !== undefined)
      return fail(`${linesOf(bare.map(({ download }) => download))}: ${first.reason}`, evidence, {
        source,
      });
    if (value.unread.length > 0)
      return unknown(
        `the shell in ${linesOf(value.unread)} could not be read`,
        undefined,
        evidence,
        source,
      );
    if (judged.length === 0)
      return notApplicable('the build downloads nothing', [note('no download in any stage')], {
        source,
      });
    const weak = judged.filter((j) => j.weak).length;
    const marked = weak === 0 ? '' : `, ${weak} weakly`;
    return pass(`${count(judged.length, 'download')} verified${marked}`, evidence, { source });
  },
  remedies: [
    {
      title: 'Verify what is downloaded before it is used',
      detail:
        'Give the checksum in the Dockerfile, with ADD --checksum or sha256sum -c in the same RUN, or verify the publisher’s signature.',
      example: 'ADD --checksum=sha256:... https://example.com/tool.tar.gz /tmp/',
    },
  ],
});
