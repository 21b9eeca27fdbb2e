import type { CommandEvent } from '../build-event.ts';
import { addressName, type Fetch, fetchOf, isRemote } from './fetch.ts';
import { comparesHash } from './scripted-checks.ts';

export const WINDOWS_SHELLS = /^(?:pwsh|pwsh-preview|powershell|cmd)$/;
/** Programs, cmdlets with their aliases, and methods of .NET that fetch. */
const FETCHES =
  /\b(?:Invoke-WebRequest|iwr|Invoke-RestMethod|irm|Start-BitsTransfer|Download(?:File|String|Data)(?:Async|TaskAsync)?|OpenRead(?:Async|TaskAsync)?|Get(?:String|ByteArray|Stream)?Async)\b|(?:^|[\s({&"'@=])(?:curl|wget|aria2c)(?:\.exe)?(?=["']?\s)|\bbitsadmin\b.*\/transfer\b|\bcertutil\b.*-urlcache\b/i;
const ADDRESS = /(?:https?|ftp):\/\/[^\s'"`),;]+/gi;
/** Where a call or an option names the file that it writes. */
const TARGET =
  /(?:-OutFile|-Destination|-o|-O|--output)[\s:]+\\?["']?([^\s"';|)]+)|Download(?:File)\w*\([^,]*,\s*["']?([^"')]+)/i;

/** Statements of PowerShell, or commands of cmd. */
function statements(text: string): readonly string[] {
  return text.split(/;|\r?\n|&&|\|\||(?<!\()\|/);
}

/** What PowerShell or cmd text fetches; an address that it does not spell out stays unknown. */
export function windowsFetches(event: CommandEvent): readonly Fetch[] {
  if (!WINDOWS_SHELLS.test(event.program)) return [];
  const fields = event.argv.slice(1);
  const text = [fields.map((f) => f.text).join(' '), event.input?.text ?? ''].join('\n');
  const fetching = statements(text).filter((statement) => FETCHES.test(statement));
  const found = fetching.flatMap((statement): readonly Fetch[] => {
    const [, option, argument] = TARGET.exec(statement) ?? [];
    const given = option ?? argument ?? '';
    const target = given.startsWith('$') ? '' : given;
    const addresses = statement.match(ADDRESS) ?? [];
    if (addresses.length === 0)
      return /\b(?:localhost|127\.0\.0\.1)\b/.test(statement)
        ? []
        : [
            fetchOf(
              event,
              'other',
              { text: statement.trim(), constant: false, sources: [] },
              target,
            ),
          ];
    return addresses.filter(isRemote).map((address) => {
      const constant = !/[$%]\w|\$[({]/.test(address);
      const field = { text: address, constant, sources: [] };
      return fetchOf(event, 'other', field, target === '' ? addressName(address) : target);
    });
  });
  const [only, second] = found;
  // One hash speaks for one file.
  return only !== undefined && second === undefined && comparesHash(text)
    ? [{ ...only, ownCheck: { method: 'a hash in the same script', range: event.range } }]
    : found;
}
