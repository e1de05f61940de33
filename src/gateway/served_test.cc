#include "gateway/served_test.h"

#include <fstream>
#include <sstream>

#include "codec/uri.h"
#include "console/zipped_for_test.h"
#include "eks/lookup.h"
#include "iam/lookup.h"

namespace podpass::gateway {
namespace {

console::Files console_files() {
  static const std::string kPage = console::zipped("<!doctype html><title>test</title>");
  static const console::File kFiles[] = {{"/index.html", "text/html; charset=utf-8", kPage}};
  return kFiles;
}

}  // namespace

Served::Served()
    : store(store::Store::open(std::make_unique<store::MemoryBackend>()).value()),
      server_({2, {}, "podpass", {}},
              [this](http::Request& request, http::Body& body) { return gateway_->serve(request, body); }) {
  deployment.clock = &clock;
  deployment.random = &random;
  deployment.at_rest = crypto::KeyRing::generate(random);
  deployment.sessions = std::make_shared<aws::SessionKeys>(crypto::KeyRing::generate(random));
  address_ = "http://127.0.0.1:" + std::to_string(server_.listen("127.0.0.1", 0).value());
  deployment.endpoint = address_;
  s3_ = s3::Service::open(*store, deployment, directory_.path() / "blobs").value();
  audit_ = AuditTrail::open(directory_.path(), &activity).value();
  deployment.activity = &activity;
  gateway_ = std::make_unique<Gateway>(*store, deployment, *s3_, audit_.get(), health, console_files());
  EXPECT_TRUE(store->run([&](store::Transaction& tx) -> Result<void> {
    auto key = iam::make_access_key(tx, deployment, deployment.account, "", clock.now());
    root = {key.id, key.secret, ""};
    return {};
  }));
  server_.start();
}

http::ClientRequest Served::sign(const Ask& ask, const aws::SigningCredentials& credentials, Time when) {
  http::ClientRequest request;
  request.method = ask.method;
  request.target = ask.target;
  request.headers = ask.headers;
  request.body = ask.body;
  auto authority = http::parse_endpoint(deployment.endpoint)->authority();
  for (const auto& [name, value] : ask.headers) {
    if (name == "Host") authority = value;
  }
  aws::sign_request(request, authority, credentials, deployment.region, ask.service, when);
  return request;
}

http::ClientResponse Served::deliver(const http::ClientRequest& request) {
  http::Client client(http::parse_endpoint(address_).value(), {std::chrono::seconds{20}, std::chrono::seconds{20}});
  auto response = client.send(request);
  EXPECT_TRUE(response) << response.error().message;
  return response ? *response : http::ClientResponse();
}

http::ClientResponse Served::send(const Ask& ask, const aws::SigningCredentials& credentials) {
  return deliver(sign(ask, credentials, clock.now()));
}

http::ClientResponse Served::query(std::string service, std::string form, const aws::SigningCredentials& credentials) {
  form += service == "sts" ? "&Version=2011-06-15" : "&Version=2010-05-08";
  return send(
      {std::move(service), "POST", "/", std::move(form), {{"Content-Type", "application/x-www-form-urlencoded"}}},
      credentials);
}

aws::SigningCredentials Served::assume(const std::string& role, const aws::SigningCredentials& caller) {
  auto response = query("sts",
                        "Action=AssumeRole&RoleSessionName=session&RoleArn=" +
                            codec::percent_encode("arn:aws:iam::" + deployment.account + ":role/" + role),
                        caller);
  EXPECT_EQ(response.status, 200) << response.body;
  return {element(response.body, "AccessKeyId"), Secret(element(response.body, "SecretAccessKey")),
          element(response.body, "SessionToken")};
}

aws::SigningCredentials Served::make_user(const std::string& name) {
  EXPECT_EQ(query("iam", "Action=CreateUser&UserName=" + name).status, 200);
  auto all =
      codec::percent_encode(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})");
  EXPECT_EQ(query("iam", "Action=PutUserPolicy&UserName=" + name + "&PolicyName=all&PolicyDocument=" + all).status,
            200);
  auto key = query("iam", "Action=CreateAccessKey&UserName=" + name);
  EXPECT_EQ(key.status, 200) << key.body;
  return {element(key.body, "AccessKeyId"), Secret(element(key.body, "SecretAccessKey")), ""};
}

void Served::make_cluster(const std::string& name) {
  static const eks::IssuerKey kKey = [] {
    SeededRandom random(5);
    return eks::make_issuer_key(random);
  }();
  EXPECT_TRUE(store->run([&](store::Transaction& tx) -> Result<void> {
    eks::Cluster cluster;
    cluster.name = name;
    cluster.version = std::string(eks::kDefaultVersion);
    TRY(eks::add_cluster(tx, deployment, std::move(cluster), kKey, clock.now()));
    return {};
  }));
}

std::string Served::audit_text() {
  audit_->flush();
  std::ifstream file(directory_.path() / "audit.jsonl");
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

std::vector<codec::Value> Served::audit() {
  std::istringstream lines(audit_text());
  std::vector<codec::Value> records;
  for (std::string line; std::getline(lines, line);) {
    auto record = codec::parse_json(line);
    EXPECT_TRUE(record) << line;
    if (record) records.push_back(std::move(*record));
  }
  return records;
}

std::string element(std::string_view xml, std::string_view name) {
  const auto open = "<" + std::string(name) + ">", close = "</" + std::string(name) + ">";
  auto start = xml.find(open);
  auto end = xml.find(close);
  if (start == std::string_view::npos || end == std::string_view::npos) return {};
  start += open.size();
  return std::string(xml.substr(start, end - start));
}

}  // namespace podpass::gateway
