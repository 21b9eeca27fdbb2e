import { describe, expect, test } from 'vitest';
import { analysisOf } from '../support.ts';

const URL = 'https://x.org/f.zip';

/** What a Dockerfile downloads, and why parts of it were not read. */
function found(text: string): { urls: readonly (string | undefined)[]; unread: readonly string[] } {
  const { downloads, unread } = analysisOf(text);
  return { urls: downloads.map(({ url }) => url), unread: unread.map(({ reason }) => reason) };
}

const FETCHES = [
  `Invoke-WebRequest -Uri ${URL} -OutFile f.zip`,
  `$ProgressPreference = 'SilentlyContinue'; Invoke-WebRequest -OutFile f.zip -Uri "${URL}"`,
  `iwr ${URL} -OutFile f.zip`,
  `Invoke-RestMethod ${URL} -OutFile f.zip`,
  `iex (irm ${URL})`,
  `Start-BitsTransfer -Source ${URL} -Destination f.zip`,
  `(New-Object System.Net.WebClient).DownloadFile('${URL}', 'f.zip')`,
  `iex ((New-Object Net.WebClient).DownloadString('${URL}'))`,
  `curl.exe -L -o f.zip ${URL}`,
  `wget ${URL} -OutFile f.zip`,
];

describe('PowerShell and cmd', () => {
  test.each(FETCHES)('powershell -Command %s', (text) => {
    for (const run of [
      `RUN ["powershell", "-Command", ${JSON.stringify(text)}]`,
      `RUN ["C:\\\\Windows\\\\System32\\\\WindowsPowerShell\\\\v1.0\\\\PowerShell.exe", "-c", ${JSON.stringify(text)}]`,
      `RUN ["pwsh", "-c", ${JSON.stringify(text)}]`,
    ])
      expect(found(`FROM x\n${run}`).urls).toEqual([URL]);
  });

  test.each(FETCHES)('SHELL powershell: %s', (text) => {
    const { urls, unread } = found(`FROM x\nSHELL ["powershell", "-Command"]\nRUN ${text}`);
    expect(urls).toEqual([URL]);
    // Of a text with calls, not all is read.
    expect(unread.length).toBe(text.includes('(') ? 1 : 0);
  });

  test.each([
    'FROM mcr.microsoft.com/windows/servercore:ltsc2022',
    'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022 AS a\nFROM a',
    'FROM golang:1.22-nanoserver',
  ])('%s without SHELL goes through cmd', (head) => {
    const { urls, unread } = found(`${head}\nRUN powershell -Command iwr ${URL} -OutFile f.zip`);
    expect(urls).toEqual([URL]);
    expect(unread).toEqual([]);
    expect(found(`${head}\nRUN curl -o f.zip ${URL}`).urls).toEqual([URL]);
    expect(found(`${head}\nRUN install.bat`).unread).toEqual([
      'what cmd runs was not read, which runs install.bat',
    ]);
  });

  test.each([
    'RUN powershell -Command Invoke-WebRequest -Uri https://x.org/f.zip -OutFile f.zip',
    'RUN pwsh -c iwr https://x.org/f.zip',
    'RUN pwsh -NoProfile <<EOF\niwr https://x.org/f.zip -OutFile f.zip\nEOF',
  ])('in a POSIX shell: %s', (run) => {
    expect(found(`FROM x\n${run}`).urls).toEqual([URL]);
  });

  test('the escape character of Windows on a base that is not known', () => {
    const text = `# escape=\`\nFROM x\nRUN powershell -Command \`\n  iwr ${URL} -OutFile f.zip`;
    expect(found(text).urls).toEqual([URL]);
  });

  test('an address that is not spelled out is a download all the same', () => {
    const run = 'SHELL ["pwsh", "-c"]\nRUN $url = Get-Url; iwr $url -OutFile f';
    expect(found(`FROM x\n${run}`).urls).toEqual([undefined]);
  });

  test('one hash does not speak for two files', () => {
    const run = `if ((Get-FileHash a).Hash -ne 'x') { throw }`;
    const text = `iwr ${URL} -OutFile a; iwr https://y.org/b -OutFile b; ${run}`;
    const { downloads } = analysisOf(`FROM x\nRUN ["pwsh", "-c", ${JSON.stringify(text)}]`);
    expect(downloads.map((d) => d.verifiedBy?.method)).not.toContain('a hash in the same script');
  });

  test.each([
    'RUN pwsh -c "Write-Host https://x.org/f"',
    'RUN pwsh -c "iwr http://localhost:8080/health"',
  ])('%s downloads nothing', (run) => {
    expect(found(`FROM x\n${run}`).urls).toEqual([]);
  });

  test.each([
    ['powershell', '-EncodedCommand', 'SQBFAFgA'],
    ['pwsh', '-enc', 'SQBFAFgA'],
    ['pwsh', '-e', 'SQBFAFgA'],
    ['pwsh', '-ec', 'SQBFAFgA'],
    ['pwsh', 'x.ps1'],
    ['pwsh', '-NoProfile', '-File', 'x.ps1'],
    ['powershell', '.\\x.ps1'],
    ['powershell', '-c', 'iex (Get-Content x -Raw)'],
    ['powershell', '-c', '& $x'],
    ['powershell', '-c', '. ./x.ps1'],
    ['powershell', '-c', 'Write-Host "$(evil)"'],
    ['powershell', '-c', 'Write-Host (evil)'],
    ['powershell', '-c', 'gc x | iex'],
    ['powershell', '-c', 'i`ex $x'],
    ['powershell', '-c', 'saps x.exe'],
    ['powershell', '-c', 'Start-Process x.exe'],
    ['powershell', '-c', 'Install-Module Foo'],
    ['powershell', '-c', 'Set-Alias ls evil; ls'],
    ['powershell', '-c', 'New-Item Alias:ls -Value evil; ls'],
    ['powershell', '-c', '[Diagnostics.Process]::Start("x")'],
    ['powershell', '-c', 'function ls { evil }; ls'],
    ['powershell', '-c', 'mkdir a; evil'],
    ['powershell', '-c', `iwr ${URL} -OutFile f.zip; Install-Package x`],
    ['powershell', '-c', '-'],
    ['cmd', '/c', 'x.bat'],
    ['cmd', '/c', 'mkdir a & evil'],
    ['cmd', '/c', 'mkdir a && evil'],
    ['cmd', '/c', 'powershell -enc SQBFAFgA'],
    ['cmd', '/S', '/C', 'powershell -Command iex $env:X'],
    ['cmd', '/c', 'for %i in (1) do evil'],
    ['cmd', 'x'],
  ])('what %s %s %s runs is not read', (...argv) => {
    const { unread } = found(`FROM x\nRUN ${JSON.stringify(argv)}`);
    expect(unread[0]).toContain(`what ${argv[0]} runs was not read`);
  });

  test.each([
    ['powershell', '-NoProfile', '-Command', "New-Item -ItemType Directory C:\\a; $x = 'b'"],
    ['powershell', 'Remove-Item', '-Recurse', 'C:\\a'],
    ['pwsh', '-c', 'Expand-Archive f.zip -DestinationPath C:\\a'],
    ['cmd', '/S', '/C', 'mkdir C:\\a && copy b C:\\a'],
    ['pwsh', '--version'],
  ])('%s %s %s is read', (...argv) => {
    expect(found(`FROM x\nRUN ${JSON.stringify(argv)}`).unread).toEqual([]);
  });
});
