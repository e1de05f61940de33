#include "s3/blobs.h"

#include <unistd.h>

#include <fstream>

#include "s3/fixture.h"
#include "s3/records.h"

namespace podpass::s3 {
namespace {

TEST_F(S3Test, CollectsWhatACrashLeft) {
  make_bucket();
  put("/bucket/key", "kept");
  ASSERT_EQ(files().size(), 1U);
  const auto shard = files().front().parent_path();
  const auto old_orphan = "00000000000000000000000000000000";
  const auto young = "ffffffffffff00000000000000000000";  // as of an upload that is not committed yet
  const auto directory = directory_ / "00";
  std::filesystem::create_directories(directory);
  for (const auto& path :
       {directory / old_orphan, directory / young, directory / "notes.txt", directory_ / "incoming" / old_orphan}) {
    std::ofstream(path) << "x";
  }
  clock_.advance(Seconds(1));
  reopen();
  service_->collect_orphans();
  EXPECT_FALSE(std::filesystem::exists(directory_ / "incoming" / old_orphan));
  EXPECT_FALSE(std::filesystem::exists(directory / old_orphan));
  EXPECT_TRUE(std::filesystem::exists(directory / young));
  EXPECT_TRUE(std::filesystem::exists(directory / "notes.txt"));
  EXPECT_EQ(ask("GET", "/bucket/key").body, "kept");
}

TEST_F(S3Test, ABlobThatIsLostIsAnErrorAndNotAnEmptyObject) {
  make_bucket();
  put("/bucket/key", "text");
  std::filesystem::remove(files().front());
  EXPECT_EQ(ask("GET", "/bucket/key").status, 503);
}

TEST_F(S3Test, AnUnusableDirectoryIsSaidAtTheStart) {
  const auto file = directory_ / "file";
  std::ofstream(file) << "x";
  auto refused = Service::open(*store_, deployment_, file);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().cause.find(file.string()), std::string::npos);
}

TEST_F(S3Test, AWriterThatIsNotKeptLeavesNothing) {
  auto blobs = Blobs::open(directory_ / "blobs", clock_, random_);
  ASSERT_TRUE(blobs);
  std::string id;
  {
    auto writer = (*blobs)->begin();
    ASSERT_TRUE(writer->write("hello"));
    ASSERT_TRUE(writer->publish());
    id = writer->id();
    auto fd = (*blobs)->open_for_reading(id);
    ASSERT_TRUE(fd);
    EXPECT_GE(*fd, 0);
    ::close(*fd);
  }
  auto gone = (*blobs)->open_for_reading(id);
  ASSERT_TRUE(gone);
  EXPECT_EQ(*gone, -1);
  for (std::string_view bad : {"", "../../../../../../../etc/passwd12", "0000000000000000000000000000000G"}) {
    EXPECT_FALSE((*blobs)->open_for_reading(bad)) << bad;
  }
  EXPECT_TRUE(files().empty());
}

}  // namespace
}  // namespace podpass::s3
