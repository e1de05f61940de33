#include "own_api/explain.h"

#include <fmt/format.h>

#include "aws/arn.h"
#include "aws/global_keys.h"
#include "aws/request_json.h"
#include "base/strings.h"
#include "codec/json.h"
#include "eks/lookup.h"
#include "iam/lookup.h"
#include "policy/report.h"
#include "s3/lookup.h"
#include "sts/assume.h"

namespace podpass::own_api {
namespace {

using policy::PrincipalType;

// Who the request is of, with the policies that bind them here.
class Subject {
 public:
  explicit Subject(aws::Call& call) : call_(call) {}

  // A pod's session: of its association's role, or of the target role behind it, with the tags of the pod's place.
  Result<void> set_pod(const codec::Value& pod) {
    for (const auto* member : {"cluster", "namespace", "serviceAccount"}) {
      if (pod.text(member).empty()) {
        return Error::invalid(fmt::format("request.principal.podIdentity has no \"{}\".", member));
      }
    }
    const std::string cluster(pod.text("cluster")), space(pod.text("namespace")), account(pod.text("serviceAccount"));
    TRY(eks::require_cluster(call_.tx, call_.deployment, cluster));
    const auto* association = eks::find_association(call_.tx, call_.deployment, cluster, space, account);
    if (!association) {
      return Error::not_found(
          fmt::format("No pod identity association found for service account {} in namespace {} of cluster {}.",
                      account, space, cluster));
    }
    const auto& arn = association->target_role_arn ? *association->target_role_arn : association->role_arn;
    const auto* role = iam::find_role_by_arn(call_.tx, call_.deployment, arn);
    if (!role) return Error::not_found(fmt::format("The association's role {} does not exist.", arn));
    auto session =
        session_of(*role, iam::account_of_role_arn(arn).value_or(call_.deployment.account), "eks-" + cluster);
    if (!association->disable_session_tags.value_or(false)) {
      session.tags = {{"eks-cluster-arn", eks::cluster_arn(call_.deployment, cluster), true},
                      {"eks-cluster-name", cluster, true},
                      {"kubernetes-namespace", space, true},
                      {"kubernetes-service-account", account, true}};
      note("The session tags kubernetes-pod-name and kubernetes-pod-uid differ from pod to pod and are left out.");
    }
    session.policy = association->policy.value_or("");
    return sts::fill_caller(call_.tx, call_.deployment, std::move(session), caller_);
  }

  // The one whom a principal of the request names.
  Result<void> set(const policy::Principal& principal) {
    switch (principal.type) {
      case PrincipalType::user:
        return set_user(principal);
      case PrincipalType::role_session:
        return set_role(principal);
      case PrincipalType::root:
        caller_.type = PrincipalType::root;
        caller_.account = principal.account;
        caller_.arn = principal.arn;
        caller_.user_id = principal.account;
        return {};
      case PrincipalType::federated_user:
        return Error::invalid("Federated users are not known here: GetFederationToken is not served.");
      case PrincipalType::anonymous:
      case PrincipalType::service:
      case PrincipalType::web_identity:
        return {};
    }
    return {};
  }

  // Whether the principal is one with an account, whom the store says something of.
  bool is_account_principal() const { return caller_.type != PrincipalType::anonymous; }
  const aws::Caller& caller() const { return caller_; }
  std::vector<std::string>& notes() { return notes_; }

 private:
  void note(std::string text) { notes_.push_back(std::move(text)); }

  aws::Session session_of(const iam::RoleRecord& role, std::string_view account, std::string name) const {
    aws::Session session;
    session.account = account;
    session.role_name = role.name;
    session.role_id = role.id;
    session.session_name = std::move(name);
    session.issued = call_.now;
    session.expires = call_.now + Seconds{3600};
    return session;
  }

  Result<void> set_user(const policy::Principal& principal) {
    const auto* user = iam::find_user_by_arn(call_.tx, call_.deployment, principal.arn);
    if (!user) return Error::not_found(fmt::format("There is no user {}.", principal.arn));
    aws::Session session;
    session.kind = aws::Session::Kind::user;
    session.account = principal.account;
    session.user_name = user->name;
    session.role_id = user->id;
    TRY(sts::fill_caller(call_.tx, call_.deployment, std::move(session), caller_));
    caller_.session.reset();  // with a key of its own, not with temporary credentials
    return {};
  }

