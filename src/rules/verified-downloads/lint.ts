import { lineFindings } from '../shared/lint/line-findings.ts';
import { criterionRule, PIN } from '../shared/lint/rule.ts';
import { judgeDownload, verifiedDownloads } from './verdict.ts';

/** Downloads that the criterion would fail, or could not decide. */
export const verifiedDownloadsRule = criterionRule(verifiedDownloads, {
  bad: 'FROM alpine:3.22\nRUN wget -qO- https://example.com/install.sh | sh\n',
  good: `FROM alpine:3.22\nADD --checksum=${PIN} https://example.com/tool.tar.gz /tmp/\n`,
  check: ({ analysis }) => lineFindings(analysis.downloads.map((one) => judgeDownload(one))),
});
