// The smallest statements that turn an implicit deny into an allow, found by asking evaluate() which layer refuses and
// putting a statement there until none does.
#include <deque>
#include <memory>

#include "base/strings.h"
#include "codec/json.h"
#include "policy/explain.h"

namespace podpass::policy {
namespace {

// A text that matches itself only, where '*', '?' and '${' have a meaning.
std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool special = c == '*' || c == '?' || (c == '$' && text.substr(i + 1).starts_with('{'));
    out += special ? std::string("${") + c + "}" : std::string(1, c);
  }
  return out;
}

codec::Value principal_of(const Principal& principal) {
  using codec::Value;
  switch (principal.type) {
    case PrincipalType::anonymous:
      return "*";
    case PrincipalType::service:
      return Value::map({{"Service", std::string(principal.service)}});
    case PrincipalType::web_identity:
      return Value::map({{"Federated", std::string(principal.provider)}});
    case PrincipalType::role_session:
      return Value::map({{"AWS", std::string(principal.role_arn.empty() ? principal.arn : principal.role_arn)}});
    case PrincipalType::root:
    case PrincipalType::user:
    case PrincipalType::federated_user:
      return Value::map({{"AWS", std::string(principal.arn)}});
  }
  return "*";
}

Kind kind_of(Layer layer, std::string_view action) {
  switch (layer) {
    case Layer::session:
      return Kind::session;
    case Layer::resource:
      return iequals(action.substr(0, 3), "s3:") ? Kind::bucket : Kind::resource;
    case Layer::trust:
      return Kind::trust;
    case Layer::service_control:
      return Kind::service_control;
    case Layer::resource_control:
      return Kind::resource_control;
    case Layer::endpoint:
      return Kind::endpoint;
    case Layer::identity:
    case Layer::boundary:
    case Layer::none:
      break;
  }
  return Kind::identity;
}

std::string statement_for(const Request& request, Layer layer) {
  codec::Value::Map statement = {{"Effect", "Allow"}};
  if (layer == Layer::resource_control) {  // allows nothing but everything
    statement.insert(statement.end(), {{"Principal", "*"}, {"Action", "*"}, {"Resource", "*"}});
    return codec::write_json(codec::Value(std::move(statement)));
  }
  const bool names_principal = layer == Layer::resource || layer == Layer::trust || layer == Layer::endpoint;
  if (names_principal) statement.emplace_back("Principal", principal_of(request.principal));
  statement.emplace_back("Action", std::string(request.action));
  const auto resource = request.resource == "*" ? "*" : escaped(request.resource);
  if (layer != Layer::trust) statement.emplace_back("Resource", resource);
  return codec::write_json(codec::Value(std::move(statement)));
}

}  // namespace

std::vector<Remedy> remedies(const Request& request, const Layers& layers) {
  std::vector<Remedy> found;
  std::deque<std::shared_ptr<const Policy>> policies;  // what is put into the layers
  std::deque<NamedPolicy> named;
  std::vector<Level> service_levels(layers.service_control.begin(), layers.service_control.end());
  std::vector<Level> resource_levels(layers.resource_control.begin(), layers.resource_control.end());
  auto mended = layers;
  mended.service_control = service_levels;
  mended.resource_control = resource_levels;
  const auto limit = kLayerCount + service_levels.size() + resource_levels.size();
  while (found.size() <= limit) {
    const auto decision = evaluate(request, mended);
    if (decision.allowed()) return found;
    if (decision.outcome == Outcome::explicit_deny) return {};
    const auto statement = statement_for(request, decision.layer);
    const auto made = Policy::parse(R"({"Version":"2012-10-17","Statement":)" + statement + "}",
                                    kind_of(decision.layer, request.action));
    if (!made) return {};
    // It takes the place of policies that neither allow nor deny.
    policies.push_back(*made);
    named.push_back({made->get(), {}});
    const std::span<const NamedPolicy> set(&named.back(), 1);
    const auto into_level = [&](std::vector<Level>& levels, std::span<const Level>& shown) {
      if (decision.level < 0) {
        levels.push_back(set);
        shown = levels;
      } else {
        levels[static_cast<std::size_t>(decision.level)] = set;
      }
    };
    switch (decision.layer) {
      case Layer::identity:
        mended.identity = set;
        break;
      case Layer::boundary:
        mended.boundary = named.back();
        break;
      case Layer::session:
        mended.session = set;
        break;
      case Layer::resource:
      case Layer::trust:
        mended.resource = made->get();
        break;
      case Layer::service_control:
        into_level(service_levels, mended.service_control);
        break;
      case Layer::resource_control:
        into_level(resource_levels, mended.resource_control);
        break;
      case Layer::endpoint:
        mended.endpoint = set;
        break;
      case Layer::none:
        return {};
    }
    found.push_back({decision.layer, decision.level, statement});
  }
  return {};
}

}  // namespace podpass::policy
