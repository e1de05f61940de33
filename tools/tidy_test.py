"""Each rule of tidy.py on the smallest file that breaks it, and on one that does not."""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cpp_text
import tidy

CMAKE = """
# podpass_library(ignored DEPENDS nothing)
podpass_library(base LINK fmt::fmt)
podpass_library(codec DEPENDS base LINK Boost::json)
podpass_library(aws DEPENDS codec
                LINK Boost::url)
podpass_library(iam DEPENDS aws)
podpass_library(sts DEPENDS aws iam)
"""


def found(check, *files, **more):
    sources = [tidy.Source(path, text) for path, text in files]
    return [str(finding) for finding in check(sources, **more)]


def layers(*files):
    return found(tidy.check_layers, *files, cmake_text=CMAKE)


def test_dependencies_are_read_from_cmake():
    direct = tidy.dependencies(CMAKE)
    assert direct == {"base": [], "codec": ["base"], "aws": ["codec"], "iam": ["aws"], "sts": ["aws", "iam"]}
    assert tidy.reachable(direct, "sts") == {"aws", "iam", "codec", "base"}


def test_layers():
    base = ("src/base/result.h", "// r\n")
    assert layers(base, ("src/iam/a.cc", '#include "base/result.h"\n')) == []
    up = layers(("src/codec/a.cc", '#include "iam/b.h"\n'), ("src/iam/b.h", "// b\n"))
    assert up and up[0].startswith("src/codec/a.cc:1: src/codec may not include src/iam,")
    assert layers(("src/iam/a.cc", "\n" + '#include "iam/gone.h"\n'))[0].startswith("src/iam/a.cc:2: no file src/iam/gone.h")
    assert "is not in CMakeLists.txt" in layers(("src/new/a.cc", "\n"))[0]
    sideways = layers(("src/sts/a.cc", '#include "iam/records.h"\n#include "iam/lookup.h"\n'), ("src/iam/records.h", "// r\n"),
                      ("src/iam/lookup.h", "// l\n"))
    assert len(sideways) == 1 and "through iam/constraints.h, iam/lookup.h only" in sideways[0]
    assert layers(("src/sts/a_test.cc", '#include "iam/records.h"\n'), ("src/iam/records.h", "// r\n")) == []


def test_a_cycle_is_found():
    cycle = "podpass_library(a DEPENDS b)\npodpass_library(b DEPENDS a)\n"
    assert len(found(tidy.check_layers, cmake_text=cycle)) == 2


@pytest.mark.parametrize("folder, header, allowed", [
    ("crypto", "openssl/evp.h", True), ("aws", "openssl/evp.h", False),
    ("http", "boost/beast/http.hpp", True), ("gateway", "boost/beast/http.hpp", False),
    ("store", "sqlite3.h", True), ("iam", "sqlite3.h", False),
    ("codec", "pugixml.hpp", True), ("s3", "pugixml.hpp", False),
    ("cli", "CLI/CLI.hpp", True), ("gateway", "CLI/CLI.hpp", False),
    ("aws", "boost/url.hpp", True),
])
def test_hidden_libraries(folder, header, allowed):
    assert (found(tidy.check_hidden_libraries, (f"src/{folder}/a.cc", f"#include <{header}>\n")) == []) is allowed


@pytest.mark.parametrize("line", [
    "strcpy(a, b);", "std::sprintf(a, b);", "int i = atoi(s);", "auto n = std::stoul(text);", "x = rand();", "std::mt19937 engine;",
    "std::regex r(text);", "system(command);", "::popen(command, mode);", "gettimeofday(&tv, nullptr);", "auto t = time(nullptr);",
    "auto t = std::chrono::system_clock::now();", "std::cout << x;", "printf(format);", "auto* p = new Thing;", "delete p;",
    "delete[] p;", "free(p);", "std::this_thread::sleep_for(1s);", "usleep(5);", "assert(x);", "std::async(f);", "t.detach();",
    "getenv(name);", "volatile int x;", "class SessionManager {", "struct StringUtils;", "exit(1);", "inet_ntoa(in);",
])
def test_banned_calls(line):
    assert len(found(tidy.check_banned_calls, ("src/iam/a.cc", line + "\n"))) == 1


