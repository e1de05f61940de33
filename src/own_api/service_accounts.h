// ListServiceAccounts: the namespaces and service accounts of a cluster, to choose from: from the API server of a
// registered cluster, else those that have an association. `note` says why there may be others. Permission:
// podpass:ListServiceAccounts, on the cluster.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/operation.h"

namespace podpass::own_api {

struct NamespaceOfAccounts {
  std::string name;
  std::vector<std::string> serviceAccounts;
};
BOOST_DESCRIBE_STRUCT(NamespaceOfAccounts, (), (name, serviceAccounts))

struct ListServiceAccounts {
  struct Request {
    std::string clusterName;
  };
  struct Response {
    std::vector<NamespaceOfAccounts> namespaces;  // both in the order of their names
    std::string source;                           // cluster, associations
    std::optional<std::string> note;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListServiceAccounts::Request, (), (clusterName))
BOOST_DESCRIBE_STRUCT(ListServiceAccounts::Response, (), (namespaces, source, note))

}  // namespace podpass::own_api
