;; The loop over every byte of a layer. WebAssembly because it is fast from the first file on: a thread reads one layer, and
;; compiling the same from JavaScript costs it a third of a second. scripts/generate-kernel.mjs makes byte-scan-wasm.ts of this file.
;; How the tables lie in memory: byte-scan.ts.
(module
  (import "kernel" "memory" (memory 1))
  ;; 65,536 bytes, one for each pair of bytes: bit N says that a keyword with this pair goes on with a byte whose last three bits are N.
  (import "kernel" "pairs" (global $pairs i32))
  ;; 65,536 numbers of two bytes: which slot a pair has.
  (import "kernel" "slotOf" (global $slotOf i32))
  ;; Slots of 16 bytes: by their last five bits, the bytes before the pair and behind it; where its candidates begin and end.
  (import "kernel" "slots" (global $slots i32))
  (import "kernel" "content" (global $content i32))
  ;; Where results are written, and the last place at which a step may begin to write.
  (import "kernel" "results" (global $results i32))
  (import "kernel" "resultsFull" (global $resultsFull i32))
  ;; Where the next result goes.
  (global $next (export "next") (mut i32) (i32.const 0))
  ;; Where a scan goes on when results were full: letters of base64 up to here, the kind of the block before, and which bytes of the blocks
  ;; before, here (from bit 16) and behind (from bit 32) can be printed.
  (global $letters (mut i32) (i32.const 0))
  (global $before (mut i32) (i32.const 0))
  (global $printable (mut i64) (i64.const 0))

  ;; A result: what it is, and at which byte of the content.
  (func $found (param $what i32) (param $at i32)
    (i32.store (global.get $next) (local.get $what))
    (i32.store offset=4 (global.get $next) (i32.sub (local.get $at) (global.get $content)))
    (global.set $next (i32.add (global.get $next) (i32.const 8))))

  (func $isEqual (param $at i32) (param $text i32) (param $left i32) (result i32)
    (loop $more
      (if (i32.ne (i32.load8_u (local.get $at)) (i32.load8_u (local.get $text))) (then (return (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $text (i32.add (local.get $text) (i32.const 1)))
      (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.const 1))

  ;; The keywords that have `pair` at `at`.
  (func $look (param $pair i32) (param $at i32) (param $end i32)
    (local $slot i32) (local $behind i32) (local $candidate i32) (local $last i32) (local $start i32) (local $keyword i32)
    (local.set $behind (i32.load8_u offset=2 (local.get $at)))
    (local.set $slot (i32.add (global.get $slots) (i32.shl
      (i32.load16_u (i32.add (global.get $slotOf) (i32.shl (local.get $pair) (i32.const 1))))
      (i32.const 4))))
    ;; A shift takes the last five bits of the byte that it shifts by.
    (if (i32.eqz (i32.and (i32.const 1) (i32.and
          (i32.shr_u (i32.load (local.get $slot)) (i32.load8_u (i32.sub (local.get $at) (i32.const 1))))
          (i32.shr_u (i32.load offset=4 (local.get $slot)) (local.get $behind)))))
      (then (return)))
    (local.set $candidate (i32.load offset=8 (local.get $slot)))
    (local.set $last (i32.load offset=12 (local.get $slot)))
    (loop $more
      ;; Four bytes of the keyword first (three and a mask where it has no more), then all of it.
      (if (i32.eq
            (i32.load (local.get $candidate))
            (i32.and
              (i32.load offset=4 (local.get $candidate))
              (i32.load (i32.add (local.get $at) (i32.load16_s offset=8 (local.get $candidate))))))
        (then
          (local.set $start (i32.sub (local.get $at) (i32.load16_u offset=10 (local.get $candidate))))
          (local.set $keyword (i32.load offset=12 (local.get $candidate)))
          (if (i32.and
                (i32.ge_u (local.get $start) (global.get $content))
                (i32.le_u (i32.add (local.get $start) (i32.load offset=8 (local.get $keyword))) (local.get $end)))
            (then
              (if (call $isEqual
                    (local.get $start)
                    (i32.load offset=4 (local.get $keyword))
                    (i32.load offset=8 (local.get $keyword)))
                (then (call $found (i32.add (i32.const 5) (i32.load (local.get $keyword))) (local.get $start))))))))
      (local.set $candidate (i32.add (local.get $candidate) (i32.const 16)))
      (br_if $more (i32.lt_u (local.get $candidate) (local.get $last)))))

  ;; The keywords with one of the four pairs of eight bytes.
  (func $lookAtEight (param $at i32) (param $end i32)
    (local $eight i64) (local $a i32) (local $b i32) (local $c i32) (local $d i32)
    (local $may_a i32) (local $may_b i32) (local $may_c i32) (local $may_d i32)
    (local.set $eight (i64.load (local.get $at)))
    (local.set $a (i32.and (i32.wrap_i64 (local.get $eight)) (i32.const 0xffff)))
    (local.set $b (i32.shr_u (i32.wrap_i64 (local.get $eight)) (i32.const 16)))
    (local.set $c (i32.and (i32.wrap_i64 (i64.shr_u (local.get $eight) (i64.const 32))) (i32.const 0xffff)))
    (local.set $d (i32.wrap_i64 (i64.shr_u (local.get $eight) (i64.const 48))))
    ;; What stands behind a pair is the first byte of the next.
    (local.set $may_a (i32.shr_u (i32.load8_u (i32.add (global.get $pairs) (local.get $a))) (i32.and (local.get $b) (i32.const 7))))
    (local.set $may_b (i32.shr_u (i32.load8_u (i32.add (global.get $pairs) (local.get $b))) (i32.and (local.get $c) (i32.const 7))))
    (local.set $may_c (i32.shr_u (i32.load8_u (i32.add (global.get $pairs) (local.get $c))) (i32.and (local.get $d) (i32.const 7))))
    (local.set $may_d (i32.shr_u (i32.load8_u (i32.add (global.get $pairs) (local.get $d))) (i32.and (i32.load8_u offset=8 (local.get $at)) (i32.const 7))))
    (if (i32.and (i32.const 1) (i32.or
          (i32.or (local.get $may_a) (local.get $may_b))
          (i32.or (local.get $may_c) (local.get $may_d))))
      (then
        (if (i32.and (local.get $may_a) (i32.const 1))
          (then (call $look (local.get $a) (local.get $at) (local.get $end))))
        (if (i32.and (local.get $may_b) (i32.const 1))
          (then (call $look (local.get $b) (i32.add (local.get $at) (i32.const 2)) (local.get $end))))
        (if (i32.and (local.get $may_c) (i32.const 1))
          (then (call $look (local.get $c) (i32.add (local.get $at) (i32.const 4)) (local.get $end))))
        (if (i32.and (local.get $may_d) (i32.const 1))
          (then (call $look (local.get $d) (i32.add (local.get $at) (i32.const 6)) (local.get $end))))
      )))

  ;; A bit for each of 16 bytes that can be printed: blank to tilde, tab and line feed, carriage return.
  (func $printableOf (param $bytes v128) (result i32)
    (i8x16.bitmask (v128.or
      (i8x16.lt_u (i8x16.sub (local.get $bytes) (i8x16.splat (i32.const 0x20))) (i8x16.splat (i32.const 0x5f)))
      (v128.or
        (i8x16.lt_u (i8x16.sub (local.get $bytes) (i8x16.splat (i32.const 9))) (i8x16.splat (i32.const 2)))
        (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 13)))))))

  ;; Scans from `at`, a multiple of 16 bytes from the content's first, and says where to go on: at the end, or before it where results are
  ;; full. Behind the end 64 bytes are NUL. Finds
  ;; - keywords (5 and the keyword's number, its first byte) that stand in six bytes or more that can be printed;
  ;; - runs of 40 letters of base64 or more: (1, the first byte), then (0, the byte behind it);
  ;; - UTF-16: the first of blocks of 16 bytes where every second is NUL, from the second (2) or the first (3) on, and the others can be printed;
  ;;   the block behind them (4).
  (func (export "scan") (param $at i32) (param $end i32) (result i32)
    (local $bytes v128) (local $behind v128) (local $printable i64) (local $runs i64)
    (local $letters i32) (local $others i32) (local $nul i32) (local $kind i32) (local $before i32)
    (global.set $next (global.get $results))
    (if (i32.ne (local.get $at) (global.get $content))
      (then
        (local.set $letters (global.get $letters))
        (local.set $before (global.get $before))
        (local.set $printable (global.get $printable)))
      (else (local.set $printable (i64.shl
        (i64.extend_i32_u (call $printableOf (v128.load (local.get $at))))
        (i64.const 32)))))
    (loop $more
      (if (i32.ge_u (local.get $at) (local.get $end))
        (then
          (if (i32.ge_u (local.get $letters) (i32.const 40))
            (then
              (call $found (i32.const 1) (i32.sub (local.get $end) (local.get $letters)))
              (call $found (i32.const 0) (local.get $end))))
          (if (local.get $before) (then (call $found (i32.const 4) (local.get $at))))
          (return (local.get $end))))
      (if (i32.gt_u (global.get $next) (global.get $resultsFull))
        (then
          (global.set $letters (local.get $letters))
          (global.set $before (local.get $before))
          (global.set $printable (local.get $printable))
          (return (local.get $at))))
      (local.set $bytes (v128.load (local.get $at)))
      (local.set $behind (v128.load offset=16 (local.get $at)))
      ;; As printableOf: Node does not inline calls.
      (local.set $printable (i64.or
        (i64.shr_u (local.get $printable) (i64.const 16))
        (i64.shl
          (i64.extend_i32_u (i8x16.bitmask (v128.or
            (i8x16.lt_u (i8x16.sub (local.get $behind) (i8x16.splat (i32.const 0x20))) (i8x16.splat (i32.const 0x5f)))
            (v128.or
              (i8x16.lt_u (i8x16.sub (local.get $behind) (i8x16.splat (i32.const 9))) (i8x16.splat (i32.const 2)))
              (i8x16.eq (local.get $behind) (i8x16.splat (i32.const 13)))))))
          (i64.const 32))))
      ;; Bits where six begin: two, then four, then six in a row.
      (local.set $runs (i64.and (local.get $printable) (i64.shr_u (local.get $printable) (i64.const 1))))
      (local.set $runs (i64.and
        (local.get $runs)
        (i64.and
          (i64.shr_u (local.get $runs) (i64.const 2))
          (i64.shr_u (local.get $runs) (i64.const 4)))))
      ;; Any that reach into this block.
      (if (i64.eqz (i64.and (local.get $runs) (i64.const 0xfffff800)))
        (then
          ;; Letters that end with the block before, in front of what cannot be printed.
          (if (i32.ge_u (local.get $letters) (i32.const 40))
            (then
              (call $found (i32.const 1) (i32.sub (local.get $at) (local.get $letters)))
              (call $found (i32.const 0) (local.get $at))))
          (local.set $letters (i32.const 0)))
        (else
          (call $lookAtEight (local.get $at) (local.get $end))
          (call $lookAtEight (i32.add (local.get $at) (i32.const 8)) (local.get $end))
          ;; A bit for each that is no letter of base64. A to Z and a to z differ in one bit; / stands before 0 to 9; + is alone.
          (local.set $others (i32.xor (i32.const 0xffff) (i8x16.bitmask (v128.or
            (i8x16.lt_u
              (i8x16.sub (v128.or (local.get $bytes) (i8x16.splat (i32.const 0x20))) (i8x16.splat (i32.const 0x61)))
              (i8x16.splat (i32.const 26)))
            (v128.or
              (i8x16.lt_u (i8x16.sub (local.get $bytes) (i8x16.splat (i32.const 0x2f))) (i8x16.splat (i32.const 11)))
              (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 0x2b))))))))
          (if (i32.eqz (local.get $others))
            (then (local.set $letters (i32.add (local.get $letters) (i32.const 16))))
            (else
              (if (i32.ge_u (i32.add (local.get $letters) (i32.ctz (local.get $others))) (i32.const 40))
                (then
                  (call $found (i32.const 1) (i32.sub (local.get $at) (local.get $letters)))
                  (call $found (i32.const 0) (i32.add (local.get $at) (i32.ctz (local.get $others))))))
              ;; Letters behind the last other.
              (local.set $letters (i32.sub (i32.clz (local.get $others)) (i32.const 16)))))))
      (local.set $nul (i8x16.bitmask (i8x16.eq (local.get $bytes) (v128.const i64x2 0 0))))
      (local.set $kind (i32.const 0))
      (if (i32.or (i32.eq (local.get $nul) (i32.const 0x5555)) (i32.eq (local.get $nul) (i32.const 0xaaaa)))
        (then
          (if (i32.eq (i32.const 0xffff) (i32.or
                (local.get $nul)
                (i32.and (i32.wrap_i64 (i64.shr_u (local.get $printable) (i64.const 16))) (i32.const 0xffff))))
            (then (local.set $kind (i32.add (i32.const 2) (i32.and (local.get $nul) (i32.const 1))))))))
      (if (i32.ne (local.get $kind) (local.get $before))
        (then
          (if (local.get $before) (then (call $found (i32.const 4) (local.get $at))))
          (if (local.get $kind) (then (call $found (local.get $kind) (local.get $at))))))
      (local.set $before (local.get $kind))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $more))
    (unreachable)))
