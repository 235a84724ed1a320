#!/usr/bin/env python3
"""Registers and spills of kernels, by ptxas.  table.py PTXAS FOLDER…

Each folder, named sm_NN, holds the PTX of one capability, and FOLDER.log says in which order the bench asked for what.
"""
import os
import re
import subprocess
import sys


def compiled(ptxas, path):
    """The name of the kernel, and what ptxas says that it takes."""
    text = open(path).read()
    target = re.search(r"^\.target\s+(\w+)", text, re.M).group(1)
    name = re.search(r"\.entry\s+(\w+)", text).group(1)
    ran = subprocess.run([ptxas, f"-arch={target}", "-v", path, "-o", "/dev/null"], capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{path} ({name}): {ran.stderr[-2000:]}")
    number = lambda pattern: int((re.search(pattern, ran.stderr) or [0, 0])[1])
    return name, {
        "registers": number(r"Used (\d+) registers"),
        "spills": number(r"(\d+) bytes spill stores") + number(r"(\d+) bytes spill loads"),
        "shared": number(r"(\d+) bytes smem"),
        "lines": text.count(";"),
    }


def works(log):
    """For which work each file was compiled first."""
    work, found = "", {}
    for line in open(log, errors="replace"):
        if line.startswith("for "):
            work = line[4:].strip()
        elif line.startswith("kept "):
            found[line.split()[1]] = work
    return found


def main():
    ptxas, folders = sys.argv[1], sys.argv[2:]
    found = {}
    for folder in folders:
        work_of = works(folder + ".log")
        for file in sorted(os.listdir(folder)):
            name, took = compiled(ptxas, os.path.join(folder, file))
            # Without the number that tells variants apart, and what says of which type they are.
            plain = re.sub(r"(_f_f32)?(_v_\d+)?_[0-9a-f]{7,8}$", "", name)
            found.setdefault((plain, work_of.get(file, ""), file), {})[os.path.basename(folder)] = took
    sms = [os.path.basename(folder) for folder in folders]
    head = ["kernel", "first used for"] + [f"{what}, {sm}" for sm in sms for what in ("registers", "bytes spilt", "PTX instructions")]
    print("| " + " | ".join(head) + " |\n|---|---|" + "---:|" * (len(head) - 2))
    for (name, work, _), by in found.items():
        cells = [f"{by[sm]['registers']} | {by[sm]['spills']} | {by[sm]['lines']}" if sm in by else "– | – | –" for sm in sms]
        print(f"| `{name}` | {work} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
