#!/usr/bin/env python3
"""Checks what the rules of docs/style.md leave checkable. Runs as a test.

  tools/tidy.py                        all rules over every file that git knows of
  tools/tidy.py --clang-tidy BUILD     clang-tidy, with .clang-tidy, over src/ without tests as BUILD compiles it

One line for each finding: `file:line: what, do this`. Exit code 1 when there is any. A line that must break a rule says why:
`// tidy-ok: <reason>`.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass

import cpp_text

FILE_LINES = 800
FUNCTION_LINES = 70


@dataclass(frozen=True, order=True)
class Finding:
    file: str
    line: int
    what: str
    do: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.what}, {self.do}"


class Source:
    """One file of the tree. `code` is its text without comments and literals (C++ only)."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.parts = pathlib.PurePosixPath(path).parts
        self.is_cpp = path.endswith((".h", ".cc"))
        self.is_test = bool(re.search(r"_(test|suite|fuzz|bench)\.(cc|h|py)$", path)) or self.parts[0] in ("test", "bench")
        self.folder = self.parts[1] if self.parts[0] == "src" and len(self.parts) > 2 else ""
        self.code = cpp_text.strip(text) if self.is_cpp else ""

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def excused(self, line):
        lines = self.text.split("\n")
        return "tidy-ok:" in lines[line - 1] or (line > 1 and lines[line - 2].strip().startswith("// tidy-ok:"))


# --- layers -----------------------------------------------------------------------------------------------------------

# Between folders of one layer: only through these headers.
SIDEWAYS = {
    ("sts", "iam"): {"iam/constraints.h", "iam/lookup.h"},
    ("eks", "iam"): {"iam/lookup.h"},
    ("web_identity", "iam"): {"iam/lookup.h"},
    ("web_identity", "eks"): {"eks/lookup.h"},
    ("web_identity", "kube"): {"kube/cluster_access.h"},
    ("sts", "web_identity"): {"web_identity/identity.h"},
    ("eks_auth", "eks"): {"eks/lookup.h"},
    ("eks_auth", "sts"): {"sts/assume.h", "sts/session_token.h"},
    ("own_api", "iam"): {"iam/lookup.h"},
    ("own_api", "sts"): {"sts/assume.h", "sts/session_token.h"},
    ("own_api", "eks"): {"eks/lookup.h", "eks/operations.h"},
    ("own_api", "eks_auth"): {"eks_auth/first_hop.h"},
    ("own_api", "s3"): {"s3/lookup.h"},
    ("own_api", "kube"): {"kube/cluster_access.h"},
    ("eks", "kube"): {"kube/api_server.h", "kube/cluster_access.h", "kube/service_account_tokens.h"},
    ("eks_auth", "kube"): {"kube/cluster_access.h", "kube/service_account_tokens.h"},
}


def dependencies(cmake_text):
    """{folder: folders it may include}, from `podpass_library(name DEPENDS a b LINK x)` and `podpass_program(...)`."""
    direct = {}
    uncommented = re.sub(r"#[^\n]*", "", cmake_text)
    for match in re.finditer(r"podpass_(?:library|program)\(\s*(\w+)([^)]*)\)", uncommented):
        words = re.search(r"DEPENDS\s+([^)]*?)(?:\b[A-Z_]+\b(?!\w)|$)", match.group(2), re.DOTALL)
        direct[match.group(1)] = words.group(1).split() if words else []
    return direct


def reachable(direct, folder):
    seen, todo = set(), list(direct.get(folder, []))
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += direct.get(name, [])
    return seen


