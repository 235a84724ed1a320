#!/bin/bash
# Times the nets of consort-burn beside PyTorch's on a machine with a CUDA card, within ten minutes, and writes the tables.
#
#   benches/deep_gpu.sh --mnist FOLDER     builds with cargo
#   --bins FOLDER       takes FOLDER/deep_speed, built elsewhere, and FOLDER/deep_speed_tuned, built with the feature `autotune` too, if
#                       it is there, or both with `.xz` at the end; Python looks for packages there too
#   --only packed       some parts: packed, mnist, resnet, train, tuned
#   --seconds 570       when to end; what is left then is left out
#   --device cpu        another device, to try the script out; then with --tiny
#
# What is found goes to the folder OUT (default target/gpu): deep.jsonl, deep.log, deep.md.
# Elsewhere: cargo build --release -p consort-burn --example deep_speed --features cuda,kernels,consort-kernels/cuda-cpp; strip it.
set -u
cd "$(dirname "$0")/.."
out=${OUT:-target/gpu}
bins="" mnist="" only="packed mnist resnet train tuned" seconds=570 device=cuda tiny=""
while [ $# -gt 0 ]; do
    case $1 in
        --bins) bins=$2; shift ;;
        --mnist) mnist=$2; shift ;;
        --only) only=$2; shift ;;
        --seconds) seconds=$2; shift ;;
        --device) device=$2; shift ;;
        --tiny) tiny=1 ;;
        *) echo "unknown option $1" >&2; exit 2 ;;
    esac
    shift
done
mkdir -p "$out"
work=$(mktemp -d)
: >"$out/deep.jsonl"
: >"$out/deep.log"
. benches/toolkit.sh
[ "$device" = cpu ] || nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader | tee "$out/card.txt"
if [ -z "$bins" ]; then
    cargo build --release -p consort-burn --example deep_speed --features cuda,kernels || exit 1
    ours=target/release/examples/deep_speed
fi
# unpacked NAME: where the program of that name lies.
unpacked() {
    local file=$bins/$1 there
    if [ ! -e "$file" ] && [ -e "$file.xz" ]; then
        there=$work/$1
        python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), open(sys.argv[2], "wb"))' "$file.xz" "$there" || return 1
        file=$there
    fi
    chmod +x "$file" 2>/dev/null
    [ -x "$file" ] && echo "$file"
}
tuned=""
if [ -n "$bins" ]; then
    ours=$(unpacked deep_speed) || exit 1
    tuned=$(unpacked deep_speed_tuned)
fi
export PYTHONPATH="${bins:+$PWD/$bins:}${PYTHONPATH:-}"
ours=("$ours" --device "$device")
torch=(python3 benches/peers/deep.py --device "$device" --program "${ours[0]}")
failed=0

# left LIMIT: the seconds that a step has; fewer than 10 are not worth a beginning.
left() {
    local rest=$((seconds - SECONDS))
    rest=$(($1 < rest ? $1 : rest))
    [ $rest -ge 10 ] && echo $rest
}

# step NAME LIMIT COMMAND...: appends what it says in JSON; one that fails or takes too long leaves the others their turn.
step() {
    local name=$1 limit began=$SECONDS code
    limit=$(left "$2") || { echo "$name: no time left" | tee -a "$out/deep.log"; failed=1; return; }
    shift 2
    echo "== $name" >>"$out/deep.log"
    timeout -k 5 "$limit" "$@" >>"$out/deep.jsonl" 2>>"$out/deep.log"
    code=$?
    [ $code = 0 ] || failed=1
    echo "$name: $((SECONDS - began)) s, ended with $code, $SECONDS s so far" | tee -a "$out/deep.log"
}

rows=50000 images=9984 epochs=5 batches="32 128 1024" depths="18 50" trained="2 10240"
[ -n "$tiny" ] && rows=2000 images=256 epochs=1 batches="128" depths="18" trained="1 128 1"
# Small batches last: a loop over them is the slowest of all.
few="" loops="" methods=""
for batch in $batches; do
    few+="packed MODE $batch $rows + "
    loops="packed loop $batch $rows + $loops"
done
for method in voting bagging joint boosting snapshot; do methods+="mnist $mnist $method $epochs 1 $images + "; done

# One program at a time: one that compiles slows the one that is timed. Each compiles its kernels first.
if [[ $only == *packed* ]]; then
    step "packed" 150 "${ours[@]}" ${few//MODE/packed} $loops packed loop-2 128 $rows
    step "packed, torch" 80 "${torch[@]}" --tf32 ${few//MODE/vmap} ${loops% + }
fi
if [[ $only == *mnist* ]]; then
    step "mnist" 140 "${ours[@]}" ${methods% + }
    step "mnist, torchensemble" 60 "${torch[@]}" --tf32 ${methods% + }
fi
if [[ $only == *resnet* ]]; then
    for depth in $depths; do step "resnet $depth" 75 "${torch[@]}" resnet $depth ${tiny:+2}; done
fi
if [[ $only == *train* ]]; then
    step "train, torch rounding" 45 "${torch[@]}" --tf32 resnet18-train $trained
    step "train, torch" 45 "${torch[@]}" resnet18-train $trained
    step "train" 170 "${ours[@]}" resnet18-train $trained
fi
if [[ $only == *tuned* && -n $tuned ]]; then
    step "tuned" 390 "$tuned" --device "$device" resnet18-train $trained
fi
python3 benches/peers/deep_page.py "$out" >"$out/deep.md" && echo "wrote $out/deep.md"
cat "$out/deep.jsonl"
grep -E "^error|Error|panicked" "$out/deep.log" | cut -c1-300 | head -20
rm -rf "$work"
echo "done in $SECONDS s, failed: $failed"
exit $failed
