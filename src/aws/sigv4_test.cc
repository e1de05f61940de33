// Signatures: botocore's transcripts must pass, and fail with any one character changed; AWS's published examples;
// every error's code and text.
#include "aws/sigv4.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "aws/sigv4_sign.h"
#include "base/strings.h"
#include "codec/json.h"
#include "http/client.h"

namespace podpass::aws {
namespace {

struct Case {
  std::string name, service, region, secret, access_key_id, session_token, method, target, body;
  std::vector<std::pair<std::string, std::string>> headers;
  Time now;
  bool path_is_rewritten = false;

  Dialect dialect() const { return service == "s3" ? Dialect::s3 : service == "eks" ? Dialect::json : Dialect::query; }

  http::Request request() const {
    http::Request view;
    view.method = method;
    view.target = target;
    auto question = target.find('?');
    view.path = view.target.substr(0, question);
    if (question != target.npos) view.query = view.target.substr(question + 1);
    for (const auto& [header, value] : headers) view.headers.push_back({header, trim(value)});
    view.body = body;
    return view;
  }
};

std::vector<Case> load(const std::string& file) {
  std::ifstream in("testdata/sigv4/" + file);
  std::stringstream text;
  text << in.rdbuf();
  auto parsed = codec::parse_json(text.str());
  EXPECT_TRUE(parsed) << file;
  std::vector<Case> cases;
  for (const auto& row : *parsed->as<codec::Value::List>()) {
    auto get = [&](std::string_view name) { return std::string(row.text(name)); };
    Case made{get("name"),
              get("service"),
              get("region"),
              get("secret"),
              get("access_key_id"),
              get("session_token"),
              get("method"),
              get("target"),
              get("body"),
              {},
              *parse_amz_date(get("now"))};
    made.path_is_rewritten = *row.find("path_is_rewritten")->as<bool>();
    for (const auto& header : *row.find("headers")->as<codec::Value::List>()) {
      const auto& pair = *header.as<codec::Value::List>();
      made.headers.emplace_back(*pair[0].as_text(), *pair[1].as_text());
    }
    cases.push_back(std::move(made));
  }
  return cases;
}

// All the steps; a good one yields the claims.
Result<Credentialed> check(const Case& c) {
  auto request = c.request();
  auto claims = TRY(read_authorization(request, c.dialect()));
  TRY(check_scope(claims, c.region, c.service, c.now));
  if (claims.access_key_id != c.access_key_id) return unknown_access_key(c.dialect());
  TRY(verify_signature(claims, request, derived_key(claims, Secret(c.secret))));
  claims.signed_headers = {};  // the views end with the request
  return claims;
}

char other(char c) {
  if (is_digit(c)) return c == '7' ? '3' : '7';
  return c == 'x' ? 'y' : 'x';
}

bool is_signed(const Case& c, std::string_view header) {
  auto lower = to_lower(header);
  auto request = c.request();
  auto claims = read_authorization(request, c.dialect());
  auto names = split(claims->signed_headers, ';');
  return lower == "authorization" || std::ranges::find(names, lower) != names.end();
}

// Changes each letter and digit of `text`, which lies in `c`, and wants every change to be noticed.
void expect_every_change_noticed(const Case& c, std::string& text, std::string_view what, std::size_t from = 0) {
  for (auto i = from; i < text.size(); ++i) {
    if (!is_alnum(text[i])) continue;
    auto before = std::exchange(text[i], other(text[i]));
    EXPECT_FALSE(check(c)) << c.name << ": " << what << " changed at " << i << ": " << text;
    text[i] = before;
  }
  EXPECT_TRUE(check(c)) << c.name;
}

class Transcripts : public ::testing::TestWithParam<const char*> {};

TEST_P(Transcripts, PassAsTheyAreAndFailChanged) {
  auto cases = load(GetParam());
  ASSERT_FALSE(cases.empty());
  for (auto& c : cases) {
    auto good = check(c);
    ASSERT_TRUE(good) << c.name << ": " << good.error().code << " " << good.error().message;
    {
      auto request = c.request();
      auto claims = *read_authorization(request, c.dialect());
      EXPECT_EQ(claims.session_token, c.session_token) << c.name;
      EXPECT_EQ(claims.access_key_id, c.access_key_id);
      EXPECT_EQ(claimed_service(request), c.service) << c.name;
    }
    expect_every_change_noticed(c, c.target, "target", c.path_is_rewritten ? c.target.size() : 0);
    expect_every_change_noticed(c, c.method, "method");
    if (c.service != "s3") expect_every_change_noticed(c, c.body, "body");
    for (auto& [name, value] : c.headers) {
      if (is_signed(c, name)) expect_every_change_noticed(c, value, name);
    }
    c.headers.emplace_back("X-Amz-Target", "added");
    EXPECT_FALSE(check(c)) << c.name << ": an unsigned x-amz header was added";
    c.headers.pop_back();
    c.secret += 'x';
    EXPECT_FALSE(check(c)) << c.name;
  }
}
INSTANTIATE_TEST_SUITE_P(Botocore, Transcripts, ::testing::Values("header.json", "presigned.json"));

// A signature that AWS publishes, on its request.
struct Published {
  std::string_view service, secret, date, target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view names, signature;
};

TEST(SigV4, PublishedExamples) {
  constexpr std::string_view kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  Published rows[] = {
      {"service",
       "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
       "20150830T123600Z",
       "/",
       {{"Host", "example.amazonaws.com"}},
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"iam",
       "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
       "20150830T123600Z",
       "/?Action=ListUsers&Version=2010-05-08",
       {{"Host", "iam.amazonaws.com"}, {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
       "content-type;host;x-amz-date",
       "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
      {"s3",
       "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
       "20130524T000000Z",
       "/test.txt",
       {{"Host", "examplebucket.s3.amazonaws.com"},
        {"Range", "bytes=0-9"},
        {"x-amz-content-sha256", std::string(kEmpty)}},
       "host;range;x-amz-content-sha256;x-amz-date",
       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
  };
  for (const auto& row : rows) {
    Case c{"",
           std::string(row.service),
           "us-east-1",
           std::string(row.secret),
           "AKIDEXAMPLE",
           "",
           "GET",
           std::string(row.target),
           "",
           row.headers,
           *parse_amz_date(row.date)};
    c.headers.emplace_back("X-Amz-Date", row.date);
    c.headers.emplace_back("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/" +
                                                std::string(row.date.substr(0, 8)) + "/us-east-1/" + c.service +
                                                "/aws4_request,SignedHeaders=" + std::string(row.names) +
                                                ",Signature=" + std::string(row.signature));
    auto result = check(c);
    EXPECT_TRUE(result) << row.service << ": " << (result ? "" : result.error().message);
  }
}

TEST(SigV4, SignsWhatItAccepts) {
  auto now = *parse_amz_date("20260102T030405Z");
  SigningCredentials credentials{"AKIDEXAMPLE", Secret("secret"), "a token/+="};
  for (std::string_view service : {"s3", "eks-auth", "sts"}) {
    http::ClientRequest request;
    request.method = "POST";
    request.target = "/clusters/a%20b/c?x=%2F&a";
    request.headers = {{"Content-Type", "application/json"}, {"User-Agent", "podpass"}, {"X-Amz-Date", "stale"}};
    request.body = "{}";
    sign_request(request, "localhost:80", credentials, "us-west-2", service, now);
    sign_request(request, "localhost:80", credentials, "us-west-2", service, now);  // again: replaces
    Case c{"",   std::string(service), "us-west-2", "secret", "AKIDEXAMPLE", "a token/+=", "POST", request.target,
           "{}", request.headers,      now};
    c.headers.emplace_back("Host", "localhost:80");
    c.headers.emplace_back("Content-Length", "2");
    auto result = check(c);
    EXPECT_TRUE(result) << service << ": " << (result ? "" : result.error().message);

    Case presigned{"", std::string(service), "us-west-2", "secret", "AKIDEXAMPLE", "a token/+=", "GET", "", "", {},
                   now};
    presigned.target = presign_target("GET", "/x?y=%20", "h", credentials, "us-west-2", service, now, Seconds{60});
    presigned.headers = {{"Host", "h"}};
    EXPECT_TRUE(check(presigned)) << service;
  }
}

Case signed_case(std::string_view service, bool presigned) {
  Case c;
  c.service = service;
  c.region = "us-west-2";
  c.secret = "secret";
  c.access_key_id = "AKIDEXAMPLE";
  c.method = "GET";
  c.target = "/";
  c.now = *parse_amz_date("20260102T030405Z");
  SigningCredentials credentials{"AKIDEXAMPLE", Secret("secret"), ""};
  if (presigned) {
    c.target = presign_target("GET", "/", "h", credentials, c.region, service, c.now, Seconds{60});
  } else {
    http::ClientRequest request;
    sign_request(request, "h", credentials, c.region, service, c.now);
    c.headers = request.headers;
  }
  c.headers.emplace_back("Host", "h");
  return c;
}

std::string& header(Case& c, std::string_view name) {
  for (auto& [header, value] : c.headers) {
    if (iequals(header, name)) return value;
  }
  return c.headers.emplace_back(name, "").second;
}

void replace(std::string& text, std::string_view from, std::string_view to) {
  auto at = text.find(from);
  ASSERT_NE(at, text.npos) << text;
  text.replace(at, from.size(), to);
}

struct Refusal {
  std::string_view service;
  bool presigned;
  void (*change)(Case&);
  std::string_view code;
  int status;
  std::string_view message;
};

constexpr std::string_view kS3Parts =
    "The authorization header is malformed; the authorization header requires three components: Credential, "
    "SignedHeaders, "
    "and Signature.";
constexpr std::string_view kMismatchText =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and "
    "signing method. Consult the service documentation for details.";

// Named, since preprocessor and lambdas in tables don't go well together.
void late(Case& c) {
  c.now += std::chrono::minutes{16};
}
void early(Case& c) {
  c.now -= std::chrono::minutes{16};
}
void other_region(Case& c) {
  c.region = "eu-west-1";
}
void other_secret(Case& c) {
  c.secret = "x";
}
void no_date(Case& c) {
  std::erase_if(c.headers, [](auto& h) { return iequals(h.first, "x-amz-date"); });
}
void bad_date(Case& c) {
  header(c, "x-amz-date") = "2026";
}
void no_signature(Case& c) {
  replace(header(c, "authorization"), "Signature=", "Signature");
}
void missing_signature(Case& c) {
  header(c, "authorization").resize(header(c, "authorization").find(", Signature"));
}
void short_credential(Case& c) {
  replace(header(c, "authorization"), "/aws4_request", "");
}
void bad_terminator(Case& c) {
  replace(header(c, "authorization"), "aws4_request", "aws5_request");
}
void other_day(Case& c) {
  replace(header(c, "authorization"), "/20260102/", "/20260103/");
}
void no_host(Case& c) {
  replace(header(c, "authorization"), "=host;", "=");
}
void upper_case_names(Case& c) {
  replace(header(c, "authorization"), "=host;", "=Host;");
}
void wrong_algorithm(Case& c) {
  replace(header(c, "authorization"), "SHA256", "SHA512");
}
void bearer(Case& c) {
  header(c, "authorization") = "Bearer secret-token";
}
void both_forms(Case& c) {
  header(c, "authorization") = "AWS4-HMAC-SHA256 x";
}
void unsigned_header(Case& c) {
  c.headers.emplace_back("X-Amz-Acl", "public-read");
}
void no_payload(Case& c) {
  std::erase_if(c.headers, [](auto& h) { return iequals(h.first, "x-amz-content-sha256"); });
}
void bad_payload(Case& c) {
  header(c, "x-amz-content-sha256") = "STREAMING-SOMETHING";
}
void no_expires(Case& c) {
  replace(c.target, "&X-Amz-Expires=60", "");
}
void text_expires(Case& c) {
  replace(c.target, "Expires=60", "Expires=x");
}
void negative_expires(Case& c) {
  replace(c.target, "Expires=60", "Expires=-1");
}
void long_expires(Case& c) {
  replace(c.target, "Expires=60", "Expires=604801");
}
void after_expiry(Case& c) {
  c.now += Seconds{61};
}
void no_query_signature(Case& c) {
  c.target.resize(c.target.find("&X-Amz-Signature"));
}
void twice(Case& c) {
  c.target += "&X-Amz-Date=20260102T030405Z";
}

constexpr Refusal kRefusals[] = {
    {"sts", false, late, "SignatureDoesNotMatch", 403,
     "Signature expired: 20260102T030405Z is now earlier than 20260102T030505Z (20260102T032005Z - 15 min.)"},
    {"eks", false, late, "InvalidSignatureException", 403,
     "Signature expired: 20260102T030405Z is now earlier than 20260102T030505Z (20260102T032005Z - 15 min.)"},
    {"sts", false, early, "SignatureDoesNotMatch", 403,
     "Signature not yet current: 20260102T030405Z is still later than 20260102T030305Z (20260102T024805Z + 15 min.)"},
    {"sts", true, late, "SignatureDoesNotMatch", 403,
     "Signature expired: 20260102T030405Z is now earlier than 20260102T030505Z (20260102T032005Z - 15 min.)"},
    {"s3", false, late, "RequestTimeTooSkewed", 403,
     "The difference between the request time and the current time is too large."},
    {"s3", false, early, "RequestTimeTooSkewed", 403,
     "The difference between the request time and the current time is too large."},
    {"s3", true, after_expiry, "AccessDenied", 403, "Request has expired"},
    {"s3", true, early, "AccessDenied", 403, "Request is not valid yet"},
    {"sts", false, other_region, "SignatureDoesNotMatch", 403,
     "Credential should be scoped to a valid region, not 'us-west-2'."},
    {"s3", false, other_region, "AuthorizationHeaderMalformed", 400,
     "The authorization header is malformed; the region 'us-west-2' is wrong; expecting 'eu-west-1'"},
    {"s3", true, other_region, "AuthorizationQueryParametersError", 400,
     "Error parsing the X-Amz-Credential parameter; the region 'us-west-2' is wrong; expecting 'eu-west-1'"},
    {"sts", false, other_secret, "SignatureDoesNotMatch", 403, kMismatchText},
    {"eks", false, other_secret, "InvalidSignatureException", 403, kMismatchText},
    {"s3", false, other_secret, "SignatureDoesNotMatch", 403,
     "The request signature we calculated does not match the signature you provided. Check your key and signing "
     "method."},
    {"sts", false, no_date, "IncompleteSignature", 400,
     "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."},
    {"s3", false, no_date, "AccessDenied", 403, "AWS authentication requires a valid Date or x-amz-date header"},
    {"eks", false, bad_date, "IncompleteSignatureException", 400,
     "Date must be in ISO-8601 'basic format'. Got '2026'. See http://en.wikipedia.org/wiki/ISO_8601"},
    {"sts", false, missing_signature, "IncompleteSignature", 400,
     "Authorization header requires 'Signature' parameter."},
    {"sts", false, no_signature, "IncompleteSignature", 400,
     "The Authorization header holds something else than Credential, SignedHeaders and Signature."},
    {"s3", false, missing_signature, "AuthorizationHeaderMalformed", 400, kS3Parts},
    {"sts", false, short_credential, "IncompleteSignature", 400,
     "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
     "'AKIDEXAMPLE/20260102/us-west-2/sts'"},
    {"sts", false, bad_terminator, "SignatureDoesNotMatch", 403,
     "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'."},
    {"sts", false, other_day, "SignatureDoesNotMatch", 403,
     "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260103' != "
     "'20260102', "
     "from '20260102T030405Z'."},
    {"sts", false, no_host, "SignatureDoesNotMatch", 403,
     "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
    {"s3", false, no_host, "AccessDenied", 403, "There were headers present in the request which were not signed"},
    {"sts", false, upper_case_names, "IncompleteSignature", 400, "SignedHeaders must be in lower case and sorted."},
    {"sts", false, wrong_algorithm, "IncompleteSignature", 400,
     "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512' (only AWS4-HMAC-SHA256 for now)."},
    {"sts", false, bearer, "MissingAuthenticationToken", 403, "Request is missing Authentication Token"},
    {"eks", false, bearer, "MissingAuthenticationTokenException", 403, "Missing Authentication Token"},
    {"s3", false, bearer, "InvalidRequest", 400,
     "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."},
    {"sts", true, both_forms, "SignatureDoesNotMatch", 403,
     "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."},
    {"s3", true, both_forms, "InvalidArgument", 400,
     "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or "
     "the "
     "Authorization header should be specified"},
    {"sts", false, unsigned_header, "SignatureDoesNotMatch", 403,
     "'x-amz-acl' must be a 'SignedHeader' in the AWS Authorization."},
    {"s3", true, unsigned_header, "AccessDenied", 403,
     "There were headers present in the request which were not signed"},
    {"s3", false, no_payload, "InvalidRequest", 400, "Missing required header for this request: x-amz-content-sha256"},
    {"s3", false, bad_payload, "InvalidArgument", 400,
     "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
     "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
     "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value."},
    {"s3", true, no_expires, "AuthorizationQueryParametersError", 400,
     "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
     "X-Amz-Date, "
     "X-Amz-SignedHeaders, and X-Amz-Expires parameters."},
    {"s3", true, text_expires, "AuthorizationQueryParametersError", 400, "X-Amz-Expires should be a number"},
    {"s3", true, negative_expires, "AuthorizationQueryParametersError", 400, "X-Amz-Expires must be non-negative"},
    {"s3", true, long_expires, "AuthorizationQueryParametersError", 400,
     "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 "
     "seconds"},
    {"sts", true, no_query_signature, "IncompleteSignature", 400,
     "AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters."},
    {"sts", true, twice, "IncompleteSignature", 400, "An X-Amz-* query-string parameter is given twice or malformed."},
};

TEST(SigV4, Refusals) {
  for (const auto& row : kRefusals) {
    auto c = signed_case(row.service, row.presigned);
    ASSERT_TRUE(check(c)) << row.message;
    row.change(c);
    auto result = check(c);
    ASSERT_FALSE(result) << row.message;
    EXPECT_EQ(result.error().code, row.code) << row.message;
    EXPECT_EQ(result.error().http_status(), row.status) << row.message;
    EXPECT_EQ(result.error().message, row.message);
    EXPECT_EQ(result.error().message.find("secret"), std::string::npos);
  }
}

TEST(SigV4, AnonymousIsNoErrorYet) {
  Case c;
  c.method = "GET";
  c.target = "/?x=X-Amz-Algorithm";
  auto request = c.request();
  auto claims = read_authorization(request, Dialect::s3);
  ASSERT_TRUE(claims);
  EXPECT_TRUE(claims->anonymous());
  EXPECT_EQ(claimed_service(request), "");
  EXPECT_EQ(verify_signature(*claims, request, {}).error().code, "AccessDenied");
}

TEST(SigV4, CachedKeysFollowTheSecret) {
  auto c = signed_case("sts", false);
  auto request = c.request();
  auto claims = *read_authorization(request, Dialect::query);
  DerivedKeyCache cache;
  EXPECT_TRUE(verify_signature(claims, request, cache.get(claims, Secret("secret"))));
  EXPECT_FALSE(verify_signature(claims, request, cache.get(claims, Secret("changed"))));
  EXPECT_TRUE(verify_signature(claims, request, cache.get(claims, Secret("secret"))));
}

}  // namespace
}  // namespace podpass::aws