def check_layers(sources, cmake_text):
    direct = dependencies(cmake_text)
    may = {folder: reachable(direct, folder) for folder in direct}
    for folder in sorted(direct):
        if folder in may[folder]:
            yield Finding("CMakeLists.txt", 1, f"{folder} depends on itself through others", "break the cycle")
    paths = {source.path for source in sources}
    for source in sources:
        if not source.is_cpp or not source.folder:
            continue
        if source.folder not in direct:
            yield Finding(source.path, 1, f"src/{source.folder} is not in CMakeLists.txt", "add its podpass_library line")
            continue
        for line, quote, included in cpp_text.includes(source.text):
            if quote != '"' or source.excused(line):
                continue
            target = included.split("/")[0]
            if f"src/{included}" not in paths:
                yield Finding(source.path, line, f'no file src/{included}', "include project headers by their path under src/")
            elif target != source.folder and target not in may[source.folder]:
                yield Finding(source.path, line, f"src/{source.folder} may not include src/{target}",
                              f"move the code down a layer, or name {target} in DEPENDS if it lies below")
            elif not source.is_test and included not in SIDEWAYS.get((source.folder, target), {included}):
                doors = ", ".join(sorted(SIDEWAYS[source.folder, target]))
                yield Finding(source.path, line, f"src/{source.folder} sees src/{target} through {doors} only",
                              "ask for what you need there")


# Outside libraries that one folder hides from the others.
HIDDEN = [
    (r"openssl/", {"crypto"}, "use src/crypto"),
    (r"boost/beast", {"http"}, "use src/http"),
    (r"sqlite3\.h$", {"store"}, "use src/store"),
    (r"pugixml", {"codec"}, "use codec/xml.h"),
    (r"yaml-cpp", {"codec"}, "use codec/yaml.h"),
    (r"CLI/", {"main", "cli", "up", "exec", "agent", "server", "webhook", "cluster_cli", "policy_cli"}, "parse the command line in a program"),
]


def check_hidden_libraries(sources):
    for source in sources:
        if not source.is_cpp or not source.folder:
            continue
        for line, _, included in cpp_text.includes(source.text):
            for pattern, folders, do in HIDDEN:
                if re.match(pattern, included) and source.folder not in folders and not source.excused(line):
                    yield Finding(source.path, line, f"<{included}> belongs to src/{'|'.join(sorted(folders))}", do)


# --- banned calls -----------------------------------------------------------------------------------------------------

PROGRAMS = ("src/main/", "src/cli/", "src/up/", "src/exec/", "src/agent/", "src/server/", "src/webhook/", "src/policy_cli/", "tools/",
            "bench/", "test/fuzz/")
TESTS = "tests"  # any test, wherever it is
COUNTED = ("src/store/tree", "src/store/record", "src/http/message")  # objects that count their own references
CALL = r"(?<![\w.>])(?<!->)(?:std::|::)?"

