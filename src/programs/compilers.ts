import type { LocalPrograms } from './program.ts';

export const COMPILERS: readonly LocalPrograms[] = [
  {
    programs:
      'gcc g++ cc c++ clang clang++ cpp ld gold lld ar as nm objcopy objdump strip readelf size addr2line ranlib pkg-config pkgconf tcc nasm yasm musl-gcc gfortran gdc rustc kotlinc scalac ' +
      'ocamlopt ocamlc valac fpc swiftc dmd ldc2 protoc flatc thrift bison flex yacc lex swig gperf ragel re2c xgettext patchelf chrpath upx ' +
      'clang-format llvm-config nvcc hipcc emcc em++ wasm-opt wat2wasm jlink jdeps jdeprscan jmod javap javadoc jarsigner pack200 unpack200 scanelf execstack',
    reason: 'compiles and links what is there',
    unless:
      /(?:^| )(?:@|-B|-C ?linker|--codegen[= ]linker|-Z ?codegen|-fuse-ld=\S*\/|-Wl,\S*(?:plugin|@)|-cc |-pp |-s ?USE_\w)/,
    reaches:
      '-fplugin -wrapper --wrapper -load --load-pass-plugin -specs --specs -plugin --plugin -Xplugin -processor --processor-path -ppx -ccbin --compiler-bindir ' +
      '--ld-path -doclet -docletpath -taglet -J-javaagent -J-agent -script -run --run --extern --use-port -fpass-plugin -Xclang',
  },
  {
    programs: 'javac',
    reason: 'compiles what is there',
    // It runs the processors that lie on its class path.
    unless: /^(?!.*-proc:none).*(?:^| )(?:-cp|-classpath|--class-path)[ =]|(?:^| )@/,
    reaches: '-processor --processor -processorpath -Xplugin -J-javaagent -J-agent',
  },
  {
    programs: 'ccache sccache distcc icecc',
    reason: 'starts no compiler where none is named',
    only: /^(?:-\S+(?: [\d.]+[GMKi]*)?(?: |$))*$/,
  },
  {
    programs: 'tsc esbuild swc sass terser uglifyjs',
    reason: 'translates the source that is there; its configuration is data',
  },
  {
    programs:
      'asciidoctor xmlto docbook2x-man pandoc pod2man rst2man groff man nroff makeinfo texi2any convert magick identify inkscape rsvg-convert gs pdftk',
    reason: 'turns documents and pictures that are there into others',
    unless:
      /(?:https?|ftp):|(?:^| )-(?:F|L|d|r|U|T|E|B|P|H)\b|(?:^| )["']?\||%pipe%|\b(?:msl|ephemeral):|NOSAFER|DELAYSAFER|allow-uri-read|--pdf-engine[= ]\S*\//,
    reaches:
      '--filter --lua-filter --defaults --require --template-engine --template-dir --backend --init-file --conf-dir -script --pager --html',
  },
  {
    programs: 'husky',
    reason: 'names a folder of hooks for git',
    only: /^(?:install(?: [\w.-]+)?)?$/,
  },
  {
    programs: 'setcap getcap paxctl paxmark prelink',
    reason: 'marks a program that is there',
  },
];
