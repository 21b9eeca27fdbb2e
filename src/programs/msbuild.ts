/** MSBuild names that run nothing of a project. In lower case: MSBuild ignores case. */
function names(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

/** What `Sdk` may name: these come with the .NET SDK. */
export const SDKS = names(
  'microsoft.net.sdk microsoft.net.sdk.web microsoft.net.sdk.worker microsoft.net.sdk.razor microsoft.net.sdk.blazorwebassembly microsoft.net.sdk.publish microsoft.net.sdk.windowsdesktop',
);

/**
 * Values that compilers, NuGet and the SDK use as they are; none names a program, an import or a
 * source of packages.
 */
export const PROPERTIES = names(
  'targetframework targetframeworks runtimeidentifier runtimeidentifiers outputtype assemblyname rootnamespace nullable implicitusings langversion usersecretsid warninglevel nowarn warningsaserrors warningsnotaserrors ' +
    'treatwarningsaserrors codeanalysistreatwarningsaserrors msbuildtreatwarningsaserrors analysislevel analysismode enablenetanalyzers enforcecodestyleinbuild codeanalysisruleset runanalyzers runanalyzersduringbuild reportanalyzer ' +
    'allowunsafeblocks checkforoverflowunderflow deterministic pathmap continuousintegrationbuild debugtype debugsymbols optimize defineconstants platforms platform platformtarget prefer32bit configurations configuration appendtargetframeworktooutputpath ' +
    'appendruntimeidentifiertooutputpath outputpath publishdir documentationfile generatedocumentationfile ispackable istestproject ispublishable isaspirehost startupobject version versionprefix versionsuffix assemblyversion fileversion ' +
    'informationalversion includesourcerevisionininformationalversion packageversion packageid title authors company product description copyright owners summary neutrallanguage packagetags packageprojecturl packagelicenseexpression packagelicensefile ' +
    'packagerequirelicenseacceptance packageicon packageiconurl packagereadmefile packagereleasenotes packageoutputpath generatepackageonbuild repositoryurl repositorytype repositorybranch repositorycommit publishrepositoryurl embeduntrackedsources includesymbols ' +
    'symbolpackageformat generateassemblyinfo generateruntimeconfigurationfiles generatetargetframeworkattribute autogeneratebindingredirects copylocallockfileassemblies producereferenceassembly preservecompilationcontext ' +
    'dockerdefaulttargetos dockerfilecontext dockerfilerunarguments dockerfilefile dockerfiletag dockercomposeprojectpath dockerlaunchaction dockerlaunchurl dockerserviceurl dockerfastmodeprojectmountdirectory projectguid applicationicon ' +
    'invariantglobalization invarianttimezone servergarbagecollection concurrentgarbagecollection retainvmgarbagecollection tieredpgo tieredcompilation tieredcompilationquickjit publishsinglefile selfcontained publishselfcontained publishtrimmed publishreadytorun ' +
    'publishaot trimmode istrimmable isaotcompatible enabletrimanalyzer enableaotanalyzer enablesinglefileanalyzer enablecompressioninsinglefile includenativelibrariesforselfextract includeallcontentforselfextract stripsymbols optimizationpreference ' +
    'useapphost usecurrentruntimeidentifier satelliteresourcelanguages enabledefaultcompileitems enabledefaultcontentitems enabledefaultembeddedresourceitems enabledefaultitems enabledefaultnoneitems disableimplicitframeworkreferences disableimplicitnamespaceimports ' +
    'aspnetcorehostingmodel aspnetcoremodulename userazorsourcegenerator mvcrazorcompileonpublish razorcompileonbuild razorcompileonpublish razorlangversion addrazorsupportformvc nodefaultlaunchsettingsfile enablerequestdelegategenerator ' +
    'enableconfigurationbindinggenerator interceptorsnamespaces interceptorspreviewnamespaces blazorwebassemblyloadallglobalizationdata blazorenabletimezonesupport blazorenablecompression overridehtmlassetplaceholders wasmstripilafteraot ' +
    'serviceworkerassetsmanifest typescriptcompileblocked typescripttoolsversion sparoot spaproxyserverurl spaproxylaunchcommand defaultitemexcludes managepackageversionscentrally centralpackagetransitivepinningenabled centralpackageversionoverrideenabled ' +
    'restorepackageswithlockfile restorelockedmode nugetaudit nugetauditmode nugetauditlevel disabletransitiveprojectreferences validateexecutablereferencesmatchselfcontained suppresstfmsupportbuildwarnings checkeoltargetframework rollforward ' +
    'accelerategenerators emitcompilergeneratedfiles errorreport filealignment highentropyva signassembly assemblyoriginatorkeyfile delaysign utf8output usewpf usewindowsforms applicationmanifest noconfig baseaddress ' +
    'erroronduplicatepublishoutputfiles excludefromcodecoverage collectcoverage coverletoutputformat vsteslogger mstestenabled enablemstestrunner testingplatformdotnettestsupport testingplatformshowtestsfailure ' +
    'functionsversion azurefunctionsversion azurecosmosdisablenewtonsoftjsoncheck enableunsafebinaryformatterserialization eventsourcesupport usesystemresourcekeys metadataupdatersupport httpactivitypropagationsupport jsonserializerisreflectionenabledbydefault ' +
    'docker container enablepreviewfeatures generaterequirespreviewfeaturesattribute features nosdkruntime contentsdk debuggersupport autoreleasepoolsupport webprojectmode projecttype projecttypeguids solutiondir ' +
    'activedebugframework activedebugprofile debuggerflavor showallfiles projectview nameoflastusedpublishprofile lastselectedprofileid _selectedscaffolderid _selectedscaffoldercategorypath ' +
    'openapigeneratedocuments openapigeneratedocumentsonbuild generateprogramfile usingmicrosoftnetsdkweb useartifactsoutput',
);
/** More that Visual Studio remembers. */
export const REMEMBERED = /^(?:webstackscaffolding_\w+|\w+_selectedscaffolder(?:id|categorypath))$/;
/** Of those, the ones that run nothing only where they are false. */
export const FALSE_ALONE = names('openapigeneratedocuments openapigeneratedocumentsonbuild');

export const ITEMS = names(
  'packagereference packageversion globalpackagereference projectreference frameworkreference dotnetclitoolreference reference folder content none compile embeddedresource resource additionalfiles editorconfigfiles using internalsvisibleto ' +
    'assemblyattribute protobuf trimmerrootassembly runtimehostconfigurationoption watch supportedplatform compilervisibleproperty compilervisibleitemmetadata blazorwebassemblylazyload serviceworker containerport ' +
    'containerenvironmentvariable service wcfmetadata typescriptcompile page applicationdefinition uptodatecheckinput projectcapability rdxmlfile nativelibrary natvisfile',
);
/** Attributes and elements of an item by which nothing is run. */
export const METADATA = names(
  'include exclude update remove condition label version versionoverride privateassets includeassets excludeassets nowarn generatepathproperty aliases copytooutputdirectory copytopublishdirectory excludefromsinglefile link linkbase dependentupon ' +
    'subtype autogen designtime designtimesharedinput generator lastgenoutput customtoolnamespace logicalname pack packagepath visible hintpath private specificversion embedinteroptypes static alias grpcservices protoroot access ' +
    'additionalimportdirs referenceoutputassembly name project value trim publishedcontent type _parameter1 _parameter2 _parameter3 key watch isimplicitlydefined allowexplicitversion xlftype manifestresourcename keepduplicates matchonmetadata ' +
    'keepmetadata removemetadata includeinpackage buildaction',
);

/**
 * Packages that run the project's own code in a build: its program, templates or commands.
 * What other packages run is their publishers'.
 */
export const RUNS_THE_PROJECT =
  /apidescription\.server|msbuild|\.build$|\btasks?$|fody|postsharp|\bt4\b|texttemplat|librarymanager|codegeneration\.roslyn|husky|\bcake|\bnuke|tailwind|node(?:js|\.js)?\b|npm|yarn|webpack|typewriter|refitter|nswag\.(?:msbuild|codegen)|kiota|openapi.*(?:gen|tools)|javascript\.sdk|^microsoft\.build\.|sqlprovider|typeprovider|fsharp\.data|entityframeworkcore\.tasks|exec\b|csscript|scripting$/i;

/** Functions that only give a value. */
export const FUNCTIONS =
  /^\$\(\[(?:MSBuild|System\.IO\.Path|System\.String|System\.DateTime|System\.Guid|System\.Version|System\.Int32|System\.Char|System\.Convert|System\.Environment|System\.OperatingSystem|System\.Runtime\.InteropServices\.(?:RuntimeInformation|OSPlatform))\]::\w+/;

/** Environment variables become project properties. These come from the image, and do not count. */
export const VARIABLES =
  /^(?:PATH|HOME|TZ|LANG|LANGUAGE|USER|PORT|TERM|DEBUG|CI|LC_\w+|ASPNETCORE_\w+|ASPNET_VERSION|BUILD_\w+|TARGET\w+|DEBIAN_FRONTEND|DOTNET_(?:CLI_TELEMETRY_OPTOUT|RUNNING_IN_CONTAINER|USE_POLLING_FILE_WATCHER|SKIP_FIRST_TIME_EXPERIENCE|NOLOGO|SYSTEM_GLOBALIZATION_INVARIANT|ENVIRONMENT|GENERATE_ASPNET_CERTIFICATE|ROLL_FORWARD|TieredPGO|gcServer|EnableDiagnostics|SDK_VERSION|VERSION|WATCH_\w+)|NUGET_(?:XMLDOC_MODE|CERT_REVOCATION_MODE)|COMPlus_EnableDiagnostics|(?:HTTPS?|NO)_PROXY|(?:https?|no)_proxy)$/;

/** Options of `dotnet build` and its kin that take a word of their own. */
export const VALUED = names(
  '-c --configuration -o --output -f --framework -r --runtime -v --verbosity --os -a --arch --version-suffix --artifacts-path',
);
export const OPTIONS =
  /^(?:--no-(?:restore|build|incremental|dependencies|logo|cache|self-contained)|--nologo|-nologo|\/nologo|--force|--force-evaluate|--locked-mode|--interactive|--disable-parallel|--disable-build-servers|--self-contained(?:=?(?:true|false))?|--sc|--ucr|--use-current-runtime|--ignore-failed-sources|--(?:configuration|output|framework|runtime|verbosity|os|arch|version-suffix)=\S+|[-/](?:m|maxcpucount|nr|nodereuse|v|verbosity|tl|warnaserror|nowarn)(?::\S+)?)$/i;
export const SOURCE = /^https:\/\/(?:api|www)\.nuget\.org\/(?:v3\/index\.json|api\/v2\/?)$/i;

/** Files that MSBuild and NuGet read by their names, in the project's folder and those above. */
export const IMPORTED = [
  'Directory.Build.props',
  'Directory.Build.targets',
  'Directory.Packages.props',
] as const;
export const NUGET_SETTINGS = ['nuget.config', 'NuGet.config', 'NuGet.Config'] as const;
/** More of the command line, or steps of a solution. */
export const ORDERS = [
  'Directory.Build.rsp',
  'MSBuild.rsp',
  'Directory.Solution.props',
  'Directory.Solution.targets',
] as const;
