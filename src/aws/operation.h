// Operation: one row of a service's table. The row is made from the operation's struct, so that everything about an
// operation stands in one place:
//
//   struct DescribeCluster {
//     struct Request { std::string name; };
//     struct Response { Cluster cluster; };
//     static Result<aws::Resource> resource(aws::Call&, const Request&);  // what the caller must be allowed to act on
//     static Result<Response> handle(aws::Call&, const Request&);         // rerunnable
//   };
//   operation<DescribeCluster, "DescribeCluster">(Access::read, "GET", "/clusters/{name}")
//
// The permission is `<service>:<operation>` unless the struct has a kAction of its own. With `kPublic = true` it needs
// no signature.
#pragma once

#include <boost/container/small_vector.hpp>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aws/call.h"
#include "aws/error_kinds.h"
#include "aws/shape_description.h"
#include "codec/fields.h"

namespace podpass::aws {

enum class Access { read, write };  // the audit's readOnly; write operations are refused while stopping

struct Service;

// What an operation answers, as its service's protocol wants it: JSON for rest_json, else a tree.
using Answer = std::variant<codec::Value, std::string>;

struct Operation {
  std::string_view name;
  std::string_view method;  // query: always POST
  std::string_view path;    // rest: a template, "/clusters/{clusterName}"; a label that ends in '+' takes slashes too
  Access access;
  Result<Answer> (*run)(Call& call, const Service& service, const codec::Value& input, codec::Reading reading);
  codec::Value (*describe)();          // {"input": shape, "output": shape}, for tools
  const ErrorNames* errors = nullptr;  // where they are not those of the service
  bool is_public = false;              // needs no signature: what is in the request proves who calls
};

enum class Protocol { rest_json, query, rest_xml };

struct Service {
  std::string_view name;  // the signing name and the permissions' prefix: "eks"
  Protocol protocol;
  std::string_view api_version;  // query: the Version parameter
  std::string_view xml_namespace;
  std::span<const Operation> operations;
  ErrorNames errors;

  const ErrorNames& errors_of(const Operation* operation) const {
    return operation && operation->errors ? *operation->errors : errors;
  }
};

template <class Op>
Result<Answer> run_operation(Call& call, const Service& service, std::string_view name, const codec::Value& input,
                             codec::Reading reading) {
  auto request = TRY(codec::from_value<typename Op::Request>(input, reading));
  Resource resource = TRY(Op::resource(call, request));
  if (!resource.arn.empty()) {
    std::string_view own = name;
    if constexpr (requires { Op::kAction; }) own = Op::kAction;
    boost::container::small_vector<char, 96> action;
    for (const auto part : {service.name, std::string_view(":"), own}) {
      action.insert(action.end(), part.begin(), part.end());
    }
    TRY(call.authorize({action.data(), action.size()}, resource));
  }
  auto response = TRY(Op::handle(call, request));
  if (service.protocol != Protocol::rest_json) return Answer(codec::to_value(std::move(response)));
  constexpr std::size_t kUsualAnswer = 2'000;  // of an exchange, which is what there is most of
  Answer answer;
  auto& json = answer.emplace<std::string>();
  json.reserve(kUsualAnswer);
  codec::write_json(response, json);
  return answer;
}

// A name that can be a template argument, so that `run` stays a plain function pointer.
template <std::size_t N>
struct Name {
  char text[N];
  constexpr Name(const char (&from)[N]) {  // NOLINT: implicit on purpose
    for (std::size_t i = 0; i < N; ++i) text[i] = from[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

template <class Op, Name name>
constexpr Operation operation(Access access, std::string_view method = "POST", std::string_view path = "/",
                              const ErrorNames* errors = nullptr) {
  return {name.view(), method, path, access,
          [](Call& call, const Service& service, const codec::Value& input, codec::Reading reading) {
            return run_operation<Op>(call, service, name.view(), input, reading);
          },
          [] {
            return codec::Value::map({{"input", describe_shape<typename Op::Request>()},
                                      {"output", describe_shape<typename Op::Response>()}});
          },
          errors, requires {Op::kPublic;
}
};  // namespace podpass::aws
}

}  // namespace podpass::aws
