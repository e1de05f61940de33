#include "kube/api_server.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/file.h"
#include "base/strings.h"
#include "codec/base64.h"
#include "codec/yaml.h"

namespace podpass::kube {
namespace {

using codec::Value;

struct File {
  std::string path;
  std::filesystem::path folder;
  Value content;
};

// A named entry of a list (clusters, users, contexts), and the file it stands in.
struct Entry {
  const Value* value = nullptr;
  const File* file = nullptr;
  std::string what;  // "cluster 'a' in FILE", for errors

  Error invalid(std::string_view why) const { return Error::invalid(what + ": " + std::string(why)); }
};

Result<std::vector<File>> read_files(std::string_view paths) {
  std::vector<File> files;
  for (std::string_view path : split(paths, ':')) {
    if (path.empty()) continue;
    auto text = read_small_file(std::string(path), kMaxKubeconfigBytes);
    if (!text && text.error().kind == ErrorKind::not_found) continue;
    if (!text) return std::move(text).error();
    auto content = codec::parse_yaml(*text);
    if (!content) return Error::invalid(std::string(path) + ": " + content.error().message);
    if (!content->as<Value::Map>() && !content->is_null()) {
      return Error::invalid(std::string(path) + " is not a kubeconfig");
    }
    files.push_back({std::string(path), std::filesystem::path(path).parent_path(), *std::move(content)});
  }
  if (files.empty()) return Error::not_found("there is no kubeconfig at " + std::string(paths));
  return files;
}

std::string names_in(const std::vector<File>& files, std::string_view list) {
  std::string names;
  for (const File& file : files) {
    const Value* entries = file.content.find(list);
    const auto* items = entries ? entries->as<Value::List>() : nullptr;
    for (std::size_t i = 0; items && i < items->size(); ++i) {
      names += (names.empty() ? "" : ", ") + printable((*items)[i].text("name"));
    }
  }
  return names.empty() ? "none" : names;
}

// `clusters: [{name: a, cluster: {...}}]`, and so for users and contexts.
Result<Entry> find_entry(const std::vector<File>& files, std::string_view kind, std::string_view name) {
  const std::string list = std::string(kind) + "s";
  for (const File& file : files) {
    const Value* entries = file.content.find(list);
    const auto* items = entries ? entries->as<Value::List>() : nullptr;
    for (std::size_t i = 0; items && i < items->size(); ++i) {
      if ((*items)[i].text("name") != name) continue;
      Entry entry{(*items)[i].find(kind), &file, std::string(kind) + " '" + printable(name) + "' in " + file.path};
      if (!entry.value || !entry.value->as<Value::Map>()) return entry.invalid("it has no content");
      return entry;
    }
  }
  return Error::not_found("there is no " + std::string(kind) + " '" + printable(name) + "' in " + files.front().path +
                          "; there are: " + names_in(files, list));
}

std::string current_context(const std::vector<File>& files) {
  for (const File& file : files) {
    if (const auto name = file.content.text("current-context"); !name.empty()) return std::string(name);
  }
  return {};
}

std::string path_in(const Entry& entry, std::string_view path) {
  return (entry.file->folder / path).string();  // an absolute path stays
}

// `<name>-data` in base64, else the file `<name>`; empty if there is neither.
Result<std::string> pem_of(const Entry& entry, const std::string& name) {
  const std::string_view data = entry.value->text(name + "-data");
  if (!data.empty()) {
    std::string digits(data);
    std::erase_if(digits, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
    auto pem = codec::base64_decode(digits);
    if (!pem) return entry.invalid(name + "-data is not base64");
    return *std::move(pem);
  }
  const std::string_view path = entry.value->text(name);
  if (path.empty()) return std::string();
  auto pem = read_small_file(path_in(entry, path), crypto::kMaxPemBytes);
  if (!pem) return entry.invalid(pem.error().message);
  return pem;
}

bool is_true(const Value* value) {
  const bool* flag = value ? value->as<bool>() : nullptr;
  return flag && *flag;
}

Result<ApiServer> read_cluster(const Entry& entry) {
  auto server = parse_api_server(entry.value->text("server"));
  if (!server) return entry.invalid(server.error().message);
  if (!entry.value->text("proxy-url").empty()) return entry.invalid("a proxy (proxy-url) is not supported here");
  if (!server->endpoint.secure) return server;
  if (is_true(entry.value->find("insecure-skip-tls-verify"))) {
    return entry.invalid(
        "insecure-skip-tls-verify is not supported here; name the cluster's authority in certificate-authority");
  }
  server->tls.ca_pem = TRY(pem_of(entry, "certificate-authority"));
  server->tls.server_name = entry.value->text("tls-server-name");
  return server;
}

// What this program does not do for a user, so that it never goes as somebody else than the file says.
Result<void> check_user(const Entry& entry) {
  constexpr std::string_view kInstead =
      "; use a token of a service account (kubectl create token), a token file or a client certificate instead";
  for (std::string_view plugin : {"exec", "auth-provider"}) {
    const Value* value = entry.value->find(plugin);
    if (!value || value->is_null()) continue;
    const std::string_view program = value->text(plugin == "exec" ? "command" : "name");
    return entry.invalid(concat({"its credentials come from the plugin '", printable(program), "' (", plugin,
                                 "), and plugins are not run here", kInstead}));
  }
  for (std::string_view member : {"username", "password"}) {
    if (entry.value->find(member)) return entry.invalid(concat({"passwords are not supported here", kInstead}));
  }
  for (std::string_view member : {"as", "as-uid", "as-groups", "as-user-extra"}) {
    if (entry.value->find(member)) return entry.invalid("impersonation (as) is not supported here");
  }
  return Result<void>(std::in_place);
}

Result<void> read_user(const Entry& entry, ApiServer& server) {
  TRY(check_user(entry));
  const std::string_view token_file = entry.value->text("tokenFile");
  if (!token_file.empty()) {
    server.token_file = path_in(entry, token_file);  // it counts more than a token beside it
  } else {
    server.token = Secret(std::string(entry.value->text("token")));
  }
  if (!server.endpoint.secure) return Result<void>(std::in_place);
  server.tls.certificate_pem = TRY(pem_of(entry, "client-certificate"));
  server.tls.key_pem = Secret(TRY(pem_of(entry, "client-key")));
  return Result<void>(std::in_place);
}

std::string_view value_of(const Environment& environment, const char* name) {
  const char* value = environment(name);
  return value != nullptr ? std::string_view(value) : std::string_view();
}

}  // namespace

Result<ApiServer> parse_api_server(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t slash =
      scheme == std::string_view::npos ? url.size() : std::min(url.find('/', scheme + 3), url.size());
  ApiServer server;
  server.endpoint = TRY(http::parse_endpoint(url.substr(0, slash)));
  std::string_view path = url.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!path.empty() && !only_alnum_and(path, "-._~/%:@")) {
    return Error::invalid("'" + printable(url) + "' is not the URL of an API server: its path is malformed");
  }
  server.base_path = path;
  return server;
}

std::string kubeconfig_path(std::string_view given, const Environment& environment) {
  if (!given.empty()) return std::string(given);
  if (const auto variable = value_of(environment, "KUBECONFIG"); !variable.empty()) return std::string(variable);
  return std::string(value_of(environment, "HOME")) + "/.kube/config";
}

Result<ApiServer> read_kubeconfig(std::string_view path, std::string_view context) {
  const std::vector<File> files = TRY(read_files(path));
  const std::string name = context.empty() ? current_context(files) : std::string(context);
  if (name.empty()) {
    return Error::invalid(files.front().path +
                          " has no current context; choose one of: " + names_in(files, "contexts"));
  }
  const Entry chosen = TRY(find_entry(files, "context", name));
  const Entry cluster = TRY(find_entry(files, "cluster", chosen.value->text("cluster")));
  ApiServer server = TRY(read_cluster(cluster));
  const std::string_view user = chosen.value->text("user");
  if (!user.empty()) TRY(read_user(TRY(find_entry(files, "user", user)), server));
  if (server.endpoint.secure) {
    auto usable = crypto::ClientTls::make(server.tls);
    if (!usable) return chosen.invalid(usable.error().message);
  }
  server.namespace_ = chosen.value->text("namespace");
  return server;
}

bool is_in_cluster(const Environment& environment) {
  return !value_of(environment, "KUBERNETES_SERVICE_HOST").empty();
}

Result<ApiServer> in_cluster(const Environment& environment, const std::string& folder) {
  const std::string host(value_of(environment, "KUBERNETES_SERVICE_HOST"));
  const std::string_view port = value_of(environment, "KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return Error::not_found(
        "this is not a pod of a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; give a "
        "kubeconfig");
  }
  const bool v6 = host.find(':') != std::string::npos;
  ApiServer server = TRY(parse_api_server(concat({"https://", v6 ? "[" : "", host, v6 ? "]" : "", ":", port})));
  server.tls.ca_pem = TRY(read_small_file(folder + "/ca.crt", crypto::kMaxPemBytes));
  if (server.tls.ca_pem.empty()) return Error::invalid(folder + "/ca.crt is empty");
  server.token_file = folder + "/token";
  TRY(read_small_file(server.token_file, kMaxTokenFileBytes));
  if (auto name = read_small_file(folder + "/namespace", kMaxTokenFileBytes)) {
    while (name->ends_with('\n')) name->pop_back();
    server.namespace_ = *std::move(name);
  }
  auto usable = crypto::ClientTls::make(server.tls);
  if (!usable) return Error::invalid(folder + "/ca.crt: " + usable.error().message);
  return server;
}

}  // namespace podpass::kube
