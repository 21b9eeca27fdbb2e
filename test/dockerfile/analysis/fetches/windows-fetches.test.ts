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
    expect(unread).toEqual(['RUN goes through powershell, no POSIX shell']);
  });

  test.each([
    'FROM mcr.microsoft.com/windows/servercore:ltsc2022',
    'FROM mcr.microsoft.com/windows/nanoserver:ltsc2022 AS a\nFROM a',
    'FROM golang:1.22-nanoserver',
  ])('%s without SHELL goes through cmd', (head) => {
    const { urls, unread } = found(`${head}\nRUN powershell -Command iwr ${URL} -OutFile f.zip`);
    expect(urls).toEqual([URL]);
    expect(unread).toEqual(['RUN goes through cmd, no POSIX shell']);
    expect(found(`${head}\nRUN curl -o f.zip ${URL}`).urls).toEqual([URL]);
    expect(found(`${head}\nRUN install.bat`).unread).toEqual(unread);
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
});
