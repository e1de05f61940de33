// OpenID Connect providers: the issuers whose tokens sts:AssumeRoleWithWebIdentity takes, and the audiences that are
// meant for us. Thumbprints are kept and given back; nothing is fetched from a provider, so nothing is checked with
// them. Rerunnable, as all operations; the errors are those of IAM's API reference, "OpenID Connect" actions. What a
// provider's URL may be: iam/provider_urls.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iam/pages.h"
#include "iam/shapes.h"

namespace podpass::iam {

inline constexpr std::size_t kMaxOidcProviders = 100;  // an account
inline constexpr std::size_t kMaxClientIds = 100;
inline constexpr std::size_t kMaxThumbprints = 5;

struct CreateOpenIDConnectProvider {
  struct Request {
    std::string Url;
    std::vector<std::string> ClientIDList, ThumbprintList;
    std::vector<aws::Tag> Tags;
  };
  struct Response {
    std::string OpenIDConnectProviderArn;
    std::optional<std::vector<aws::Tag>> Tags;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(CreateOpenIDConnectProvider::Request, (), (Url, ClientIDList, ThumbprintList, Tags))
BOOST_DESCRIBE_STRUCT(CreateOpenIDConnectProvider::Response, (), (OpenIDConnectProviderArn, Tags))

struct GetOpenIDConnectProvider {
  struct Request {
    std::string OpenIDConnectProviderArn;
  };
  struct Response {
    std::string Url;  // without its scheme, as AWS gives it
    std::vector<std::string> ClientIDList, ThumbprintList;
    Time CreateDate{};
    std::optional<std::vector<aws::Tag>> Tags;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(GetOpenIDConnectProvider::Request, (), (OpenIDConnectProviderArn))
BOOST_DESCRIBE_STRUCT(GetOpenIDConnectProvider::Response, (), (Url, ClientIDList, ThumbprintList, CreateDate, Tags))

struct OpenIDConnectProviderListEntry {
  std::string Arn;
};
BOOST_DESCRIBE_STRUCT(OpenIDConnectProviderListEntry, (), (Arn))

struct ListOpenIDConnectProviders {
  struct Request {};
  struct Response {
    std::vector<OpenIDConnectProviderListEntry> OpenIDConnectProviderList;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListOpenIDConnectProviders::Request, (), ())
BOOST_DESCRIBE_STRUCT(ListOpenIDConnectProviders::Response, (), (OpenIDConnectProviderList))

struct DeleteOpenIDConnectProvider {
  struct Request {
    std::string OpenIDConnectProviderArn;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DeleteOpenIDConnectProvider::Request, (), (OpenIDConnectProviderArn))

struct UpdateOpenIDConnectProviderThumbprint {
  struct Request {
    std::string OpenIDConnectProviderArn;
    std::vector<std::string> ThumbprintList;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(UpdateOpenIDConnectProviderThumbprint::Request, (), (OpenIDConnectProviderArn, ThumbprintList))

struct AddClientIDToOpenIDConnectProvider {
  struct Request {
    std::string OpenIDConnectProviderArn, ClientID;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(AddClientIDToOpenIDConnectProvider::Request, (), (OpenIDConnectProviderArn, ClientID))

struct RemoveClientIDFromOpenIDConnectProvider {
  struct Request {
    std::string OpenIDConnectProviderArn, ClientID;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(RemoveClientIDFromOpenIDConnectProvider::Request, (), (OpenIDConnectProviderArn, ClientID))

struct TagOpenIDConnectProvider {
  struct Request {
    std::string OpenIDConnectProviderArn;
    std::vector<aws::Tag> Tags;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(TagOpenIDConnectProvider::Request, (), (OpenIDConnectProviderArn, Tags))

struct UntagOpenIDConnectProvider {
  struct Request {
    std::string OpenIDConnectProviderArn;
    std::vector<std::string> TagKeys;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(UntagOpenIDConnectProvider::Request, (), (OpenIDConnectProviderArn, TagKeys))

struct ListOpenIDConnectProviderTags {
  struct Request {
    std::string OpenIDConnectProviderArn;
    iam::Marker Marker;
    iam::MaxItems MaxItems;
  };
  struct Response {
    std::vector<aws::Tag> Tags;
    bool IsTruncated = false;
    iam::Marker Marker;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListOpenIDConnectProviderTags::Request, (), (OpenIDConnectProviderArn, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListOpenIDConnectProviderTags::Response, (), (Tags, IsTruncated, Marker))

}  // namespace podpass::iam
