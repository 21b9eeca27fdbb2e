import { toolTable, type ToolGroup } from './tools-table.ts';

/**
 * Build and debug tooling, by kind. Run-times (perl, python, ruby, node, java, dotnet) are none.
 * `rake`, `bundle`, `pip` and `composer` are left out: applications run tasks through the first
 * two, and the others only install.
 */
export const BUILD_TOOL_GROUPS: readonly ToolGroup[] = [
  {
    kind: 'compilers',
    entries: {
      'cc gcc gcc-ar gcc-nm gcc-ranlib c89 c99 tcc clang clang-cl icc icx': 'C compiler',
      'c++ g++ clang++': 'C++ compiler',
      'cpp clang-cpp': 'C preprocessor',
      'cc1 cc1plus lto1': 'GCC’s compiler proper, found outside $PATH',
      'llc nvcc': 'compiler back end, compiler of CUDA',
      'gfortran flang gdc dmd ldc2 gccgo gnatmake fpc': 'compiler of Fortran, D, Go, Ada or Pascal',
      go: 'Go tool, which compiles and fetches',
      'rustc zig swiftc nim crystal': 'compiler of Rust, Zig, Swift, Nim or Crystal',
      'javac kotlinc scalac csc mcs': 'compiler of Java, Kotlin, Scala or C#',
      'ghc ocamlc ocamlopt erlc elixirc': 'compiler of Haskell, OCaml, Erlang or Elixir',
      'tsc esbuild webpack rollup': 'compiler or bundler of JavaScript',
      'bison flex yacc swig protoc cython': 'generator of parsers or bindings',
    },
  },
  { kind: 'assemblers', entries: { 'as nasm yasm': 'assembler' } },
  {
    kind: 'linkers and binary tools',
    entries: {
      'ld ld.bfd ld.gold ld.lld lld gold mold collect2':
        'linker (the run-time loader is named ld.so or ld-linux and is none)',
      'ar llvm-ar ranlib nm objcopy objdump llvm-objdump strip': 'works on objects and libraries',
      'readelf elfedit addr2line llvm-config': 'inspects or edits programs, or prints flags',
    },
  },
  {
    kind: 'build drivers',
    entries: {
      'make gmake bmake ninja samu': 'runs makefiles and their kin',
      'cmake ctest cpack meson bazel buck2 scons': 'build generator or driver',
      'autoconf automake autoreconf libtool libtoolize': 'makes configure scripts and makefiles',
      'pkg-config pkgconf': 'compiler flag finder',
      'ant mvn gradle sbt lein': 'builds and fetches Java and its kin',
      msbuild: '.NET build driver',
      'dpkg-buildpackage rpmbuild abuild makepkg': 'builds packages of a distribution',
    },
  },
  {
    kind: 'debuggers and tracers',
    entries: {
      'gdb gdbserver gcore lldb lldb-server dlv rr': 'debugger',
      'jdb jstack jmap': 'debugger of Java',
      'strace ltrace uftrace perf bpftrace bpftool trace-cmd stap sysdig': 'tracer',
      'valgrind gcov gprof': 'memory debugger, coverage or profiler',
    },
  },
  {
    kind: 'language package builders',
    entries: {
      cargo: 'builds and fetches Rust crates',
      'npm node-gyp yarn yarnpkg pnpm bun': 'builds and fetches npm packages',
      gem: 'builds and fetches Ruby gems',
      'poetry uv pdm hatch flit pyproject-build conda-build': 'builds Python packages',
      'stack cabal': 'builds and fetches Haskell packages',
      'mix rebar3': 'builds and fetches Elixir and Erlang packages',
      'dune opam': 'builds OCaml packages',
    },
  },
];

export const BUILD_TOOLS = toolTable(BUILD_TOOL_GROUPS);
