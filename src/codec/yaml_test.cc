#include "codec/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "codec/json.h"

namespace podpass::codec {
namespace {

using testing::HasSubstr;

std::string as_json(std::string_view yaml) {
  const auto value = parse_yaml(yaml);
  return value ? write_json(*value) : value.error().message;
}

struct Row {
  std::string_view yaml, json;
};

TEST(Yaml, ResolvesScalars) {
  for (const Row& row : {
           Row{"", "null"},
           Row{"~", "null"},
           Row{"null", "null"},
           Row{"NULL", "null"},
           Row{"nULL", R"("nULL")"},
           Row{"true", "true"},
           Row{"False", "false"},
           Row{"yes", R"("yes")"},
           Row{"on", R"("on")"},
           Row{"0", "0"},
           Row{"-17", "-17"},
           Row{"+17", "17"},
           Row{"0644", "420"},
           Row{"-0644", "-420"},
           Row{"0899", "899"},
           Row{"0o17", "15"},
           Row{"0x1f", "31"},
           Row{"0x", R"("0x")"},
           Row{"0o8", R"("0o8")"},
           Row{"1_000", R"("1_000")"},
           Row{"9223372036854775807", "9223372036854775807"},
           Row{"-9223372036854775808", "-9223372036854775808"},
           Row{"9223372036854775808", "9223372036854775808"},
           Row{"1.5", "1.5"},
           Row{".5", "0.5"},
           Row{"5.", "5"},
           Row{"-1e3", "-1000"},
           Row{"1.25E-2", "0.0125"},
           Row{"1e-999", "0"},
           Row{"1e", R"("1e")"},
           Row{".", R"(".")"},
           Row{"1.2.3", R"("1.2.3")"},
           Row{"-", "[null]"},
           Row{"2001-12-14", R"("2001-12-14")"},
           Row{"12:30:45", R"("12:30:45")"},
           Row{"\"17\"", R"("17")"},
           Row{"'true'", R"("true")"},
           Row{"\"a\\u00e9\\n\\x41\"", R"("aé\nA")"},
           Row{"'it''s'", R"("it's")"},
           Row{"!!str 17", R"("17")"},
           Row{"!!int 17", "17"},
           Row{"!!float 17", "17"},
           Row{"!!bool true", "true"},
           Row{"!!null null", "null"},
           Row{"! 17", R"("17")"},
           Row{"a: 100m", R"({"a":"100m"})"},
           Row{"key without value:", R"({"key without value":null})"},
       }) {
    EXPECT_EQ(as_json(row.yaml), row.json) << row.yaml;
  }
}

TEST(Yaml, ReadsCollections) {
  for (const Row& row : {
           Row{"a: 1\nb:\n  c: [x, {d: e}]\n", R"({"a":1,"b":{"c":["x",{"d":"e"}]}})"},
           Row{"list:\n- a: 1\n  b: 2\n- - x\n  - y\n", R"({"list":[{"a":1,"b":2},["x","y"]]})"},
           Row{"# nothing\n", "null"},
           Row{"---\na: 1\n...\n", R"({"a":1})"},
           Row{"---\n---\na: 1\n---\n# none\n", R"({"a":1})"},
           Row{"%YAML 1.2\n---\na: 1\n", R"({"a":1})"},
           Row{"a: |\n  one\n   two\n\nb: >\n  one\n  two\n", R"({"a":"one\n two\n","b":"one two\n"})"},
           Row{"a: |-\n  one\n", R"({"a":"one"})"},
           Row{"{}", "{}"},
           Row{"[]", "[]"},
           Row{R"({"a": [1, "b", null], "c": {}})", R"({"a":[1,"b",null],"c":{}})"},
           Row{"1: a\ntrue: b\n1.5: c\n", R"({"1":"a","true":"b","1.5":"c"})"},
           Row{"? a\n: b\n", R"({"a":"b"})"},
           Row{"\xEF\xBB\xBF"
               "a: 1\n",
               R"({"a":1})"},
           Row{"a: 1\r\nb: 2\r\n", R"({"a":1,"b":2})"},
           Row{"a: &x {b: 1}\nc: *x\n", R"({"a":{"b":1},"c":{"b":1}})"},
           Row{"a: &x 1\n*x : 2\n", "line 2, column 1: a name must be a text"},
           Row{"&k a: 1\nb: *k\n", R"({"a":1,"b":"a"})"},
           Row{"a: &x\nb: *x\n", R"({"a":null,"b":null})"},
           Row{"a: &x one\nb: &x two\nc: *x\n", R"({"a":"one","b":"two","c":"two"})"},
           Row{"base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n", R"({"base":{"x":1,"y":2},"use":{"y":3,"x":1}})"},
           Row{"use:\n  y: 3\n  <<: [{x: 1, y: 2}, {x: 9, z: 4}]\n", R"({"use":{"y":3,"x":1,"z":4}})"},
           Row{"'<<': {x: 1}\n", R"({"<<":{"x":1}})"},
       }) {
    EXPECT_EQ(as_json(row.yaml), row.json) << row.yaml;
  }
}

TEST(Yaml, ReadsDocuments) {
  const auto documents = parse_yaml_documents("a: 1\n---\n- x\n---\n\n---\ntext\n...\n---\n~\n");
  ASSERT_TRUE(documents) << documents.error().message;
  ASSERT_EQ(documents->size(), 3U);
  EXPECT_EQ(write_json((*documents)[0]), R"({"a":1})");
  EXPECT_EQ(write_json((*documents)[1]), R"(["x"])");
  EXPECT_EQ(write_json((*documents)[2]), R"("text")");
  EXPECT_TRUE(parse_yaml_documents("")->empty());
  EXPECT_EQ(parse_yaml("a: 1\n---\nb: 2\n").error().message, "it has more than one document");
}

TEST(Yaml, SaysWhereItIsWrong) {
  for (const Row& row : {
           Row{"a: 1\na: 2\n", "line 2, column 1: 'a' stands twice in one map"},
           Row{"x: {b: 1, a: 2, b: 3}\n", "line 1, column 17: 'b' stands twice in one map"},
           Row{"a: [1, 2\n", "line 2, column 1: end of sequence flow not found"},
           Row{"a: b: c\n", "line 1, column 5: illegal map value"},
           Row{"a: *none\n", "line 1, column 4: the referenced anchor is not defined"},
           Row{"a: &a [*a]\n", "line 1, column 8: a value contains itself"},
           Row{"{a: 1}: b\n", "line 1, column 1: a name must be a text, not a list or map"},
           Row{"? [a]\n: b\n", "line 1, column 3: a name must be a text, not a list or map"},
           Row{"~: b\n", "line 1, column 1: a name must be a text"},
           Row{"a: !!binary aGk=\n", "line 1, column 4: the tag 'tag:yaml.org,2002:binary' is not known here"},
           Row{"a: !mine {}\n", "line 1, column 4: the tag '!mine' is not known here"},
           Row{"a: !!int x\n", "line 1, column 4: what the tag says to be of type int is not"},
           Row{"a: .inf\n", "line 1, column 4: a number must be finite"},
           Row{"a: -.INF\n", "line 1, column 4: a number must be finite"},
           Row{"a: .nan\n", "line 1, column 4: a number must be finite"},
           Row{"a: 1e999\n", "line 1, column 4: a number is too large"},
           Row{"<<: 1\n", "line 1, column 5: what '<<' names must be a map or a list of maps"},
           Row{"<<: [1]\n", "line 1, column 5: what '<<' names must be a map or a list of maps"},
           Row{"a: \"x\\q\"\n", "line 1, column 8: unknown escape character: q"},
           Row{"a: \"x\\N\"\n", R"(line 1, column 4: the escapes \N and \_ are not known here)"},
           Row{"\"\\_\": a\n", R"(line 1, column 1: the escapes \N and \_ are not known here)"},
           Row{"a: \xff\n", "it is not UTF-8"},
           Row{std::string_view("a: \0\n", 5), "it has a control character"},
           Row{"a: \x04\n", "it has a control character"},
       }) {
    const auto value = parse_yaml(row.yaml);
    ASSERT_FALSE(value) << row.yaml;
    EXPECT_EQ(value.error().kind, ErrorKind::invalid);
    EXPECT_EQ(value.error().message, row.json) << row.yaml;
  }
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Yaml, HasLimits) {
  const auto message = [](const std::string& yaml) {
    const auto value = parse_yaml(yaml);
    return value ? std::string("fine") : value.error().message;
  };
  const auto nested = [](std::size_t depth) { return repeated("[", depth) + repeated("]", depth); };
  EXPECT_EQ(message(nested(kMaxYamlDepth)), "fine");
  EXPECT_THAT(message(nested(kMaxYamlDepth + 1)), HasSubstr("it is nested more than 64 deep"));
  EXPECT_EQ(message("x: &x " + nested(kMaxYamlDepth - 2) + "\ny: *x\n"), "fine");
  EXPECT_THAT(message("x: &x " + nested(kMaxYamlDepth - 2) + "\ny: [[*x]]\n"), HasSubstr("it is nested"));
  EXPECT_EQ(message("[" + repeated("1,", kMaxYamlNodes - 1) + "]"), "fine");
  EXPECT_THAT(message("[" + repeated("1,", kMaxYamlNodes) + "]"), HasSubstr("there are too many values"));
  EXPECT_EQ(parse_yaml(std::string(kMaxYamlBytes + 1, '#')).error().kind, ErrorKind::too_large);
  EXPECT_EQ(message(repeated("---\na\n", kMaxYamlDocuments + 1)), "it has too many documents");
}

TEST(Yaml, RefusesBombs) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + repeated(before + ", ", 9) + before + "]\n";
  }
  EXPECT_THAT(parse_yaml(laughs).error().message, HasSubstr("there are too many values, with what aliases repeat"));
  const std::string texts = "a: &a \"" + std::string(100'000, 'x') + "\"\nb: [" + repeated("*a, ", 1'000) + "]\n";
  EXPECT_THAT(parse_yaml(texts).error().message, HasSubstr("there are too many values"));
  std::string merges = "a0: &a0 {x: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    merges += "a" + std::to_string(i) + ": &a" + std::to_string(i) + "\n  y: " + before + "\n  <<: " + before + "\n";
  }
  EXPECT_THAT(parse_yaml(merges).error().message, HasSubstr("there are too many values"));
}

