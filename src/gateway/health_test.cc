#include "gateway/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace podpass::gateway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Health, IsReadyWhenNothingIsWrong) {
  Health health;
  EXPECT_EQ(std::get<std::string>(health.answer("/_podpass/health")->body), R"({"status":"ok"})");
  EXPECT_EQ(std::get<std::string>(health.answer("/_podpass/ready")->body), R"({"status":"ready"})");
  EXPECT_EQ(health.answer("/_podpass/ready")->status, 200);
  EXPECT_FALSE(health.answer("/_podpass/readyz"));
  EXPECT_FALSE(health.answer("/"));
}

TEST(Health, AFailedWriteCountsUntilOneSucceeds) {
  Health health;
  health.wrote(Error{ErrorKind::conflict, {}, 0, "another was faster", {}, {}});
  EXPECT_THAT(health.reasons(), IsEmpty());
  health.wrote(Error::unavailable("disk full"));
  EXPECT_THAT(health.reasons(), ElementsAre("The last write to the store failed; see the log."));
  EXPECT_EQ(health.answer("/_podpass/ready")->status, 503);
  EXPECT_EQ(health.answer("/_podpass/health")->status, 200) << "it runs all the same";
  health.wrote({});
  EXPECT_THAT(health.reasons(), IsEmpty());
}

TEST(Health, TellsEveryReason) {
  Health health;
  bool expired = false;
  health.add_check([&expired]() -> std::optional<std::string> {
    if (expired) return "The certificate has expired.";
    return std::nullopt;
  });
  EXPECT_THAT(health.reasons(), IsEmpty());
  expired = true;
  health.set_stopping();
  EXPECT_EQ(std::get<std::string>(health.answer("/_podpass/ready")->body),
            R"({"status":"not ready","reasons":["It is stopping.","The certificate has expired."]})");
}

}  // namespace
}  // namespace podpass::gateway
