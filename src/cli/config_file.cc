#include "cli/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/strings.h"
#include "cli/connection.h"
#include "codec/yaml.h"

namespace podpass::cli {
namespace {

constexpr std::string_view kConfig = "config";  // the flag that names the file

// The long names that a file may use.
std::vector<std::string> names_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) {
      if (name != kConfig && name != "help") names.push_back(name);
    }
  }
  std::ranges::sort(names);
  return names;
}

// What a flag would have been given; nothing for what no flag can be.
std::optional<std::string> text_of(const codec::Value& value) {
  if (const auto* text = value.as_text()) return *text;
  if (const auto* number = value.as<std::int64_t>()) return std::to_string(*number);
  if (const auto* number = value.as<double>()) return fmt::format("{}", *number);
  if (const auto* truth = value.as<bool>()) return *truth ? "true" : "false";
  return std::nullopt;
}

Result<std::vector<std::string>> inputs_of(const codec::Value& value, std::string_view name, std::string_view where) {
  std::vector<std::string> inputs;
  auto add = [&](const codec::Value& one) {
    auto text = text_of(one);
    const bool good = text.has_value();
    if (good) inputs.push_back(*std::move(text));
    return good;
  };
  bool all_good = true;
  if (const auto* list = value.as<codec::Value::List>()) {
    all_good = std::ranges::all_of(*list, add);
  } else {
    all_good = add(value);
  }
  if (!all_good) {
    return Error::invalid(fmt::format("{}: {}: give text, a number, true, false, or a list of these.", where, name));
  }
  return inputs;
}

Result<void> take(CLI::App& command, const std::string& name, const codec::Value& value, const std::string& where) {
  auto* option = name == kConfig || name == "help" ? nullptr : command.get_option_no_throw("--" + name);
  if (option == nullptr) {
    return Error::invalid(
        fmt::format("{}: {} is no option. There are {}.", where, printable(name), fmt::join(names_of(command), ", ")));
  }
  if (option->count() > 0) return {};  // by flag or environment
  const auto inputs = TRY(inputs_of(value, name, where));
  if (inputs.empty()) return Error::invalid(fmt::format("{}: {}: the list is empty.", where, name));
  try {
    for (const auto& input : inputs) option->add_result(input);
    option->run_callback();
  } catch (const CLI::Error& error) {
    return Error::invalid(fmt::format("{}: {}: {}", where, name, error.what()));
  }
  return {};
}

}  // namespace

void take_environment(CLI::App& command) {
  for (auto* option : command.get_options()) {
    if (option->get_lnames().empty() || option->get_lnames().front() == "help") continue;
    if (!option->get_envname().empty()) continue;  // it has one that is better known
    std::string variable = "PODPASS_";
    for (char c : option->get_lnames().front()) variable += c == '-' ? '_' : static_cast<char>(std::toupper(c));
    option->envname(variable);
  }
}

Result<void> take_config_text(CLI::App& command, std::string_view text, const std::string& where) {
  auto read = codec::parse_yaml(text);
  if (!read) return Error::invalid(fmt::format("{}: {}", where, read.error().message));
  if (read->is_null()) return {};
  const auto* settings = read->as<codec::Value::Map>();
  if (settings == nullptr) {
    return Error::invalid(fmt::format("{}: write one `name: value` a line, with the names of the flags.", where));
  }
  for (const auto& [name, value] : *settings) TRY(take(command, std::string(name), value, where));
  return {};
}

Result<void> take_config_file(CLI::App& command, const std::string& path) {
  if (path.empty()) return {};
  const auto text = TRY(read_file(path));
  return take_config_text(command, text, path);
}

}  // namespace podpass::cli
