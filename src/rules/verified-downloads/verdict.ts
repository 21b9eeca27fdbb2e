import type { Download } from '../../model/build-analysis.ts';
import type { BuildFact } from '../../model/facts.ts';
import { NAME_THE_DOCKERFILE } from '../../model/facts.ts';
import { quantity } from '../../model/quantity.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { type JudgedLine, judgeLines } from '../shared/verdict/line-verdicts.ts';

interface JudgedDownload extends JudgedLine {
  readonly weak: boolean;
}

/** The digest by which a replay pinned a download: of the file, or of git's first request. */
function replayedDigest(
  { url, kind }: Download,
  replayed: BuildFact['replayed'],
): string | undefined {
  if (replayed === undefined || url === undefined || kind === 'add' || !URL.canParse(url))
    return undefined;
  const { href } = new URL(url);
  if (kind === 'git')
    return [href, `${href.replace(/\/$/, '')}.git`]
      .map((one) => replayed.get(`${one.replace(/\/$/, '')}/info/refs?service=git-upload-pack`))
      .find((digest) => digest !== undefined);
  return replayed.get(href);
}

/** Whether a download is verified before it is used; `replayed` as in `BuildFact`. */
export function judgeDownload(
  download: Download,
  replayed?: BuildFact['replayed'],
): JudgedDownload {
  const { range, command, verifiedBy: check, ineffectiveCheck, open } = download;
  const answer = (state: JudgedLine['state'], reason: string, weak = false): JudgedDownload => ({
    range,
    command,
    state,
    reason,
    weak,
  });
  if (download.pipedToShell) return answer('loose', 'goes straight into an interpreter');
  const digest = replayedDigest(download, replayed);
  if (digest !== undefined && (check === undefined || check.weak !== undefined))
    return answer('held', `replayed by ${digest} in the lock, not checked by its publisher`, true);
  if (open !== undefined) return answer('open', open);
  if (check !== undefined)
    return check.weak === undefined
      ? answer('held', `verified by ${check.method}, line ${check.range.startLine}`)
      : answer('held', `verified by ${check.method}, weak: ${check.weak}`, true);
  return ineffectiveCheck === undefined
    ? answer('loose', 'nothing verifies it')
    : answer(
        'loose',
        `${ineffectiveCheck.method} cannot stop the build: ${ineffectiveCheck.reason}`,
      );
}

export const verifiedDownloads = criterion({
  id: 'verified-downloads',
  title: 'Downloads verified by signature or checksum',
  vector: 'provenance',
  level: 2,
  spec: '#verify-downloads',
  why: 'A download that is not checked can be replaced, on the server or on the way, and then runs in your build.',
  needs: ['build'],
  settle: NAME_THE_DOCKERFILE,
  decidedBy:
    'What was seen decides first. A RUN with `--network=none` downloads nothing. Where this build ' +
    'replayed a complete recording, or a verified provenance says so, each download is known by ' +
    'its digest. Else the Dockerfile is read. Each download of the stages that the build reaches ' +
    'must be verified before use, in a form that is known as a whole. A failed check must stop ' +
    'the build. A download that is piped into a shell always fails. A checksum from the same ' +
    'origin as the file passes and is marked weak. What has no known form leaves it unknown, and ' +
    'so does a program of which no table says what it does. Then build with `--record`, and with ' +
    '`--replay`.',
  check: ({ build }) =>
    judgeLines(build, {
      judge: ({ downloads }) => downloads.map((one) => judgeDownload(one, build.replayed)),
      none: { summary: 'the build downloads nothing', lookedAt: 'no download in any stage' },
      held: (judged) => {
        const weak = judged.filter((one) => one.weak).length;
        return `${quantity(judged.length, 'download')} verified${weak === 0 ? '' : `, ${weak} weakly`}`;
      },
      settle: NAME_THE_DOCKERFILE,
      settleOpen: 'build with --record, then --replay: then each download is known by digest',
    }),
  fixable: true,
  remedies: [
    {
      title: 'Verify what is downloaded before it is used',
      detail:
        'Give the checksum in the Dockerfile, with ADD --checksum or sha256sum -c in the same RUN, or verify the publisher’s signature.',
      example: 'ADD --checksum=sha256:... https://example.com/tool.tar.gz /tmp/',
    },
  ],
});
