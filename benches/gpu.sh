#!/bin/bash
# Tests and measures the kernels on a machine with a CUDA card, within ten minutes, and writes the report's tables.
#
#   benches/gpu.sh                 builds with cargo
#   benches/gpu.sh --bins FOLDER   takes FOLDER/agree and FOLDER/kernels, built elsewhere
#   benches/gpu.sh --only agree    one part: agree, bench, peers
#   benches/gpu.sh --quick         the shapes that tell most, and cubes of 1,000,000 rows only: for a machine lent by the minute
#
# What is found goes to the folder OUT (default target/gpu): agree.log, kernels.log, kernels.jsonl, peers.jsonl, report.md.
# Elsewhere: cargo test --release -p consort-kernels --features cuda-cpp --test agree --no-run, and
# cargo bench -p consort-kernels --features cuda-cpp --bench kernels --no-run; strip both.
set -u
cd "$(dirname "$0")/.."
out=${OUT:-target/gpu}
bins="" only="agree bench peers"
while [ $# -gt 0 ]; do
    case $1 in
        --bins) bins=$2; shift ;;
        --only) only=$2; shift ;;
        --quick) export CONSORT_AGREE=quick CONSORT_ROWS=1000000 ;;
        *) echo "unknown option $1" >&2; exit 2 ;;
    esac
    shift
done
mkdir -p "$out"
began=$SECONDS
. benches/toolkit.sh
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader | tee "$out/card.txt"
failed=0
if [[ $only == *agree* ]]; then
    if [ -n "$bins" ]; then agree=("$bins/agree"); else
        agree=(cargo test --release -p consort-kernels --features cuda --test agree --)
    fi
    CONSORT_DEVICE=cuda timeout 240 "${agree[@]}" --test-threads 8 >"$out/agree.log" 2>&1 || failed=1
    grep -E "^test result|panicked|FAILED|agreement on" "$out/agree.log" | head -40
    grep -A3 "panicked" "$out/agree.log" | head -60
    echo "agree: $((SECONDS - began)) s so far"
fi
if [[ $only == *bench* ]]; then
    if [ -n "$bins" ]; then bench=("$bins/kernels" --bench); else
        bench=(cargo bench -p consort-benches --features cuda --bench kernels --)
    fi
    CONSORT_DEVICE=cuda CONSORT_FIGURES="$out/kernels.jsonl" CRITERION_HOME="$PWD/target/criterion" \
        timeout 300 "${bench[@]}" >"$out/kernels.log" 2>&1 || failed=1
    grep -E "^runtime|^\||^log pool" "$out/kernels.log"
    tail -2 "$out/kernels.log"
    echo "bench: $((SECONDS - began)) s so far"
fi
if [[ $only == *peers* ]]; then
    timeout 260 python3 benches/peers/kernels.py $((SECONDS - began > 360 ? 120 : 200)) >"$out/peers.jsonl" 2>"$out/peers.log" || failed=1
    cat "$out/peers.jsonl"
fi
python3 benches/peers/kernels_page.py "$out" >"$out/report.md" && echo "wrote $out/report.md"
echo "done in $((SECONDS - began)) s, failed: $failed"
exit $failed