# (what matches, what it is called, what to do instead, where it is right all the same)
BANNED = [
    (CALL + r"(?:strcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|strtok)\s*\(", "unbounded C string call",
     "use std::string or fmt::format", ()),
    (CALL + r"(?:atoi|atol|atoll|atof|strtol|strtoul|strtoll|strtoull|strtod|sscanf|stoi|stol|stoul|stoll|stoull|stod)\s*\(",
     "number parsing that ignores or throws errors", "use std::from_chars", (TESTS,)),
    (CALL + r"(?:rand|srand|drand48|rand_r)\s*\(", "C random numbers", "use Random (base/random.h)", ("src/base/random",)),
    (r"\bstd::(?:mt19937(?:_64)?|random_device|default_random_engine)\b", "a random engine of your own",
     "use Random (base/random.h)", ("src/base/random", TESTS)),
    (r"\bstd::w?regex\b", "std::regex (slow, deep recursion)", "match by hand or with policy/pattern.h", ()),
    (CALL + r"(?:system|popen)\s*\(", "a shell", "use posix_spawn with an argument list", ()),
    (CALL + r"(?:gettimeofday|clock_gettime)\s*\(", "the machine's clock", "take a Clock (base/clock.h)",
     ("src/base/", "bench/", "src/log")),
    (r"\bsystem_clock::now\s*\(", "the machine's clock", "take a Clock (base/clock.h)", ("src/base/", "bench/")),
    (CALL + r"time\s*\(\s*(?:nullptr|NULL|0|&\w+)\s*\)", "the machine's clock", "take a Clock (base/clock.h)", ("src/base/",)),
    (CALL + r"(?:localtime|gmtime|mktime|strftime|ctime|asctime)\s*\(", "C time conversion", "use base/time.h", ("src/base/time",)),
    (r"\bstd::(?:cout|cerr|clog|endl)\b", "console output", "use base/log.h, or fmt::print in a program", PROGRAMS),
    (CALL + r"(?:printf|puts|putchar|fprintf|fputs)\s*\(", "console output", "use base/log.h, or fmt::print in a program",
     PROGRAMS + ("src/base/check",)),
    (r"(?<!operator )(?<![(<])\bnew\b(?!\s*\()", "new", "use std::make_unique or a container", COUNTED),
    (r"(?<!operator )(?<!= )(?<!=)\bdelete\b(?:\s*\[\])?\s+\w", "delete", "let an owner do it", COUNTED + ("bench/",)),
    (CALL + r"(?:malloc|calloc|realloc|free|alloca)\s*\(", "C memory", "use a container", (TESTS,)),
    (r"\b(?:sleep_for|sleep_until)\s*\(|" + CALL + r"(?:sleep|usleep|nanosleep)\s*\(", "sleeping",
     "wait for the event itself: a condition, a timer, an injected clock", ()),
    (CALL + r"assert\s*\(", "assert", "use CHECK (base/check.h)", ()),
    (r"\bstd::async\b", "std::async (blocks in its destructor)", "use a thread that something owns", ()),
    (r"\.detach\s*\(\s*\)", "a thread that nobody waits for", "join it", ()),
    (CALL + r"(?:getenv|setenv|putenv|unsetenv)\s*\(", "the environment", "read it in a program and pass it on", PROGRAMS),
    (r"\bvolatile\b", "volatile", "use std::atomic", ("bench/",)),
    (r"\b(?:class|struct|enum(?: class)?)\s+\w*(?:Manager|Helper|Utils?|Impl)\b", "a name that says nothing",
     "say what it does", ()),
    (CALL + r"(?:localeconv|setlocale|getpwnam|gethostbyname|inet_ntoa)\s*\(", "a call that is not safe in threads",
     "use Asio or the _r form", ()),
    (CALL + r"(?:exit|_exit|quick_exit|abort)\s*\(", "ending the process", "return an error, or CHECK",
     PROGRAMS + ("src/base/check", TESTS)),
]
BANNED = [(re.compile(pattern), what, do, where) for pattern, what, do, where in BANNED]


def check_banned_calls(sources):
    for source in sources:
        if not source.is_cpp:
            continue
        for pattern, what, do, where in BANNED:
            if source.path.startswith(where) or (TESTS in where and source.is_test):
                continue
            for match in pattern.finditer(source.code):
                line = source.line_of(match.start())
                if not source.excused(line):
                    yield Finding(source.path, line, f"{what} (`{match.group(0).strip()}`)", do)


# --- shape of files ---------------------------------------------------------------------------------------------------

LONG_BY_NATURE = re.compile(r"(^|/)testdata/|_table\.(cc|h)$|_test\.(cc|py)$|_suite\.cc$|/texts\.ts$|package-lock\.json$|^LICENSE$|/test_\w+\.py$")


def check_length(sources):
    for source in sources:
        lines = source.text.count("\n")
        if lines > FILE_LINES and not LONG_BY_NATURE.search(source.path):
            yield Finding(source.path, lines, f"{lines} lines, {FILE_LINES} at most", "split it by what it does")
        if not source.is_cpp:
            continue
        for first, length, name in cpp_text.functions(source.code):
            if length > FUNCTION_LINES and not source.excused(first):
                yield Finding(source.path, first, f"{name} has {length} lines, {FUNCTION_LINES} at most", "take a part out, or make it a table")


