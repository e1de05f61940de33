#include "iam/oidc_providers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "iam/entities.h"
#include "iam/entity_tags.h"
#include "iam/lookup.h"
#include "iam/provider_urls.h"

namespace podpass::iam {
namespace {

constexpr std::string_view kKind = "oidc-provider/";
constexpr std::string_view kArnMember = "openIDConnectProviderArn";

struct ProviderArn {
  std::string_view partition, account, name;
};

// The name is a URL without its scheme, so it may hold colons and slashes.
Result<ProviderArn> read_arn(std::string_view arn) {
  TRY(Constraints().text(kArnMember, arn, Rule::arn).result());
  std::array<std::string_view, 5> parts;
  auto rest = arn;
  bool whole = true;
  for (auto& part : parts) {
    const auto colon = rest.find(':');
    whole = whole && colon != rest.npos;
    part = rest.substr(0, colon);
    rest.remove_prefix(colon == rest.npos ? rest.size() : colon + 1);
  }
  if (!whole || parts[0] != "arn" || parts[2] != "iam" || !parts[3].empty() || !is_account(parts[4])) {
    return Error::invalid(fmt::format("Invalid ARN: {}", arn));
  }
  if (!rest.starts_with(kKind) || rest.size() == kKind.size()) {
    return Error::invalid("Invalid resource type in ARN");
  }
  return ProviderArn{parts[1], parts[4], rest.substr(kKind.size())};
}

std::string arn_of(const aws::Call& call, std::string_view url) {
  return oidc_provider_arn(call.deployment, call.caller.account, url);
}

// Null if there is none, or if it belongs to somebody else.
const OidcProviderRecord* find_provider(aws::Call& call, std::string_view arn) {
  const auto parts = read_arn(arn);
  if (!parts || parts->partition != call.deployment.partition || parts->account != call.caller.account) return nullptr;
  return call.tx.find(kOidcProviders, {parts->account, parts->name});
}

Result<const OidcProviderRecord*> existing_provider(aws::Call& call, std::string_view arn) {
  const auto* provider = find_provider(call, arn);
  if (!provider) return no_such_entity(fmt::format("OpenIDConnect Provider not found for arn {}", arn));
  return provider;
}

void put_provider(aws::Call& call, OidcProviderRecord provider) {
  const std::string name(provider_name(provider.url));
  call.tx.put(kOidcProviders, {call.caller.account, name}, std::move(provider));
}

// The provider that a request names, with the keys of its tags.
Result<aws::Resource> provider_resource(aws::Call& call, const std::string& arn) {
  const auto parts = TRY(read_arn(arn));
  aws::Resource resource(arn);
  resource.account = parts.account;
  if (const auto* provider = find_provider(call, arn)) add_resource_tags(resource, provider->tags);
  return resource;
}

bool is_among(const std::vector<std::string>& items, std::string_view item) {
  return std::ranges::find(items, item) != items.end();
}

// As kept: each once, in the order given.
std::vector<std::string> distinct(const std::vector<std::string>& items, std::string (*spelled)(std::string_view)) {
  std::vector<std::string> kept;
  for (const auto& item : items) {
    if (auto text = spelled(item); !is_among(kept, text)) kept.push_back(std::move(text));
  }
  return kept;
}

std::string as_it_is(std::string_view text) {
  return std::string(text);
}

Result<void> check_thumbprints(const std::vector<std::string>& thumbprints) {
  if (thumbprints.size() > kMaxThumbprints) {
    return invalid_input("Thumbprint list must contain fewer than 5 entries.");  // five are taken: AWS says it so
  }
  Constraints constraints;
  for (const auto& thumbprint : thumbprints) constraints.text("thumbprintList.member", thumbprint, Rule::thumbprint);
  return constraints.result();
}

Result<void> check_client_ids(const std::vector<std::string>& client_ids) {
  if (client_ids.size() > kMaxClientIds) return quota_exceeded("ClientIdsPerOpenIdConnectProvider", kMaxClientIds);
  Constraints constraints;
  for (const auto& client_id : client_ids) constraints.text("clientIDList.member", client_id, Rule::client_id);
  return constraints.result();
}

std::optional<std::vector<aws::Tag>> shown_tags(const aws::TagMap& tags) {
  if (tags.empty()) return std::nullopt;
  return aws::tag_list(tags);
}

}  // namespace

Result<aws::Resource> CreateOpenIDConnectProvider::resource(aws::Call& call, const Request& request) {
  TRY(Constraints().text("url", request.Url, Rule::provider_url).result());
  TRY(check_provider_url(request.Url, call.deployment.endpoint));
  TRY(check_thumbprints(request.ThumbprintList));
  TRY(check_client_ids(request.ClientIDList));
  aws::Resource resource(arn_of(call, request.Url));
  resource.account = call.caller.account;
  resource.request_tags(TRY(request_tags(request.Tags)));
  return resource;
}

Result<CreateOpenIDConnectProvider::Response> CreateOpenIDConnectProvider::handle(aws::Call& call,
                                                                                  const Request& request) {
  const auto arn = arn_of(call, request.Url);
  if (find_provider(call, arn)) return already_exists(fmt::format("Provider with url {} already exists.", request.Url));
  if (!call.tx.has_room(kOidcProviders, {call.caller.account}, kMaxOidcProviders)) {
    return quota_exceeded("OpenIdConnectProvidersPerAccount", kMaxOidcProviders);
  }
  OidcProviderRecord provider;
  provider.url = request.Url;
  provider.created = call.now;
  provider.client_ids = distinct(request.ClientIDList, as_it_is);
  provider.thumbprints = distinct(request.ThumbprintList, to_lower);
  provider.tags = TRY(request_tags(request.Tags));
  Response response{arn, shown_tags(provider.tags)};
  put_provider(call, std::move(provider));
  return response;
}

Result<aws::Resource> GetOpenIDConnectProvider::resource(aws::Call& call, const Request& request) {
  return provider_resource(call, request.OpenIDConnectProviderArn);
}

Result<GetOpenIDConnectProvider::Response> GetOpenIDConnectProvider::handle(aws::Call& call, const Request& request) {
  const auto* provider = TRY(existing_provider(call, request.OpenIDConnectProviderArn));
  return Response{std::string(provider_name(provider->url)), provider->client_ids, provider->thumbprints,
                  provider->created, shown_tags(provider->tags)};
}

Result<aws::Resource> ListOpenIDConnectProviders::resource(aws::Call&, const Request&) {
  return aws::Resource::all();
}

Result<ListOpenIDConnectProviders::Response> ListOpenIDConnectProviders::handle(aws::Call& call, const Request&) {
  Response response;
  for (const auto& row : call.tx.scan(kOidcProviders, {call.caller.account}, kMaxOidcProviders)) {
    response.OpenIDConnectProviderList.push_back({arn_of(call, row.record->url)});
  }
  return response;
}

Result<aws::Resource> DeleteOpenIDConnectProvider::resource(aws::Call& call, const Request& request) {
  return provider_resource(call, request.OpenIDConnectProviderArn);
}

// One that is not there is no error, as AWS documents.
Result<NoOutput> DeleteOpenIDConnectProvider::handle(aws::Call& call, const Request& request) {
  if (const auto* provider = find_provider(call, request.OpenIDConnectProviderArn)) {
    const std::string name(provider_name(provider->url));
    call.tx.erase(kOidcProviders, {call.caller.account, name});
  }
  return NoOutput{};
}

Result<aws::Resource> UpdateOpenIDConnectProviderThumbprint::resource(aws::Call& call, const Request& request) {
  TRY(Constraints().not_empty("thumbprintList", request.ThumbprintList.size()).result());
  TRY(check_thumbprints(request.ThumbprintList));
  return provider_resource(call, request.OpenIDConnectProviderArn);
}

Result<NoOutput> UpdateOpenIDConnectProviderThumbprint::handle(aws::Call& call, const Request& request) {
  auto provider = *TRY(existing_provider(call, request.OpenIDConnectProviderArn));
  provider.thumbprints = distinct(request.ThumbprintList, to_lower);
  put_provider(call, std::move(provider));
  return NoOutput{};
}

Result<aws::Resource> AddClientIDToOpenIDConnectProvider::resource(aws::Call& call, const Request& request) {
  TRY(Constraints().text("clientID", request.ClientID, Rule::client_id).result());
  return provider_resource(call, request.OpenIDConnectProviderArn);
}

Result<NoOutput> AddClientIDToOpenIDConnectProvider::handle(aws::Call& call, const Request& request) {
  auto provider = *TRY(existing_provider(call, request.OpenIDConnectProviderArn));
  if (is_among(provider.client_ids, request.ClientID)) return NoOutput{};
  if (provider.client_ids.size() >= kMaxClientIds) {
    return quota_exceeded("ClientIdsPerOpenIdConnectProvider", kMaxClientIds);
  }
  provider.client_ids.push_back(request.ClientID);
  put_provider(call, std::move(provider));
  return NoOutput{};
}

Result<aws::Resource> RemoveClientIDFromOpenIDConnectProvider::resource(aws::Call& call, const Request& request) {
  TRY(Constraints().text("clientID", request.ClientID, Rule::client_id).result());
  return provider_resource(call, request.OpenIDConnectProviderArn);
}

Result<NoOutput> RemoveClientIDFromOpenIDConnectProvider::handle(aws::Call& call, const Request& request) {
  auto provider = *TRY(existing_provider(call, request.OpenIDConnectProviderArn));
  if (std::erase(provider.client_ids, request.ClientID) > 0) put_provider(call, std::move(provider));
  return NoOutput{};
}

Result<aws::Resource> TagOpenIDConnectProvider::resource(aws::Call& call, const Request& request) {
  TRY(Constraints().not_empty("tags", request.Tags.size()).result());
  auto resource = TRY(provider_resource(call, request.OpenIDConnectProviderArn));
  resource.request_tags(TRY(request_tags(request.Tags)));
  return resource;
}

Result<NoOutput> TagOpenIDConnectProvider::handle(aws::Call& call, const Request& request) {
  auto provider = *TRY(existing_provider(call, request.OpenIDConnectProviderArn));
  TRY(add_tags(provider.tags, request.Tags));
  put_provider(call, std::move(provider));
  return NoOutput{};
}

Result<aws::Resource> UntagOpenIDConnectProvider::resource(aws::Call& call, const Request& request) {
  TRY(check_tag_keys(request.TagKeys));
  auto resource = TRY(provider_resource(call, request.OpenIDConnectProviderArn));
  resource.tag_keys(request.TagKeys);
  return resource;
}

Result<NoOutput> UntagOpenIDConnectProvider::handle(aws::Call& call, const Request& request) {
  auto provider = *TRY(existing_provider(call, request.OpenIDConnectProviderArn));
  remove_tags(provider.tags, request.TagKeys);
  put_provider(call, std::move(provider));
  return NoOutput{};
}

Result<aws::Resource> ListOpenIDConnectProviderTags::resource(aws::Call& call, const Request& request) {
  return provider_resource(call, request.OpenIDConnectProviderArn);
}

Result<ListOpenIDConnectProviderTags::Response> ListOpenIDConnectProviderTags::handle(aws::Call& call,
                                                                                      const Request& request) {
  const auto* provider = TRY(existing_provider(call, request.OpenIDConnectProviderArn));
  auto page = TRY(tag_page(provider->tags, request.Marker, request.MaxItems));
  return Response{std::move(page.items), page.more, std::move(page.marker)};
}

}  // namespace podpass::iam
