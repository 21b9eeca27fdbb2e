import type { Field } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { type CommandLine, optionNames, readCommandLine } from '../command-line.ts';
import { addressName, type Fetch, fetchOf, isRemote } from './fetch.ts';

const CURL_VALUED = optionNames(
  '-o -H -X -d -u -A -e -x -m -C -b -c -T -F -K -r -w -y -Y -z -E -U -P -Q -t -D --output --header --request ' +
    '--data --data-raw --data-binary --data-urlencode --user --user-agent --referer --proxy --max-time --retry ' +
    '--retry-delay --retry-max-time --connect-timeout --cacert --capath --cert --key --ciphers --tls-max --resolve ' +
    '--cookie --cookie-jar --output-dir --url --limit-rate --write-out --range --upload-file --form --config ' +
    '--max-redirs --proto --proto-redir --proto-default --noproxy --interface --dns-servers --oauth2-bearer ' +
    '--create-file-mode --max-filesize --speed-limit --speed-time --dump-header --stderr --aws-sigv4 --netrc-file',
);
const WGET_VALUED = optionNames(
  '-O -P -o -a -i -t -T -U -e -w -Q -A -R -D -I -X -l -B --output-document --directory-prefix --output-file ' +
    '--append-output --input-file --tries --timeout --user-agent --header --execute --wait --quota --user --password ' +
    '--ca-certificate --ca-directory --post-data --post-file --limit-rate --waitretry --read-timeout --dns-timeout ' +
    '--connect-timeout --method --body-data --max-redirect --referer',
);
const ARIA_VALUED = optionNames('-o -d -x -s -j -k --out --dir --checksum --split --header');

/** Sends rather than fetches, or asks for headers alone. */
function fetchesNothing(line: CommandLine): boolean {
  if (line.has('-I', '--head', '-T', '--upload-file', '--spider')) return true;
  return line
    .values('-X', '--request', '--method')
    .some((f) => /^(?:PUT|DELETE|PATCH|HEAD)$/i.test(f.text));
}

function kept(event: CommandEvent, address: Field, target: string | undefined): readonly Fetch[] {
  const kind = event.program === 'wget' ? 'wget' : event.program === 'curl' ? 'curl' : 'other';
  if (!isRemote(address.text)) return [];
  if (target === undefined || target === '-' || target === '/dev/stdout') {
    const file = event.writesTo[0];
    if (file === '/dev/null') return [];
    return [fetchOf(event, kind, address, file ?? '', { toOutput: file === undefined })];
  }
  return target === '/dev/null' ? [] : [fetchOf(event, kind, address, target)];
}

function curl(event: CommandEvent): readonly Fetch[] {
  const line = readCommandLine(event.argv.slice(1), CURL_VALUED);
  if (fetchesNothing(line)) return [];
  const listed = line.values('-K', '--config').map((file) => ({ ...file, constant: false }));
  const addresses = [...line.values('--url'), ...line.operands, ...listed];
  const outputs = line.values('-o', '--output');
  const folder = line.values('--output-dir')[0]?.text;
  const remote = line.has('-O', '--remote-name', '--remote-name-all', '-J');
  return addresses.flatMap((address, index) => {
    const output = outputs[index]?.text ?? (remote ? addressName(address.text) : undefined);
    const inFolder = output !== undefined && folder !== undefined && !output.startsWith('/');
    return kept(event, address, inFolder ? `${folder}/${output}` : output);
  });
}

function wget(event: CommandEvent): readonly Fetch[] {
  const line = readCommandLine(event.argv.slice(1), WGET_VALUED);
  if (fetchesNothing(line)) return [];
  const output = line.values('-O', '--output-document')[0]?.text;
  const folder = line.values('-P', '--directory-prefix')[0]?.text;
  const listed = line
    .values('-i', '--input-file')
    .flatMap((list) => kept(event, { ...list, constant: false }, ''));
  const named = line.operands.flatMap((address) => {
    const name = addressName(address.text);
    return kept(event, address, output ?? (folder === undefined ? name : `${folder}/${name}`));
  });
  return [...named, ...listed];
}

function aria(event: CommandEvent): readonly Fetch[] {
  const line = readCommandLine(event.argv.slice(1), ARIA_VALUED);
  const output = line.values('-o', '--out')[0]?.text;
  const folder = line.values('-d', '--dir')[0]?.text;
  const checksum = line.values('--checksum')[0]?.text;
  const weak = /^(?:md5|sha-?1)=/i.test(checksum ?? '')
    ? { weak: 'MD5 and SHA-1 can be forged' }
    : {};
  return line.operands.flatMap((address) => {
    const name = output ?? addressName(address.text);
    return kept(event, address, folder === undefined ? name : `${folder}/${name}`).map((fetch) =>
      checksum === undefined
        ? fetch
        : { ...fetch, ownCheck: { method: '--checksum', range: event.range, ...weak } },
    );
  });
}

/** Files that curl, wget and their kind fetch; nothing for other commands. */
export function fileFetches(event: CommandEvent): readonly Fetch[] {
  switch (event.program) {
    case 'curl':
      return curl(event);
    case 'wget':
    case 'wget2':
      return wget(event);
    case 'aria2c':
    case 'axel':
      return aria(event);
    default:
      return [];
  }
}