def check_headers(sources):
    for source in sources:
        if not source.path.endswith(".h"):
            continue
        if source.parts[0] == "src" and not source.text.startswith("//"):
            yield Finding(source.path, 1, "no comment at the top", "say what the header owns, its threads, lifetimes, limits and errors")
        if "#pragma once" not in source.code:
            yield Finding(source.path, 1, "no #pragma once", "add it below the comment")
        for match in re.finditer(r"\busing\s+namespace\b", source.code):
            yield Finding(source.path, source.line_of(match.start()), "using namespace in a header", "name what you use")


def check_white_space(sources):
    for source in sources:
        if "testdata" in source.parts or source.text == "":
            continue
        for number, line in enumerate(source.text.split("\n"), 1):
            if line != line.rstrip():
                yield Finding(source.path, number, "space at the end of the line", "remove it")
            if source.is_cpp and "\t" in line:
                yield Finding(source.path, number, "a tab", "use spaces")
        if not source.text.endswith("\n"):
            yield Finding(source.path, source.text.count("\n") + 1, "no newline at the end of the file", "add one")


# Written in parts, so that this table does not find itself.
FORBIDDEN_WORDS = [
    (r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b", "unfinished work", "finish it, or open an issue"),
    (r"(?<![\w.~-])/(?:wo" r"rk|ro" r"ot|ho" r"me/\w+)/", "a path of one machine", "use a relative or a configured path"),
    (r"\b(?:registry\.np" r"mjs\.org|py" r"pi\.org|files\.python" r"hosted\.org)\b", "the host of a package registry",
     "leave it to the client's configuration"),
    (r'^\s*"resol' r'ved":', "a lock file that records a registry", "npm install --package-lock-only --omit-lockfile-registry-resolved"),
    (r"^(?:<{7}|>{7}) ", "a merge conflict", "resolve it"),
]
FORBIDDEN_WORDS = [(re.compile(pattern, re.MULTILINE), what, do) for pattern, what, do in FORBIDDEN_WORDS]


def check_words(sources):
    for source in sources:
        for pattern, what, do in FORBIDDEN_WORDS:
            for match in pattern.finditer(source.text):
                yield Finding(source.path, source.line_of(match.start()), f"{what} (`{match.group(0).strip()}`)", do)


def check_unreferenced(sources):
    """Headers that nobody includes, and scripts, tools and pages that nothing names."""
    included = {path for source in sources if source.is_cpp for _, quote, path in cpp_text.includes(source.text) if quote == '"'}
    paths = {source.path for source in sources}
    for source in sources:
        if source.path.endswith(".h") and source.parts[0] == "src":
            users = {s.path for s in sources if s.is_cpp and source.path != s.path and f'"{source.path[4:]}"' in s.text}
            own = {source.path[:-2] + ".cc", source.path[:-2] + "_test.cc"}
            if not users:
                yield Finding(source.path, 1, "no file includes it", "remove it")
            elif source.path[:-2] + ".cc" in users and users <= own and source.folder:
                yield Finding(source.path, 1, "only its own .cc and test include it", "use it or remove it")
        elif source.path.endswith("_test.cc") and source.parts[0] == "src":
            continue
        elif source.parts[0] in ("scripts", "tools", "docs") and not LONG_BY_NATURE.search(source.path):
            stem = source.parts[-1].removesuffix(".py") if source.parts[0] == "tools" else source.parts[-1]
            if source.parts[-2] == "decisions":
                continue
            if not any(stem in other.text for other in sources if other.path != source.path):
                yield Finding(source.path, 1, "nothing refers to it", "link it from where it is needed, or remove it")
    for path in sorted(included):
        if path.endswith(".cc"):
            yield Finding("src/" + path if "src/" + path in paths else path, 1, "a .cc file is included", "make it a header")


def check_scripts(sources, root):
    """What begins with #! can be run, and is whole as far as its shell can tell."""
    for source in sources:
        if not source.text.startswith("#!"):
            continue
        if not os.access(root / source.path, os.X_OK):
            yield Finding(source.path, 1, "begins with #! and is not executable", "chmod +x")
        if re.match(r"#!.*\b(?:ba)?sh\b", source.text):
            told = subprocess.run(["bash", "-n", source.path], cwd=root, capture_output=True, text=True, check=False)
            if told.returncode != 0:
                yield Finding(source.path, 1, f"bash -n: {told.stderr.strip()}", "repair it")


def check_format(sources, root):
    files = [source.path for source in sources if source.is_cpp]
    chunks = [files[i : i + 12] for i in range(0, len(files), 12)]

    def run(chunk):
        return subprocess.run(["clang-format-19", "--dry-run", "-Werror", *chunk], cwd=root, capture_output=True, text=True,
                              check=False)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(run, chunks):
            seen = set()
            for match in re.finditer(r"^(\S+?):(\d+):\d+: error: code should be clang-formatted", result.stderr, re.MULTILINE):
                if match.group(1) not in seen:
                    seen.add(match.group(1))
                    yield Finding(match.group(1), int(match.group(2)), "not formatted", "run make format")
            if result.returncode != 0 and not seen:
                yield Finding(".clang-format", 1, f"clang-format failed: {result.stderr.strip()[:200]}", "repair it")


# --- running ----------------------------------------------------------------------------------------------------------

def read_tree(root):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        paths = listed.stdout.split("\n")
    else:  # an unpacked archive
        paths = [str(p.relative_to(root)) for p in root.rglob("*") if not {"build", ".git", "node_modules"} & set(p.parts)]
    sources = []
    for path in sorted(set(paths)):
        file = root / path
        if not path or not file.is_file() or file.is_symlink():
            continue
        data = file.read_bytes()
        if b"\0" in data[:8000]:
            continue
        sources.append(Source(path, data.decode("utf-8", errors="replace")))
    return sources


def check_tree(root):
    sources = read_tree(root)
    cmake = (root / "CMakeLists.txt").read_text()
    findings = set()
    for check in (check_hidden_libraries, check_banned_calls, check_length, check_headers, check_white_space, check_words,
                  check_unreferenced):
        findings.update(check(sources))
    findings.update(check_layers(sources, cmake))
    findings.update(check_format(sources, root))
    findings.update(check_scripts(sources, root))
    return sorted(findings), len(sources)


def clang_tidy(root, build):
    commands = json.loads((build / "compile_commands.json").read_text())
    folders = (str(root / "src") + "/", str(build / "units") + "/")  # one by one, or several as one unit
    files = sorted({entry["file"] for entry in commands if entry["file"].startswith(folders)
                    and not re.search(r"_(test|suite)(_[0-9]+)?\.cc$", entry["file"])})
    if not files:
        print(f"{build}/compile_commands.json names no file of src/: build it first")
        return 1

    def run(file):
        return subprocess.run(["clang-tidy-19", "-p", str(build), "--quiet", "--extra-arg=-Wno-unknown-warning-option", file],
                              cwd=root, capture_output=True, text=True, check=False)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for result in pool.map(run, files):
            if result.returncode != 0:
                failed += 1
                print(re.sub(r"\S*/\.\./src/", "src/", result.stdout.strip() or result.stderr.strip()).replace(str(root) + "/", ""))
    print(f"clang-tidy: {len(files)} files, {failed} with findings")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description="Checks the rules of docs/style.md.")
    parser.add_argument("--clang-tidy", metavar="BUILD", help="run clang-tidy over the compile commands in BUILD instead")
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parent.parent, type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.clang_tidy:
        return clang_tidy(arguments.root, pathlib.Path(arguments.clang_tidy).resolve())
    findings, files = check_tree(arguments.root)
    for finding in findings:
        print(finding)
    print(f"tidy: {files} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