  Result<void> set_role(const policy::Principal& principal) {
    const auto arn = aws::split_arn(principal.arn);
    const bool any = arn && arn->service == "iam";  // the role's ARN: any session of it
    const auto path = principal.role_arn.substr(principal.role_arn.find(":role/") + 6);
    const auto name = path.substr(path.rfind('/') + 1);
    const auto* role = any ? iam::find_role_by_arn(call_.tx, call_.deployment, principal.arn)
                           : iam::find_role(call_.tx, principal.account, name);
    if (!role) return Error::not_found(fmt::format("There is no role {}.", principal.role_arn));
    const auto session_name =
        any ? std::string("any") : std::string(principal.arn.substr(principal.arn.rfind('/') + 1));
    TRY(sts::fill_caller(call_.tx, call_.deployment, session_of(*role, principal.account, session_name), caller_));
    note(
        "Session policies and session tags are in the session's own credentials, not in the store: they are left out.");
    return {};
  }

  aws::Call& call_;
  aws::Caller caller_;
  std::vector<std::string> notes_;
};

// The resource's own policy, and whose the resource is.
struct Owned {
  const policy::Policy* policy = nullptr;
  bool trust = false;
  std::string account;
};

Owned owner_of(aws::Call& call, const policy::Request& request) {
  Owned owned{nullptr, false, std::string(request.resource_account)};
  if (owned.account.empty()) owned.account = call.deployment.account;
  const auto arn = aws::split_arn(request.resource);
  if (!arn) return owned;
  if (arn->service == "s3") {
    const auto* bucket = s3::find_bucket(call.tx, arn->resource.substr(0, arn->resource.find('/')));
    if (!bucket) return owned;
    owned.account = bucket->account;
    if (bucket->policy) owned.policy = bucket->policy->compiled.get();
  } else if (arn->service == "iam" && iequals(request.action.substr(0, 4), "sts:")) {
    owned.trust = true;
    if (const auto* role = iam::find_role_by_arn(call.tx, call.deployment, request.resource)) {
      owned.policy = role->trust.compiled.get();
    }
  }
  return owned;
}

policy::Layers layers_of(const aws::Authority& authority, const Owned& owned) {
  auto layers = authority.layers();
  layers.resource = owned.policy;
  layers.trust = owned.trust;
  return layers;
}

// Puts the ARN of the subject into the request, where a pod stands.
Result<std::string> request_of_pod(Subject& subject, const codec::Value& given, const codec::Value& pod) {
  TRY(subject.set_pod(pod));
  auto request = given;
  request.set("principal", subject.caller().arn);
  return codec::write_json(request);
}

}  // namespace

Result<aws::Resource> Explain::resource(aws::Call&, const Request&) {
  return aws::Resource::all();
}

Result<Explain::Response> Explain::handle(aws::Call& call, const Request& request) {
  Subject subject(call);
  const auto* principal = request.request.find("principal");
  const auto* pod = principal ? principal->find("podIdentity") : nullptr;
  const auto json = pod ? TRY(request_of_pod(subject, request.request, *pod)) : codec::write_json(request.request);
  aws::RequestReader reader;
  const auto& asked = *TRY(reader.read(json));
  if (!pod) TRY(subject.set(asked.principal));
  const bool known = subject.is_account_principal();

  policy::Context context;
  if (!request.recorded.value_or(false)) {
    if (asked.principal.type == PrincipalType::service) {
      aws::add_service_keys(context, call.deployment, asked.principal.service, call.now);
    } else {
      aws::add_principal_keys(context, subject.caller());
      aws::add_environment_keys(context, call.deployment, call.now);
    }
  }
  const auto owned = owner_of(call, asked);
  const bool recorded = request.recorded.value_or(false);
  if (!recorded && asked.resource != "*") context.add("aws:ResourceAccount", owned.account);
  asked.context.for_each([&](const policy::Context::Entry& entry) {
    if (entry.multivalued) {
      context.add_list(entry.name, entry.values);
    } else {
      context.add(entry.name, entry.value);
    }
  });
  if (!recorded) {
    subject.notes().push_back(
        "Keys of the connection (aws:SourceIp, aws:SecureTransport, aws:UserAgent) and of the operation (s3:prefix, "
        "aws:RequestTag/..., aws:ResourceTag/...) are not there unless they are given.");
  }
  const auto made = known ? subject.caller().principal() : asked.principal;
  const policy::Request whole{made, asked.action, asked.resource, owned.account, context};
  return Response{policy::report(whole, layers_of(subject.caller().authority, owned)), std::move(subject.notes())};
}

}  // namespace podpass::own_api
