#include "policy_cli/evaluate.h"

#include "base/strings.h"
#include "codec/json.h"
#include "policy/report.h"
#include "policy_cli/lines.h"

namespace podpass::policy_cli {
namespace {

using policy::Layer;

constexpr std::size_t kFlushBytes = 64 * 1024;

// The layers as the input names them, in its order; a trust policy is the role's resource policy.
constexpr Layer kLayers[] = {Layer::identity,        Layer::resource,         Layer::boundary, Layer::session,
                             Layer::service_control, Layer::resource_control, Layer::endpoint};

std::string_view input_name(Layer layer) {
  return policy::name_of(layer == Layer::trust ? Layer::resource : layer);
}

void write_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  codec::write_json_string(text, out);
}

void write_number(std::string& out, std::string_view before, auto number) {
  out += before;
  out += std::to_string(number);
}

// One of the engine's own words, which have nothing to escape.
void write_name(std::string& out, std::string_view name) {
  out += '"';
  out += name;
  out += '"';
}

// A comma between the items of a list.
class Separator {
 public:
  void put(std::string& out) {
    if (!std::exchange(first_, false)) out += ',';
  }

 private:
  bool first_ = true;
};

void write_error(std::string_view id, std::size_t number, const Error& error, std::string& out) {
  out += "{\"id\":";
  out += id.empty() ? "null" : id;
  write_number(out, ",\"line\":", number);
  write_member(out, "error", error.message);
  out += "}\n";
}

}  // namespace

bool Evaluator::evaluate(std::string_view line, std::size_t number, std::string& out) {
  const auto made = reader_.read(line);
  if (made) {
    write(*made, out);
    return true;
  }
  Members members;
  static_cast<void>(split_members(line, members));  // the error is there already
  write_error(members.id, number, made.error(), out);
  return false;
}

void Evaluator::write(const Case& made, std::string& out) {
  const auto& request = *made.request;
  const auto& layers = made.policies->layers;
  policy::explain(request, layers, policy::Depth::matched, explanation_);
  out += "{\"id\":";
  out += made.id.empty() ? "null" : made.id;
  write_member(out, "decision", policy::name_of(explanation_.decision.outcome));
  out += ",\"blockedBy\":[";
  Separator blocked;
  for (const auto layer : explanation_.blocked_by) {
    blocked.put(out);
    write_name(out, input_name(layer));
  }
  out += "],\"layers\":{";
  Separator layer_separator;
  for (const auto layer : kLayers) {
    const bool trust = layer == Layer::resource && layers.trust;
    layer_separator.put(out);
    write_name(out, input_name(layer));
    out += ':';
    write_name(out, policy::name_of(explanation_.result(trust ? Layer::trust : layer)));
  }
  out += "},\"matched\":[";
  write_matched(made, out);
  out += "],\"missingKeys\":[";
  Separator missing;
  for (const auto& key : policy::missing_keys(request, layers, explanation_)) {
    missing.put(out);
    codec::write_json_string(key, out);
  }
  out += ']';
  const bool allowed = explanation_.decision.allowed();
  write_member(out, "message", allowed ? std::string() : policy::denial_message(request, explanation_.decision));
  out += "}\n";
}

void Evaluator::write_matched(const Case& made, std::string& out) {
  Separator separator;
  for (const auto& examined : explanation_.statements) {
    if (!examined.applies()) continue;
    const auto& policy = *policy::policy_of(made.policies->layers, examined).policy;
    const auto& info = policy.statements()[static_cast<std::size_t>(examined.statement)];
    const auto place = policy.place(info.begin);
    separator.put(out);
    out += "{\"layer\":";
    write_name(out, input_name(examined.layer));
    if (examined.level >= 0) write_number(out, ",\"level\":", examined.level);
    write_number(out, ",\"policy\":", examined.policy);
    write_member(out, "sid", info.sid);
    write_member(out, "effect", policy::name_of(examined.effect));
    write_number(out, ",\"index\":", examined.statement);
    write_number(out, ",\"line\":", place.line);
    write_number(out, ",\"column\":", place.column);
    out += '}';
  }
}

Result<int> evaluate(const std::vector<std::string>& files, const std::function<void(std::string_view)>& print) {
  Lines lines(files);
  Evaluator evaluator;
  std::string out;
  const auto flush = [&] {
    if (!out.empty()) print(out);
    out.clear();
  };
  bool all_good = true;
  std::string_view line;
  while (true) {
    const auto more = lines.next(line, flush);
    if (!more) {
      flush();
      return more.error();
    }
    if (!*more) break;
    if (lines.too_long()) {
      write_error({}, lines.number(), Error::invalid("the line is longer than 16 MiB."), out);
      all_good = false;
    } else if (!trim(line).empty()) {
      all_good = evaluator.evaluate(line, lines.number(), out) && all_good;
    }
    if (out.size() > kFlushBytes) flush();
  }
  flush();
  return all_good ? 0 : 2;
}

}  // namespace podpass::policy_cli
