#include "gateway/services.h"

#include <array>

#include "eks/operations.h"
#include "eks_auth/operations.h"
#include "iam/operations.h"
#include "own_api/operations.h"
#include "s3/operations.h"
#include "sts/operations.h"

namespace podpass::gateway {

std::span<const aws::Service* const> services() {
  static const std::array kServices = {&eks_auth::service(), &sts::service(), &iam::service(), &eks::service(),
                                       &own_api::service()};
  return kServices;
}

const aws::Service* find_service(std::string_view name) {
  for (const auto* service : services()) {
    if (service->name == name) return service;
  }
  return nullptr;
}

codec::Value describe_services() {
  using codec::Value;
  Value all(Value::Map{});
  for (const auto* service : services()) {
    Value operations(Value::Map{});
    for (const auto& operation : service->operations) {
      auto shapes = operation.describe();
      shapes.set("method", std::string(operation.method));
      shapes.set("path", std::string(operation.path));
      operations.add(std::string(operation.name), std::move(shapes));
    }
    all.add(std::string(service->name),
            Value::map({{"protocol", service->protocol == aws::Protocol::query ? "query" : "rest-json"},
                        {"version", std::string(service->api_version)},
                        {"operations", std::move(operations)}}));
  }
  Value s3(Value::Map{});
  for (const auto& operation : s3::operations()) {
    static constexpr std::string_view kPaths[] = {"/", "/{Bucket}", "/{Bucket}/{Key+}"};
    std::string path(kPaths[static_cast<std::size_t>(operation.kind)]);
    if (!operation.subresource.empty()) path += "?" + std::string(operation.subresource);
    s3.add(std::string(operation.name), Value::map({{"method", std::string(operation.method)}, {"path", path}}));
  }
  all.add("s3", Value::map({{"protocol", "rest-xml"}, {"version", "2006-03-01"}, {"operations", std::move(s3)}}));
  return all;
}

}  // namespace podpass::gateway
