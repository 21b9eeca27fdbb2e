import { isKnownProgram } from './catalogue.ts';

/** Cmdlets, their aliases, and commands of cmd by kind, in lower case. */
interface WindowsCommands {
  readonly commands: string;
  /** Why they can bring nothing in. */
  readonly reason: string;
}

const WINDOWS_COMMANDS: readonly WindowsCommands[] = [
  {
    commands: 'write-host write-output write-verbose write-warning write-error echo rem ver',
    reason: 'prints',
  },
  {
    commands:
      'new-item ni remove-item ri rm del erase rd rmdir copy-item cp copy cpi move-item mi mv move rename-item ren rni get-item gi get-childitem gci ls dir get-content gc cat type ' +
      'set-content test-path resolve-path join-path split-path set-location sl cd chdir push-location pushd pop-location popd get-location pwd ' +
      'mkdir md xcopy robocopy attrib icacls takeown set-itemproperty new-itemproperty get-itemproperty remove-itemproperty',
    reason: 'works on files, folders and values of the registry',
  },
  {
    commands: 'expand-archive compress-archive get-filehash unblock-file',
    reason: 'unpacks and hashes files that are there',
  },
  {
    commands:
      'get-process stop-process taskkill get-service set-service stop-service start-sleep get-date set-strictmode setx set ' +
      'install-windowsfeature add-windowsfeature remove-windowsfeature enable-windowsoptionalfeature disable-windowsoptionalfeature whoami hostname',
    reason: 'asks and changes the system; its features are part of the base image',
  },
  {
    commands:
      'invoke-webrequest iwr invoke-restmethod irm start-bitstransfer curl.exe wget curl bitsadmin',
    reason: 'what it fetches is judged',
  },
];

const KNOWN = new Set(WINDOWS_COMMANDS.flatMap(({ commands }) => commands.split(' ')));

/** Options of PowerShell that change nothing of what its text does. */
const PLAIN_OPTION = /^-(?:noprofile|nop|noninteractive|noni|nologo|nol)$/i;
const TAKES_TEXT = /^-(?:c|command)$/i;
const POLICY = /^-(?:executionpolicy|ex|ep)$/i;

/** The text that a command has the shell run; undefined if encoded, in a file or on its input. */
function givenText(program: string, words: readonly string[]): string | undefined {
  let at = 0;
  if (program === 'cmd') {
    while (/^\/[sqd]$/i.test(words[at] ?? '')) at += 1;
    return /^\/c$/i.test(words[at] ?? '') ? words.slice(at + 1).join(' ') : undefined;
  }
  for (; at < words.length; at += 1)
    if (POLICY.test(words[at] ?? '')) at += 1;
    else if (!PLAIN_OPTION.test(words[at] ?? '')) break;
  if (TAKES_TEXT.test(words[at] ?? '')) return words.slice(at + 1).join(' ');
  // Windows' own PowerShell takes a word for a command, PowerShell 7 takes it for a file.
  const isText = program === 'powershell' && !/^[-/]/.test(words[at] ?? '-');
  return isText ? words.slice(at).join(' ') : undefined;
}

/** Words without any sign by which text is put together, run or piped. */
const WORD = `(?:[\\w:\\\\/.,=+%~*?-]|\\$(?:env:)?\\w|'[^']*'|"[^"\`$]*")+`;
const SIMPLE = new RegExp(`^(${WORD})((?:\\s+${WORD})*)$`);
const ASSIGNMENT = /^\$(?:env:)?\w+\s*=\s*(?:'[^']*'|"[^"`$]*"|\d+)$/;
/** A drive of PowerShell's in which commands lie. */
const COMMAND_DRIVE = /\b(?:alias|function):/i;

/**
 * What of a text for PowerShell or cmd was not read; undefined where each of its statements is a
 * known command with plain words. Everything else may run anything.
 */
export function unreadWindowsText(program: string, words: readonly string[]): string | undefined {
  const text = givenText(program, words);
  if (text === undefined) return program;
  const nested = program === 'cmd' ? /^(powershell|pwsh)(?:\.exe)? (.*)$/is.exec(text) : null;
  if (nested !== null)
    return unreadWindowsText((nested[1] ?? '').toLowerCase(), (nested[2] ?? '').split(' '));
  const whole = text.trim().replace(/^"([^"]*)"$/, '$1');
  for (const part of whole.split(program === 'cmd' ? /&&/ : /;|\r?\n/)) {
    // To cmd a semicolon parts words, not commands.
    const statement = (program === 'cmd' ? part.replaceAll(';', ',') : part).trim();
    if (statement === '' || (program !== 'cmd' && ASSIGNMENT.test(statement))) continue;
    const [, first = '', rest = ''] = SIMPLE.exec(statement) ?? [];
    const name = first.toLowerCase();
    if (/^\s+(?:-{1,2}version|-v)$/i.test(rest) && isKnownProgram(name.replace(/\.exe$/, '')))
      continue;
    if (!KNOWN.has(name) || COMMAND_DRIVE.test(statement))
      return (name === '' ? statement : name).slice(0, 40);
  }
  return undefined;
}
