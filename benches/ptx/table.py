#!/usr/bin/env python3
"""Registers, spills, stack and shared memory of kernels, by ptxas.  table.py PTXAS FOLDER…

Each folder, named sm_NN, holds the PTX of one capability, and FOLDER.log says in which order the bench asked for what, and
how much memory the units of a workgroup share. Code compiled for "variant …" is told by the most that any of it takes.
"""
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

COLUMNS = ["registers", "bytes spilt", "bytes of stack", "bytes shared", "PTX instructions"]


def compiled(ptxas, path):
    """The name of the kernel, and what ptxas says that it takes, in the order of COLUMNS."""
    text = open(path).read()
    target = re.search(r"^\.target\s+(\w+)", text, re.M).group(1)
    name = re.search(r"\.entry\s+(\w+)", text).group(1)
    ran = subprocess.run([ptxas, f"-arch={target}", "-v", path, "-o", "/dev/null"], capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{path} ({name}): {ran.stderr[-2000:]}")
    number = lambda pattern: sum(int(found) for found in re.findall(pattern, ran.stderr))
    # Functions that were not put in where they are called have stacks and spills of their own.
    return name, [
        number(r"Used (\d+) registers"),
        number(r"(\d+) bytes spill stores") + number(r"(\d+) bytes spill loads"),
        number(r"(\d+) bytes stack frame"),
        number(r"(\d+) bytes smem"),
        text.count(";"),
    ]


def told(log):
    """For which work each file was compiled first, and the bytes that its launches asked for."""
    work, works, shared = "", {}, {}
    for line in open(log, errors="replace"):
        words = line.split()
        if line.startswith("for "):
            work = line[4:].strip()
        elif line.startswith("kept "):
            works[words[1]] = work
        elif line.startswith("shared "):
            shared[words[1]] = int(words[2])
    return works, shared


def table(head, lines, sms):
    head = head + [f"{what}, {sm}" for sm in sms for what in COLUMNS]
    print("| " + " | ".join(head) + " |\n|---|---|" + "---:|" * (len(head) - 2))
    for name, second, by in lines:
        cells = [str(x) for sm in sms for x in by.get(sm, ["–"] * len(COLUMNS))]
        print(f"| `{name}` | {second} | " + " | ".join(cells) + " |")


def main():
    ptxas, folders = sys.argv[1], sys.argv[2:]
    sms = [os.path.basename(folder) for folder in folders]
    single, most, spilling = {}, {}, []
    for folder, sm in zip(folders, sms):
        works, shared = told(folder + ".log")
        files = sorted(os.listdir(folder))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            all_took = list(pool.map(lambda file: compiled(ptxas, os.path.join(folder, file)), files))
        for file, (name, took) in zip(files, all_took):
            took[COLUMNS.index("bytes shared")] += shared.get(file, 0)
            # Without the number that tells variants apart, and what says of which type they are.
            plain = re.sub(r"(_f_(f32)?)?(_v_\d+)?_[0-9a-f]{7,8}$", "", name)
            work = works.get(file, "")
            if took[COLUMNS.index("bytes spilt")]:
                spilling.append(f"{sm}, `{plain}`, {work}: {took[COLUMNS.index('bytes spilt')]} bytes spilt")
            if work.startswith("variant"):
                most.setdefault(plain, {}).setdefault(sm, []).append(took)
            else:
                single.setdefault((plain, work, file), {})[sm] = took
    table(["kernel", "first used for"], [(name, work, by) for (name, work, _), by in single.items()], sms)
    print()
    table(
        ["kernel", "further variants, the most of each"],
        [
            (name, max(map(len, by.values())), {sm: [max(column) for column in zip(*took)] for sm, took in by.items()})
            for name, by in most.items()
        ],
        sms,
    )
    print("\n" + "\n".join(f"- {line}" for line in spilling or ["none spills"]))


if __name__ == "__main__":
    main()
