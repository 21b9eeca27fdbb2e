;; The loop over every byte of a layer. WebAssembly because it is fast from the first file on: a thread reads one layer, and
;; compiling the same from JavaScript costs it a third of a second. scripts/generate-kernel.mjs makes byte-scan-wasm.ts of this file.
;; How the tables lie in memory: byte-scan.ts.
(module
  (import "kernel" "memory" (memory 1))
  ;; From byte 0 on, 16,384 bytes, one for each pair of bytes by seven bits of each: bit N says that a keyword with this pair goes on with a
  ;; byte whose last three bits are N. Then 16,384 numbers of two bytes: which slot a pair has. From 49,152 on slots of 16 bytes: by their
  ;; last five bits, the bytes before the pair and behind it; where its candidates begin and end.
  (import "kernel" "content" (global $content i32))
  ;; Where results are written, and the last place at which a step may begin to write.
  (import "kernel" "results" (global $results i32))
  (import "kernel" "resultsFull" (global $resultsFull i32))
  ;; Where the next result goes.
  (global $next (export "next") (mut i32) (i32.const 0))
  ;; Where a scan goes on when results were full: letters of base64 up to here, the kind of the block before, which of the next 64 bytes can be
  ;; printed, and where in the 64 before six such begin.
  (global $letters (mut i32) (i32.const 0))
  (global $before (mut i32) (i32.const 0))
  (global $printable (mut i64) (i64.const 0))
  (global $runsBefore (mut i64) (i64.const 0))

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

  ;; The keywords of a slot that have their pair at `at`.
  (func $compare (param $slot i32) (param $at i32) (param $end i32)
    (local $candidate i32) (local $last i32) (local $start i32) (local $keyword i32)
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

  ;; A bit for each of the 16 pairs of 32 bytes: a keyword may have it, by the byte behind it.
  (func $pairs (param $at i32) (result i32)
    (local $p i64) (local $q i64) (local $r i64) (local $s i64) (local $v v128)
    (local.set $p (i64.load offset=0 (local.get $at)))
    (local.set $p (i64.or (i64.and (local.get $p) (i64.const 0x007f007f007f007f)) (i64.and (i64.shr_u (local.get $p) (i64.const 1)) (i64.const 0x3f803f803f803f80))))
    (local.set $q (i64.load offset=8 (local.get $at)))
    (local.set $q (i64.or (i64.and (local.get $q) (i64.const 0x007f007f007f007f)) (i64.and (i64.shr_u (local.get $q) (i64.const 1)) (i64.const 0x3f803f803f803f80))))
    (local.set $r (i64.load offset=16 (local.get $at)))
    (local.set $r (i64.or (i64.and (local.get $r) (i64.const 0x007f007f007f007f)) (i64.and (i64.shr_u (local.get $r) (i64.const 1)) (i64.const 0x3f803f803f803f80))))
    (local.set $s (i64.load offset=24 (local.get $at)))
    (local.set $s (i64.or (i64.and (local.get $s) (i64.const 0x007f007f007f007f)) (i64.and (i64.shr_u (local.get $s) (i64.const 1)) (i64.const 0x3f803f803f803f80))))
    (local.set $v (v128.load8_lane 0 (i32.and (i32.wrap_i64 (local.get $p)) (i32.const 0xffff)) (local.get $v)))
    (local.set $v (v128.load8_lane 1 (i32.shr_u (i32.wrap_i64 (local.get $p)) (i32.const 16)) (local.get $v)))
    (local.set $v (v128.load8_lane 2 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $p) (i64.const 32))) (i32.const 0xffff)) (local.get $v)))
    (local.set $v (v128.load8_lane 3 (i32.wrap_i64 (i64.shr_u (local.get $p) (i64.const 48))) (local.get $v)))
    (local.set $v (v128.load8_lane 4 (i32.and (i32.wrap_i64 (local.get $q)) (i32.const 0xffff)) (local.get $v)))
    (local.set $v (v128.load8_lane 5 (i32.shr_u (i32.wrap_i64 (local.get $q)) (i32.const 16)) (local.get $v)))
    (local.set $v (v128.load8_lane 6 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $q) (i64.const 32))) (i32.const 0xffff)) (local.get $v)))
    (local.set $v (v128.load8_lane 7 (i32.wrap_i64 (i64.shr_u (local.get $q) (i64.const 48))) (local.get $v)))
    (local.set $v (v128.load8_lane 8 (i32.and (i32.wrap_i64 (local.get $r)) (i32.const 0xffff)) (local.get $v)))
    (local.set $v (v128.load8_lane 9 (i32.shr_u (i32.wrap_i64 (local.get $r)) (i32.const 16)) (local.get $v)))
    (local.set $v (v128.load8_lane 10 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $r) (i64.const 32))) (i32.const 0xffff)) (local.get $v)))
    (local.set $v (v128.load8_lane 11 (i32.wrap_i64 (i64.shr_u (local.get $r) (i64.const 48))) (local.get $v)))
    (local.set $v (v128.load8_lane 12 (i32.and (i32.wrap_i64 (local.get $s)) (i32.const 0xffff)) (local.get $v)))
    (local.set $v (v128.load8_lane 13 (i32.shr_u (i32.wrap_i64 (local.get $s)) (i32.const 16)) (local.get $v)))
    (local.set $v (v128.load8_lane 14 (i32.and (i32.wrap_i64 (i64.shr_u (local.get $s) (i64.const 32))) (i32.const 0xffff)) (local.get $v)))
    (local.set $v (v128.load8_lane 15 (i32.wrap_i64 (i64.shr_u (local.get $s) (i64.const 48))) (local.get $v)))
    (i32.xor (i32.const 0xffff) (i8x16.bitmask (i8x16.eq (v128.const i64x2 0 0) (v128.and (local.get $v)
      (i8x16.swizzle (v128.const i8x16 1 2 4 8 16 32 64 -128 0 0 0 0 0 0 0 0)
        (v128.and (v128.const i64x2 0x0707070707070707 0x0707070707070707) (i8x16.shuffle 0 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30
          (v128.load offset=2 (local.get $at)) (v128.load offset=18 (local.get $at))))))))))

  ;; The keywords at the pairs of 64 bytes that have a mark.
  (func $look (param $from i32) (param $marks i32) (param $end i32)
    (local $at i32) (local $slot i32)
    (block $none
      (loop $mark
        (br_if $none (i32.eqz (local.get $marks)))
        (local.set $at (i32.add (local.get $from) (i32.shl (i32.ctz (local.get $marks)) (i32.const 1))))
        (local.set $marks (i32.and (local.get $marks) (i32.sub (local.get $marks) (i32.const 1))))
        (local.set $slot (i32.add (i32.const 49152) (i32.shl
          (i32.load16_u offset=16384 (i32.or
            (i32.shl (i32.and (i32.load8_u (local.get $at)) (i32.const 0x7f)) (i32.const 1))
            (i32.shl (i32.and (i32.load8_u offset=1 (local.get $at)) (i32.const 0x7f)) (i32.const 8))))
          (i32.const 4))))
        ;; A shift takes the last five bits of the byte that it shifts by.
        (br_if $mark (i32.eqz (i32.and (i32.const 1) (i32.and
          (i32.shr_u (i32.load (local.get $slot)) (i32.load8_u (i32.sub (local.get $at) (i32.const 1))))
          (i32.shr_u (i32.load offset=4 (local.get $slot)) (i32.load8_u offset=2 (local.get $at)))))))
        (call $compare (local.get $slot) (local.get $at) (local.get $end))
        (br $mark))))

  ;; Which of four blocks of 16 bytes are UTF-16, by which of their bytes are NUL and can be printed. Gives the kind of the last.
  (func $wide (param $at i32) (param $nuls i64) (param $printable i64) (param $before i32) (result i32)
    (local $left i32) (local $kind i32) (local $nul i32)
    (local.set $left (i32.const 4))
    (loop $more
      (local.set $nul (i32.and (i32.wrap_i64 (local.get $nuls)) (i32.const 0xffff)))
      (local.set $kind (i32.const 0))
      (if (i32.or (i32.eq (local.get $nul) (i32.const 0x5555)) (i32.eq (local.get $nul) (i32.const 0xaaaa)))
        (then
          (if (i32.eq (i32.const 0xffff) (i32.or (local.get $nul)
                (i32.and (i32.wrap_i64 (local.get $printable)) (i32.const 0xffff))))
            (then (local.set $kind (i32.add (i32.const 2) (i32.and (local.get $nul) (i32.const 1))))))))
      (if (i32.ne (local.get $kind) (local.get $before))
        (then
          (if (local.get $before) (then (call $found (i32.const 4) (local.get $at))))
          (if (local.get $kind) (then (call $found (local.get $kind) (local.get $at))))))
      (local.set $before (local.get $kind))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (local.set $nuls (i64.shr_u (local.get $nuls) (i64.const 16)))
      (local.set $printable (i64.shr_u (local.get $printable) (i64.const 16)))
      (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $before))

  ;; Scans from `at`, a multiple of 64 bytes from the content's first, and says where to go on: at the end, or before it where results are
  ;; full. 128 bytes before the content and behind it are NUL. Finds
  ;; - keywords (5 and the keyword's number, its first byte) that stand in six bytes or more that can be printed;
  ;; - runs of 40 letters of base64 or more: (1, the first byte), then (0, the byte behind it);
  ;; - UTF-16: the first of blocks of 16 bytes where every second is NUL, from the second (2) or the first (3) on, and the others can be printed;
  ;;   the block behind them (4).
  (func (export "scan") (param $at i32) (param $end i32) (result i32)
    (local $w v128) (local $x v128) (local $y v128) (local $z v128)
    (local $printable i64) (local $coming i64) (local $two i64) (local $twoComing i64)
    (local $runs i64) (local $runsBefore i64) (local $reaching i64)
    (local $marks i32) (local $others i64) (local $letters i32) (local $from i32) (local $to i32) (local $nuls i64) (local $before i32)
    (global.set $next (global.get $results))
    (if (i32.eq (local.get $at) (global.get $content))
      ;; What can be printed is known 64 bytes ahead.
      (then (local.set $at (i32.sub (local.get $at) (i32.const 64))))
      (else
        (local.set $letters (global.get $letters))
        (local.set $before (global.get $before))
        (local.set $runsBefore (global.get $runsBefore))
        (local.set $printable (global.get $printable))))
    (loop $more
      (if (i32.ge_s (local.get $at) (local.get $end))
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
          (global.set $runsBefore (local.get $runsBefore))
          (global.set $printable (local.get $printable))
          (return (local.get $at))))
      ;; Of the 64 bytes that follow, those that can be printed: blank to tilde, tab and line feed, carriage return.
      (local.set $w (v128.load offset=64 (local.get $at)))
      (local.set $x (v128.load offset=80 (local.get $at)))
      (local.set $y (v128.load offset=96 (local.get $at)))
      (local.set $z (v128.load offset=112 (local.get $at)))
      (local.set $coming (i64.or
        (i64.or
          (i64.extend_i32_u (i8x16.bitmask (v128.or
            (i8x16.lt_u (i8x16.sub (local.get $w) (i8x16.splat (i32.const 0x20))) (i8x16.splat (i32.const 0x5f)))
            (v128.or
              (i8x16.lt_u (i8x16.sub (local.get $w) (i8x16.splat (i32.const 9))) (i8x16.splat (i32.const 2)))
              (i8x16.eq (local.get $w) (i8x16.splat (i32.const 13)))))))
          (i64.shl (i64.extend_i32_u (i8x16.bitmask (v128.or
            (i8x16.lt_u (i8x16.sub (local.get $x) (i8x16.splat (i32.const 0x20))) (i8x16.splat (i32.const 0x5f)))
            (v128.or
              (i8x16.lt_u (i8x16.sub (local.get $x) (i8x16.splat (i32.const 9))) (i8x16.splat (i32.const 2)))
              (i8x16.eq (local.get $x) (i8x16.splat (i32.const 13))))))) (i64.const 16)))
        (i64.or
          (i64.shl (i64.extend_i32_u (i8x16.bitmask (v128.or
            (i8x16.lt_u (i8x16.sub (local.get $y) (i8x16.splat (i32.const 0x20))) (i8x16.splat (i32.const 0x5f)))
            (v128.or
              (i8x16.lt_u (i8x16.sub (local.get $y) (i8x16.splat (i32.const 9))) (i8x16.splat (i32.const 2)))
              (i8x16.eq (local.get $y) (i8x16.splat (i32.const 13))))))) (i64.const 32))
          (i64.shl (i64.extend_i32_u (i8x16.bitmask (v128.or
            (i8x16.lt_u (i8x16.sub (local.get $z) (i8x16.splat (i32.const 0x20))) (i8x16.splat (i32.const 0x5f)))
            (v128.or
              (i8x16.lt_u (i8x16.sub (local.get $z) (i8x16.splat (i32.const 9))) (i8x16.splat (i32.const 2)))
              (i8x16.eq (local.get $z) (i8x16.splat (i32.const 13))))))) (i64.const 48)))))
      ;; Where six begin: two, then four, then six in a row.
      (local.set $two (i64.and (local.get $printable) (i64.or
        (i64.shr_u (local.get $printable) (i64.const 1))
        (i64.shl (local.get $coming) (i64.const 63)))))
      (local.set $twoComing (i64.and (local.get $coming) (i64.shr_u (local.get $coming) (i64.const 1))))
      (local.set $runs (i64.and (local.get $two) (i64.and
        (i64.or (i64.shr_u (local.get $two) (i64.const 2)) (i64.shl (local.get $twoComing) (i64.const 62)))
        (i64.or (i64.shr_u (local.get $two) (i64.const 4)) (i64.shl (local.get $twoComing) (i64.const 60))))))
      ;; The same from five bytes before on.
      (local.set $reaching (i64.or
        (i64.shl (local.get $runs) (i64.const 5))
        (i64.shr_u (local.get $runsBefore) (i64.const 59))))
      (local.set $runsBefore (local.get $runs))
      (local.set $w (v128.load (local.get $at)))
      (local.set $x (v128.load offset=16 (local.get $at)))
      (local.set $y (v128.load offset=32 (local.get $at)))
      (local.set $z (v128.load offset=48 (local.get $at)))
      (if (i64.eqz (i64.or (local.get $reaching) (local.get $runs)))
        (then
          ;; Letters that end with the bytes before, in front of what cannot be printed.
          (if (i32.ge_u (local.get $letters) (i32.const 40))
            (then
              (call $found (i32.const 1) (i32.sub (local.get $at) (local.get $letters)))
              (call $found (i32.const 0) (local.get $at))))
          (local.set $letters (i32.const 0)))
        (else
          ;; Each half that six reach into.
          (local.set $marks (i32.const 0))
          (if (i64.ne (i64.const 0) (i64.and (local.get $reaching) (i64.const 0x1fffffffff)))
            (then (local.set $marks (call $pairs (local.get $at)))))
          (if (i64.ne (i64.const 0) (i64.shr_u (local.get $runs) (i64.const 27)))
            (then (local.set $marks (i32.or
              (local.get $marks)
              (i32.shl (call $pairs (i32.add (local.get $at) (i32.const 32))) (i32.const 16))))))
          (if (local.get $marks) (then (call $look (local.get $at) (local.get $marks) (local.get $end))))
          ;; A bit for each that is no letter of base64. A to Z and a to z differ in one bit; / stands before 0 to 9; + is alone.
          (local.set $others (i64.xor (i64.const -1) (i64.or
            (i64.or
              (i64.extend_i32_u (i8x16.bitmask (v128.or
            (i8x16.lt_u (i8x16.sub (v128.or (local.get $w) (i8x16.splat (i32.const 0x20))) (i8x16.splat (i32.const 0x61))) (i8x16.splat (i32.const 26)))
            (v128.or
              (i8x16.lt_u (i8x16.sub (local.get $w) (i8x16.splat (i32.const 0x2f))) (i8x16.splat (i32.const 11)))
              (i8x16.eq (local.get $w) (i8x16.splat (i32.const 0x2b)))))))
              (i64.shl (i64.extend_i32_u (i8x16.bitmask (v128.or
            (i8x16.lt_u (i8x16.sub (v128.or (local.get $x) (i8x16.splat (i32.const 0x20))) (i8x16.splat (i32.const 0x61))) (i8x16.splat (i32.const 26)))
            (v128.or
              (i8x16.lt_u (i8x16.sub (local.get $x) (i8x16.splat (i32.const 0x2f))) (i8x16.splat (i32.const 11)))
              (i8x16.eq (local.get $x) (i8x16.splat (i32.const 0x2b))))))) (i64.const 16)))
            (i64.or
              (i64.shl (i64.extend_i32_u (i8x16.bitmask (v128.or
            (i8x16.lt_u (i8x16.sub (v128.or (local.get $y) (i8x16.splat (i32.const 0x20))) (i8x16.splat (i32.const 0x61))) (i8x16.splat (i32.const 26)))
            (v128.or
              (i8x16.lt_u (i8x16.sub (local.get $y) (i8x16.splat (i32.const 0x2f))) (i8x16.splat (i32.const 11)))
              (i8x16.eq (local.get $y) (i8x16.splat (i32.const 0x2b))))))) (i64.const 32))
              (i64.shl (i64.extend_i32_u (i8x16.bitmask (v128.or
            (i8x16.lt_u (i8x16.sub (v128.or (local.get $z) (i8x16.splat (i32.const 0x20))) (i8x16.splat (i32.const 0x61))) (i8x16.splat (i32.const 26)))
            (v128.or
              (i8x16.lt_u (i8x16.sub (local.get $z) (i8x16.splat (i32.const 0x2f))) (i8x16.splat (i32.const 11)))
              (i8x16.eq (local.get $z) (i8x16.splat (i32.const 0x2b))))))) (i64.const 48))))))
          (if (i64.eqz (local.get $others))
            (then (local.set $letters (i32.add (local.get $letters) (i32.const 64))))
            (else
              (local.set $to (i32.wrap_i64 (i64.ctz (local.get $others))))
              (if (i32.ge_u (i32.add (local.get $letters) (local.get $to)) (i32.const 40))
                (then
                  (call $found (i32.const 1) (i32.sub (local.get $at) (local.get $letters)))
                  (call $found (i32.const 0) (i32.add (local.get $at) (local.get $to)))))
              ;; Forty between two others have the middle.
              (if (i64.eqz (i64.and (local.get $others) (i64.const 0xffff000000)))
                (then
                  (local.set $from (i32.sub (i32.const 64) (i32.wrap_i64 (i64.clz (i64.and (local.get $others) (i64.const 0xffffff))))))
                  (local.set $to (i32.add (i32.const 40) (i32.wrap_i64 (i64.ctz (i64.shr_u (local.get $others) (i64.const 40))))))
                  (if (i32.and
                        (i32.and (i32.ne (local.get $from) (i32.const 0)) (i32.lt_u (local.get $to) (i32.const 64)))
                        (i32.ge_s (i32.sub (local.get $to) (local.get $from)) (i32.const 40)))
                    (then
                      (call $found (i32.const 1) (i32.add (local.get $at) (local.get $from)))
                      (call $found (i32.const 0) (i32.add (local.get $at) (local.get $to)))))))
              ;; Letters behind the last other.
              (local.set $letters (i32.wrap_i64 (i64.clz (local.get $others))))))))
      (if (i64.eq (local.get $printable) (i64.const -1))
        (then
          (if (local.get $before) (then (call $found (i32.const 4) (local.get $at))))
          (local.set $before (i32.const 0)))
        (else
          (local.set $nuls (i64.or
            (i64.or
              (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $w) (v128.const i64x2 0 0))))
              (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $x) (v128.const i64x2 0 0)))) (i64.const 16)))
            (i64.or
              (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $y) (v128.const i64x2 0 0)))) (i64.const 32))
              (i64.shl (i64.extend_i32_u (i8x16.bitmask (i8x16.eq (local.get $z) (v128.const i64x2 0 0)))) (i64.const 48)))))
          ;; Whether four times 16 bits are 0x5555 or 0xaaaa anywhere: then the borrow of a 1 shows in the highest.
          (local.set $two (i64.xor (local.get $nuls) (i64.const 0x5555555555555555)))
          (local.set $twoComing (i64.xor (local.get $nuls) (i64.const 0xaaaaaaaaaaaaaaaa)))
          (if (i32.or (i32.ne (local.get $before) (i32.const 0)) (i64.ne (i64.const 0) (i64.and
                (i64.const 0x8000800080008000)
                (i64.or
                  (i64.and (i64.sub (local.get $two) (i64.const 0x0001000100010001)) (i64.xor (local.get $two) (i64.const -1)))
                  (i64.and (i64.sub (local.get $twoComing) (i64.const 0x0001000100010001)) (i64.xor (local.get $twoComing) (i64.const -1)))))))
            (then (local.set $before
              (call $wide (local.get $at) (local.get $nuls) (local.get $printable) (local.get $before)))))))
      (local.set $printable (local.get $coming))
      (local.set $at (i32.add (local.get $at) (i32.const 64)))
      (br $more))
    (unreachable)))