@pytest.mark.parametrize("line", [
    "// strcpy(a, b) is banned", 'auto text = "system(x)";', 'auto text = R"(assert(x) delete p)";', "call.time(nullptr);",
    "static_assert(sizeof(int) == 4);", "Thing(const Thing&) = delete;", "void operator delete(void* p);", "is_new(x);", "new_role(x);",
    "deleted.free_list();", "session.random();", "auto x = delete_role (y);", "std::thread t(f); t.join();", "my_exit(1);",
    "new (storage) Thing(x);", "renew();", "std::jthread sleeper;", "a->system(b);", "int count = 1'000; // new Thing",
    "return std::unique_ptr<Store>(new Store(path));", "p.reset(new Thing);", "#include <new>", "delete p;  // tidy-ok: the count of references is kept here",
])
def test_what_only_looks_like_a_banned_call(line):
    assert found(tidy.check_banned_calls, ("src/iam/a.cc", line + "\n")) == []


def test_banned_calls_have_places_of_their_own():
    assert found(tidy.check_banned_calls, ("src/cli/main.cc", "std::cout << x;\n")) == []
    assert found(tidy.check_banned_calls, ("src/base/clock.cc", "return std::chrono::system_clock::now();\n")) == []
    assert found(tidy.check_banned_calls, ("src/iam/a_test.cc", "std::mt19937 random(seed);\n")) == []


def function(lines, head="void f() {"):
    return head + "\n" + "  g();\n" * (lines - 2) + "}\n"


def test_function_length():
    assert found(tidy.check_length, ("src/iam/a.cc", function(70))) == []
    assert found(tidy.check_length, ("src/iam/a.cc", function(71))) == [
        "src/iam/a.cc:1: f has 71 lines, 70 at most, take a part out, or make it a table"]


@pytest.mark.parametrize("head", [
    "Result<void> Thing::run(int a, std::map<int, int> b) const noexcept {",
    "Thing::Thing(int a) : a_{a}, b_(f({1, 2})), c_{} {",
    "template <class T>\nauto make(T&& t) -> std::vector<T> {",
    "TEST(Thing, does) {",
    "boost::asio::awaitable<void> serve(Socket socket) {",
    "bool operator==(const A& a, const B& b) {",
])
def test_function_heads(head):
    lengths = [length for _, length, _ in cpp_text.functions(cpp_text.strip(function(80, head)))]
    assert lengths == [80 + head.count("\n")]


@pytest.mark.parametrize("head", [
    "namespace podpass {", "struct Thing {", "class Thing final : public Base<int(int)> {", "enum class Kind : int {",
    "constexpr Row kRows[] = {", "const std::map<int, int> kTable = make({", "extern \"C\" {",
])
def test_what_is_no_function(head):
    assert cpp_text.functions(cpp_text.strip(function(80, head))) == []


def test_methods_inside_a_class_and_nested_blocks():
    code = "namespace a {\nclass B {\n  int f() const { return 1; }\n  int g() {\n    if (x) {\n      h([&] { return 2; });\n    }\n  }\n};\n}\n"
    assert cpp_text.functions(code) == [(3, 1, "f"), (4, 5, "g")]


def test_strip_keeps_lines_and_columns():
    code = 'int a = 1\'000; // x\nauto s = R"x(\n{ " }\n)x"; char c = \'"\'; /* {\n */ f();\n'
    stripped = cpp_text.strip(code)
    assert stripped.count("\n") == code.count("\n") and len(stripped) == len(code)
    assert "{" not in stripped and stripped.rstrip().endswith("f();") and "1'000" in stripped


def test_file_length():
    assert found(tidy.check_length, ("src/iam/a.h", "\n" * 800)) == []
    assert "801 lines" in found(tidy.check_length, ("src/iam/a.h", "\n" * 801))[0]
    assert found(tidy.check_length, ("src/iam/actions_table.cc", "\n" * 5000)) == []
    assert found(tidy.check_length, ("src/iam/a_test.cc", "\n" * 900)) == []


