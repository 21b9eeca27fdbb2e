import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { output, ROOT, run } from './harness.ts';
import { folderHere } from './workplace.ts';

const TEXT = 'FROM node:22\nMAINTAINER Jane <jane@example.com>\n';

describe('the hooks, installed by pre-commit itself', () => {
  const folder = folderHere('pre-commit');
  const project = join(folder, 'project');
  const env = { PRE_COMMIT_HOME: join(folder, 'home'), SCOVILLE_HOME: join(folder, 'scoville') };
  const commit = ['-c', 'user.name=me', '-c', 'user.email=me@example.com', 'commit', '-qm', 'all'];
  const hook = (id: string): ReturnType<typeof run> =>
    run('pre-commit', ['run', '--all-files', '--verbose', id], { cwd: project, env });

  beforeAll(async () => {
    // The work tree as it is, as a repository that can be cloned.
    const hooks = join(folder, 'scoville.git');
    const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    const files = (await output('git', listed)).split('\0');
    for (const path of files.filter((one) => one !== '')) {
      mkdirSync(dirname(join(hooks, path)), { recursive: true });
      cpSync(join(ROOT, path), join(hooks, path), { verbatimSymlinks: true });
    }
    for (const repository of [hooks, project]) {
      mkdirSync(repository, { recursive: true });
      await output('git', ['init', '-q'], { cwd: repository });
    }
    await output('git', ['add', '--all', '--force'], { cwd: hooks });
    await output('git', commit, { cwd: hooks });
    const rev = (await output('git', ['rev-parse', 'HEAD'], { cwd: hooks })).trim();
    const ids = ['scoville-lint', 'scoville-fix'].map((id) => ({ id }));
    const config = { repos: [{ repo: hooks, rev, hooks: ids }] };
    writeFileSync(join(project, '.pre-commit-config.yaml'), JSON.stringify(config));
    writeFileSync(join(project, 'Dockerfile'), TEXT);
    await output('git', ['add', '--all'], { cwd: project });
  });

  test('lint fails on findings, and shows them', async () => {
    const { exitCode, stdout } = await hook('scoville-lint');
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('pinned-images')]);
    expect(stdout).not.toContain('error: ');
  });

  test('fix fails where there are edits, shows them, and writes nothing', async () => {
    const { exitCode, stdout } = await hook('scoville-fix');
    expect([exitCode, stdout]).toEqual([1, expect.stringContaining('-MAINTAINER Jane')]);
    expect(readFileSync(join(project, 'Dockerfile'), 'utf8')).toBe(TEXT);
  });
});

test('Neovim, set up as the page says, shows findings, explains and applies an edit', async () => {
  const folder = folderHere('neovim');
  const prefix = join(folder, 'prefix');
  const packed = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename }] = JSON.parse(await output('npm', packed)) as [{ filename: string }];
  const install = ['install', '--global', '--offline', '--no-audit', '--prefix', prefix];
  await output('npm', [...install, join(folder, filename)]);
  writeFileSync(join(folder, 'Dockerfile'), TEXT);
  const page = readFileSync(join(ROOT, 'docs/how-to/editor.md'), 'utf8');
  const setup = page.split('Before 0.11:')[1]?.split('```lua\n')[1]?.split('```')[0] ?? '';
  writeFileSync(
    join(folder, 'script.lua'),
    `${setup}
local function say(text) io.stdout:write(text .. '\\n') end
vim.cmd.edit('Dockerfile')
vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end)
for _, one in ipairs(vim.diagnostic.get(0)) do say('found ' .. one.code .. ' ' .. one.lnum) end
vim.api.nvim_win_set_cursor(0, { 2, 2 })
local place = vim.lsp.util.make_position_params(0, 'utf-16')
for _, answer in pairs(vim.lsp.buf_request_sync(0, 'textDocument/hover', place, 60000)) do
  say('hover ' .. answer.result.contents.value:match('^[^\\n]*'))
end
vim.lsp.buf.code_action({ apply = true, filter = function(one) return one.title:find('author by label') ~= nil end })
vim.wait(60000, function() return vim.bo.modified end)
say('line ' .. vim.api.nvim_buf_get_lines(0, 1, 2, true)[1])
`,
  );
  const { stdout, stderr } = await run(
    'nvim',
    ['--headless', '--clean', '-c', 'luafile script.lua', '-c', 'qa!'],
    {
      cwd: folder,
      env: {
        PATH: `${join(prefix, 'bin')}:${process.env['PATH'] ?? ''}`,
        HOME: folder,
        SCOVILLE_HOME: join(folder, 'home'),
      },
    },
  );
  const lines = stdout.split('\n');
  expect([lines, stderr]).toEqual([
    expect.arrayContaining([
      'found pinned-images 0',
      'found maintainer-deprecated 1',
      expect.stringMatching(/^hover \*\*.*\(maintainer-deprecated/),
      'line LABEL org.opencontainers.image.authors="Jane <jane@example.com>"',
    ]),
    expect.anything(),
  ]);
});
