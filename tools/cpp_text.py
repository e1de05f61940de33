"""Just enough C++ for tidy.py: source without comments and literals, its includes, and the length of its functions."""

import re

_TOKEN = re.compile(
    r"""
    (?P<raw>\bR"(?P<delimiter>[^\s()\\]{0,16})\((?:.|\n)*?\)(?P=delimiter)")
  | (?P<line>//(?:\\\n|[^\n])*)
  | (?P<block>/\*(?:.|\n)*?\*/)
  | (?P<include>^[ \t]*\#[ \t]*include[ \t]*[<"][^>"\n]*[>"])
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<digits>\b\d[\w.]*(?:'[\w.]+)+)
  | (?P<char>'(?:\\.|[^'\\\n])+')
    """,
    re.VERBOSE | re.MULTILINE,
)

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
_NOT_A_FUNCTION = re.compile(r"^\s*(?:if|for|while|switch|catch|do|else|try|return|co_return|namespace|extern)\b")
_TYPE_OR_TABLE = re.compile(r"^\s*(?:template\s*<.*>\s*)?(?:class|struct|union|enum)\b(?!.*\)\s*(?:const|noexcept|->|$))", re.DOTALL)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def strip(source, keep_comments=False):
    """The source with comments and the insides of literals blanked; every line and column stays where it was."""

    def replace(match):
        kind = match.lastgroup if match.lastgroup != "delimiter" else "raw"
        text = match.group(0)
        if kind in ("include", "digits"):
            return text
        if kind in ("line", "block"):
            return text if keep_comments else _blank(text)
        return text[0] + _blank(text[1:-1]) + text[-1]

    return _TOKEN.sub(replace, source)


def includes(source):
    """[(line, '<' or '"', path)]"""
    return [(source.count("\n", 0, m.start()) + 1, m.group(1), m.group(2)) for m in _INCLUDE.finditer(source)]


def _without_preprocessor(stripped):
    return re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: _blank(m.group(0)), stripped, flags=re.MULTILINE)


def _opens_function(header):
    if "(" not in header or _NOT_A_FUNCTION.match(header) or _TYPE_OR_TABLE.match(header):
        return False
    outside = re.sub(r"\([^()]*\)", "", header)
    while outside != (outside := re.sub(r"\([^()]*\)", "", outside)):
        pass
    return "=" not in re.sub(r"operator\s*\S+", "", outside)  # `x = f({...})` is data


def functions(stripped):
    """[(first line, lines, name)] of the functions of a stripped source. A lambda belongs to the function around it."""
    found = []
    stack = []  # (is a function, text before the brace, line where that text begins)
    text = _without_preprocessor(stripped)
    header, header_line, line = "", None, 1
    for at, char in enumerate(text):
        if char == "\n":
            line += 1
        if char == "{":
            inside = any(entry[0] for entry in stack)
            stack.append((not inside and _opens_function(header), header, header_line or line))
            header, header_line = "", None
        elif char == "}" and stack:
            is_function, before, first = stack.pop()
            following = text[at + 1 : at + 200].lstrip()[:1]
            if following in (",", "{", ")"):  # the end of an initializer: the header goes on
                header, header_line = before + "{}", first
                continue
            if is_function:
                name = re.search(r"([\w:~]+)\s*\(", before)
                found.append((first, line - first + 1, name.group(1) if name else "?"))
            header, header_line = "", None
        elif char == ";":
            header, header_line = "", None
        else:
            if header_line is None and not char.isspace():
                header_line = line
            header += char
    return found