def test_headers():
    assert found(tidy.check_headers, ("src/iam/a.h", "// What it owns.\n#pragma once\n")) == []
    assert len(found(tidy.check_headers, ("src/iam/a.h", "#pragma once\n"))) == 1
    assert len(found(tidy.check_headers, ("src/iam/a.h", "// c #pragma once\n"))) == 1
    assert len(found(tidy.check_headers, ("src/iam/a.h", "// c\n#pragma once\nusing namespace std;\n"))) == 1


def test_white_space():
    assert found(tidy.check_white_space, ("a.md", "good\n")) == []
    assert len(found(tidy.check_white_space, ("a.md", "bad \nno end"))) == 2
    assert len(found(tidy.check_white_space, ("src/iam/a.cc", "\tf();\n"))) == 1
    assert found(tidy.check_white_space, ("Makefile", "a:\n\tb\n")) == []
    assert found(tidy.check_white_space, ("src/x/testdata/a.txt", "kept \r\n")) == []


@pytest.mark.parametrize("text", ["TO" + "DO: later", "// FIX" + "ME", "see /wo" + "rk/main/x", "at /ro" + "ot/.npmrc", "/ho" + "me/jane/x",
                                  "https://registry.np" + "mjs.org/x", "py" + "pi.org", '  "resol' + 'ved": "x"', "<<<<" + "<<< HEAD"])
def test_forbidden_words(text):
    assert len(found(tidy.check_words, ("docs/a.md", text + "\n"))) == 1


def test_words_that_are_fine():
    assert found(tidy.check_words, ("docs/a.md", "https://example.com/work/x the/root/x mastodon todos\n")) == []


def test_unreferenced():
    used = ("src/iam/b.cc", '#include "iam/a.h"\n')
    assert found(tidy.check_unreferenced, ("src/iam/a.h", "// a\n"), used) == []
    assert "no file includes it" in found(tidy.check_unreferenced, ("src/iam/a.h", "// a\n"))[0]
    own = ("src/iam/a.cc", '#include "iam/a.h"\n')
    assert "only its own" in found(tidy.check_unreferenced, ("src/iam/a.h", "// a\n"), own)[0]
    assert "nothing refers" in found(tidy.check_unreferenced, ("docs/lonely.md", "x\n"))[0]
    assert found(tidy.check_unreferenced, ("docs/lonely.md", "x\n"), ("README.md", "docs/lonely.md\n")) == []


def test_format(tmp_path):
    (tmp_path / ".clang-format").write_text("BasedOnStyle: Google\n")
    (tmp_path / "good.cc").write_text("int f() { return 1; }\n")
    (tmp_path / "bad.cc").write_text("int f( ) {return 1;}\nint  g();\n")
    sources = [tidy.Source(name, (tmp_path / name).read_text()) for name in ("good.cc", "bad.cc")]
    assert [str(f) for f in tidy.check_format(sources, tmp_path)] == ["bad.cc:1: not formatted, run make format"]


def test_scripts(tmp_path):
    (tmp_path / "run").write_text("#!/usr/bin/env bash\nif true; then\n")
    sources = [tidy.Source("run", (tmp_path / "run").read_text()), tidy.Source("data", "if true; then\n")]
    first, second = sorted(str(finding) for finding in tidy.check_scripts(sources, tmp_path))
    assert first.startswith("run:1: bash -n: ") and second == "run:1: begins with #! and is not executable, chmod +x"


def test_a_tree_as_a_whole(tmp_path):
    """What is ignored by git is not looked at; the exit code says whether anything was found."""
    (tmp_path / "CMakeLists.txt").write_text("podpass_library(base)\n")
    (tmp_path / ".gitignore").write_text("/build/\n")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "x.md").write_text("space \n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    command = [sys.executable, "-B", tidy.__file__, "--root", str(tmp_path)]
    clean = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (clean.returncode, clean.stdout) == (0, "tidy: 2 files, 0 findings\n")
    (tmp_path / "README.md").write_text("space \n")
    dirty = subprocess.run(command, capture_output=True, text=True, check=False)
    assert dirty.returncode == 1 and dirty.stdout.startswith("README.md:1: space at the end of the line, remove it\n")
