#include "webhook/preview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/json.h"

namespace podpass::webhook {
namespace {

using codec::Value;
using testing::ElementsAre;
using testing::HasSubstr;

Value json(std::string_view text) {
  return codec::parse_json(text).value();
}

Preview shown(std::initializer_list<std::string_view> documents, PreviewOptions options) {
  std::vector<Value> values;
  for (auto text : documents) values.push_back(json(text));
  auto result = preview(std::move(values), std::move(options));
  EXPECT_TRUE(result) << result.error().message;
  return result ? *result : Preview();
}

PreviewOptions associated(std::string name) {
  PreviewOptions options;
  options.associated.insert(std::move(name));
  return options;
}

TEST(Preview, APodAsItWouldBeAdmitted) {
  const auto result = shown({R"({"kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"app","x":1}]}})"},
                            associated("default/default"));
  EXPECT_TRUE(result.patched);
  ASSERT_EQ(result.documents.size(), 1U);
  const auto text = codec::write_json(result.documents[0]);
  EXPECT_THAT(text,
              HasSubstr(R"("containers":[{"name":"app","x":1,"env":[{"name":"AWS_CONTAINER_CREDENTIALS_FULL_URI")"));
  EXPECT_THAT(text, HasSubstr(R"("expirationSeconds":86400)")) << "not random";
  EXPECT_THAT(result.notes, ElementsAre("Pod default/p: pod identity of service account default/default, 4 additions"));
}

TEST(Preview, PodsInWorkloads) {
  const std::string_view pod = R"("template":{"spec":{"serviceAccountName":"sa","containers":[{"name":"app"}]}})";
  for (std::string_view kind :
       {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job"}) {
    const auto object = R"({"kind":")" + std::string(kind) + R"(","metadata":{"name":"w","namespace":"ns"},"spec":{)" +
                        std::string(pod) + "}}";
    const auto result = shown({object}, associated("ns/sa"));
    EXPECT_TRUE(result.patched) << kind;
    EXPECT_THAT(codec::write_json(*result.documents[0].find("spec")->find("template")),
                HasSubstr("eks-pod-identity-token"));
  }
  const auto cron =
      shown({R"({"kind":"CronJob","metadata":{"name":"w","namespace":"ns"},"spec":{"jobTemplate":{"spec":{)" +
             std::string(pod) + "}}}}"},
            associated("ns/sa"));
  EXPECT_TRUE(cron.patched);
}

TEST(Preview, ServiceAccountsAmongTheManifests) {
  const auto result = shown(
      {R"({"kind":"List","items":[{"kind":"Pod","metadata":{"name":"p"},"spec":{"serviceAccountName":"sa","containers":[]}},
          {"kind":"ServiceAccount","metadata":{"name":"sa","annotations":{"eks.amazonaws.com/role-arn":"my-role"}}}]})",
       R"({"kind":"ConfigMap","metadata":{"name":"c"}})"},
      {});
  EXPECT_EQ(result.documents[1], json(R"({"kind":"ConfigMap","metadata":{"name":"c"}})"));
  EXPECT_THAT(result.notes,
              ElementsAre("Pod default/p: IAM role of service account default/sa, 1 additions",
                          "Pod default/p: warning: the service account's role-arn 'my-role' is no ARN of a role"));
}

TEST(Preview, SaysWhenNothingIsAdded) {
  const auto none = shown({R"({"kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[]}})"}, {});
  EXPECT_FALSE(none.patched);
  EXPECT_THAT(none.notes,
              ElementsAre("Pod default/p: service account default/default has no identity, nothing is added"));
  const auto out =
      shown({R"({"kind":"Pod","metadata":{"name":"p","labels":{"eks.amazonaws.com/skip-pod-identity-webhook":"x"}},
                             "spec":{"containers":[]}})"},
            associated("default/default"));
  EXPECT_FALSE(out.patched);
  EXPECT_THAT(out.notes, ElementsAre("Pod default/p: opted out by its label, nothing is added"));
}

TEST(Preview, NamesThePodThatCannotBeRead) {
  auto result = preview({json(R"({"kind":"Deployment","metadata":{"name":"d"},"spec":{}})")}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "Deployment default/d: it has no pod template");
}

TEST(Preview, NamesWithAndWithoutNamespace) {
  EXPECT_EQ(qualified("sa", "ns"), "ns/sa");
  EXPECT_EQ(qualified("other/sa", "ns"), "other/sa");
}

}  // namespace
}  // namespace podpass::webhook
