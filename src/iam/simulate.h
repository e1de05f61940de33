// SimulateCustomPolicy and SimulatePrincipalPolicy: what policies would say to actions on resources, without doing any.
// The engine that decides requests decides here too (simulation.h); what AWS leaves open, and what its simulator is
// seen to do, stands in docs/decisions/014_simulate.md. Rerunnable, as all operations. Source: IAM API reference, both
// actions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/call.h"
#include "iam/pages.h"
#include "iam/shapes.h"

namespace podpass::iam {

struct ContextEntry {
  std::optional<std::string> ContextKeyName;
  std::vector<std::string> ContextKeyValues;
  std::optional<std::string> ContextKeyType;
};
BOOST_DESCRIBE_STRUCT(ContextEntry, (), (ContextKeyName, ContextKeyValues, ContextKeyType))

struct Position {
  std::int64_t Line = 0, Column = 0;
};
BOOST_DESCRIBE_STRUCT(Position, (), (Line, Column))

struct MatchedStatement {
  std::string SourcePolicyId, SourcePolicyType;
  Position StartPosition, EndPosition;
};
BOOST_DESCRIBE_STRUCT(MatchedStatement, (), (SourcePolicyId, SourcePolicyType, StartPosition, EndPosition))

struct OrganizationsDecisionDetail {
  bool AllowedByOrganizations = false;
};
BOOST_DESCRIBE_STRUCT(OrganizationsDecisionDetail, (), (AllowedByOrganizations))

struct PermissionsBoundaryDecisionDetail {
  bool AllowedByPermissionsBoundary = false;
};
BOOST_DESCRIBE_STRUCT(PermissionsBoundaryDecisionDetail, (), (AllowedByPermissionsBoundary))

// A decision for each type of policy. The query protocol writes a map's items as <entry> with <key> and <value>.
struct DecisionDetails {
  std::map<std::string, std::string> by_type;
  static codec::Value describe();
};
codec::Value to_value(const DecisionDetails& details);

struct ResourceSpecificResult {
  std::string EvalResourceName, EvalResourceDecision;
  std::vector<MatchedStatement> MatchedStatements;
  std::vector<std::string> MissingContextValues;
  std::optional<DecisionDetails> EvalDecisionDetails;
  std::optional<iam::PermissionsBoundaryDecisionDetail> PermissionsBoundaryDecisionDetail;
};
BOOST_DESCRIBE_STRUCT(ResourceSpecificResult, (),
                      (EvalResourceName, EvalResourceDecision, MatchedStatements, MissingContextValues,
                       EvalDecisionDetails, PermissionsBoundaryDecisionDetail))

// OrganizationsDecisionDetail is never there: an account of Podpass is in no organization.
struct EvaluationResult {
  std::string EvalActionName, EvalResourceName, EvalDecision;
  std::vector<MatchedStatement> MatchedStatements;
  std::vector<std::string> MissingContextValues;
  std::optional<iam::OrganizationsDecisionDetail> OrganizationsDecisionDetail;
  std::optional<iam::PermissionsBoundaryDecisionDetail> PermissionsBoundaryDecisionDetail;
  std::optional<DecisionDetails> EvalDecisionDetails;
  std::optional<std::vector<ResourceSpecificResult>> ResourceSpecificResults;
};
BOOST_DESCRIBE_STRUCT(EvaluationResult, (),
                      (EvalActionName, EvalResourceName, EvalDecision, MatchedStatements, MissingContextValues,
                       OrganizationsDecisionDetail, PermissionsBoundaryDecisionDetail, EvalDecisionDetails,
                       ResourceSpecificResults))

struct SimulatePolicyResponse {
  std::vector<EvaluationResult> EvaluationResults;
  bool IsTruncated = false;
  iam::Marker Marker;
};
BOOST_DESCRIBE_STRUCT(SimulatePolicyResponse, (), (EvaluationResults, IsTruncated, Marker))

struct SimulateCustomPolicy {
  struct Request {
    std::optional<std::vector<std::string>> PolicyInputList;  // must be there and may be empty
    std::vector<std::string> PermissionsBoundaryPolicyInputList, ActionNames, ResourceArns;
    std::optional<std::string> ResourcePolicy, ResourceOwner, CallerArn;
    std::vector<ContextEntry> ContextEntries;
    std::optional<std::string> ResourceHandlingOption;
    iam::MaxItems MaxItems;
    iam::Marker Marker;
  };
  using Response = SimulatePolicyResponse;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(SimulateCustomPolicy::Request, (),
                      (PolicyInputList, PermissionsBoundaryPolicyInputList, ActionNames, ResourceArns, ResourcePolicy,
                       ResourceOwner, CallerArn, ContextEntries, ResourceHandlingOption, MaxItems, Marker))

struct SimulatePrincipalPolicy {
  struct Request {
    std::string PolicySourceArn;
    std::vector<std::string> PolicyInputList, PermissionsBoundaryPolicyInputList, ActionNames, ResourceArns;
    std::optional<std::string> ResourcePolicy, ResourceOwner, CallerArn;
    std::vector<ContextEntry> ContextEntries;
    std::optional<std::string> ResourceHandlingOption;
    iam::MaxItems MaxItems;
    iam::Marker Marker;
  };
  using Response = SimulatePolicyResponse;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(SimulatePrincipalPolicy::Request, (),
                      (PolicySourceArn, PolicyInputList, PermissionsBoundaryPolicyInputList, ActionNames, ResourceArns,
                       ResourcePolicy, ResourceOwner, CallerArn, ContextEntries, ResourceHandlingOption, MaxItems,
                       Marker))

}  // namespace podpass::iam