// Whatever a stranger sends of the size allowed is done with in a time that does not grow beyond reason.
TEST(Yaml, IsQuickWithWhatIsLargeAndStrange) {
  for (std::string_view piece :
       {"[",     "{",     "- ",    "? ",    "a: ",    "&a ",    "!a ",  "*a ",     "\"", "'a' ",
        "# a\n", "a\n",   "|\n",   "- a\n", "%a b\n", "{a: ",   "[a, ", ": ",      "\n", " ",
        "---\n", "? a\n", "a:\n ", "\\",    ",",      "!!str ", "\t",   "<<: {}\n"}) {
    const std::string text = repeated(piece, kMaxYamlBytes / 32 / piece.size());
    const auto begun = std::chrono::steady_clock::now();
    static_cast<void>(parse_yaml_documents(text).has_value());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    EXPECT_LT(took.count(), 10) << piece;
  }
}

constexpr std::string_view kPodJson = R"({
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "p", "labels": {}, "annotations": {"a.example/b": "true", "n": "17", "empty": ""}},
    "spec": {"containers": [{"name": "c", "image": "nginx:1.25", "args": ["-c", "a: b", "x #y"],
      "resources": {"limits": {"cpu": "100m", "memory": "128Mi"}}, "ports": []}], "grace": 30, "ratio": 0.5,
      "nothing": null, "nested": [["a", "b"], [], {}], "yes": "no"},
    "data": {"script": "#!/bin/sh\necho \"hi\"\n  indented\n\nend\n", "open": "a\nb", "odd": "a \nb\n", "tab": "\ta\nb"}
  })";

constexpr std::string_view kPodYaml = R"(apiVersion: v1
kind: Pod
metadata:
  name: p
  labels: {}
  annotations:
    a.example/b: "true"
    "n": "17"
    empty: ""
spec:
  containers:
  - name: c
    image: nginx:1.25
    args:
    - "-c"
    - "a: b"
    - "x #y"
    resources:
      limits:
        cpu: 100m
        memory: 128Mi
    ports: []
  grace: 30
  ratio: 0.5
  nothing: null
  nested:
  - - a
    - b
  - []
  - {}
  "yes": "no"
data:
  script: |
    #!/bin/sh
    echo "hi"
      indented

    end
  open: |-
    a
    b
  odd: "a \nb\n"
  tab: "\ta\nb"
)";

TEST(Yaml, IsWrittenAsKubectlDoes) {
  const auto value = parse_json(kPodJson);
  ASSERT_TRUE(value);
  EXPECT_EQ(write_yaml(*value), kPodYaml);
  EXPECT_EQ(*parse_yaml(kPodYaml), *value);
}

// clang-format off
constexpr std::string_view kTexts[] = {
    "", " ", "a", " a", "a ", "a: b", "a #b", "#a", "-", "- a", "?", "? a", ":", "a:", "[a", "{a", "]", "}", ",",
    "a,b", "&a", "*a", "!a", "|", ">", "'", "\"", "%", "@", "`", "~", "null", "Null", "nULL", "true", "YES", "n", "0",
    "-1", "+1", "0x1f", "0o7", "017", "1e3", "1e3x", "1.5", ".5", ".inf", ".nan", "1_0", "0b1", "12:30", "2001-01-01",
    "2001-01-01T00:00:00Z", "=", "<<", "---", "...", "a\nb", "a\n", "\na", "a\n\n", "a\n\nb\n", " a\nb", "a\n b",
    "a\n\tb", "a \nb", "a\r\nb", "\t", "\x01", "\x7f", "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf" "a",
    "\xf0\x9f\x8f\xba", "$(HOME)", "a, b", "a  b", "100m", "24h", "1Gi", "5e", "1u", "a\\b",
};
// clang-format on

TEST(Yaml, ComesBackAsItWasWritten) {
  for (std::string_view text : kTexts) {
    for (const Value& value : {Value(text), Value::list({text}), Value::map({{std::string(text), text}}),
                               Value::list({Value::list({Value::map({{"k", text}})})})}) {
      const std::string written = write_yaml(value);
      const auto again = parse_yaml(written);
      ASSERT_TRUE(again) << written << again.error().message;
      EXPECT_EQ(*again, value) << written;
    }
  }
  const std::string long_name(5'000, 'x');
  const Value value = Value::map({{long_name, Value::map({{long_name, 1}})}, {"b", true}});
  EXPECT_EQ(*parse_yaml(write_yaml(value)), value);
  EXPECT_EQ(write_yaml(Value(from_epoch_seconds(0))), "\"1970-01-01T00:00:00Z\"\n");
}

}  // namespace
}  // namespace podpass::codec
