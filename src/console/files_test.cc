#include "console/files.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "console/zipped_for_test.h"

namespace podpass::console {
namespace {

class FilesTest : public testing::Test {
 protected:
  http::Response get(std::string_view path, std::string_view encoding = "gzip, br", std::string_view method = "GET") {
    http::Request request;
    request.method = method;
    request.headers = {{"Accept-Encoding", encoding}};
    return site_.answer(request, path);
  }
  static std::string body(const http::Response& response) { return std::string(response.text()); }

  const std::string page_ = "<!doctype html>", script_ = std::string(300'000, 'x');
  const std::string page_zipped_ = zipped(page_), script_zipped_ = zipped(script_);
  const std::vector<File> files_ = {{"/index.html", "text/html; charset=utf-8", page_zipped_},
                                    {"/assets/app-1a2b.js", "text/javascript; charset=utf-8", script_zipped_}};
  const Site site_{files_};
};

TEST_F(FilesTest, AFileIsGivenAsItIsHeld) {
  const auto response = get("/assets/app-1a2b.js");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("Content-Encoding"), "gzip");
  EXPECT_EQ(response.header("Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(response.header("Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(body(response), script_zipped_);
  EXPECT_EQ(response.text().data(), script_zipped_.data()) << "copied";
}

TEST_F(FilesTest, WhoCannotUnzipGetsItUnzipped) {
  const auto response = get("/assets/app-1a2b.js", "");
  EXPECT_EQ(response.header("Content-Encoding"), "");
  EXPECT_EQ(body(response), script_);
  EXPECT_EQ(get("/assets/app-1a2b.js", "").text().data(), response.text().data()) << "unzipped again";
}

TEST_F(FilesTest, DeepLinksGetThePage) {
  for (const auto* path : {"", "/", "/index.html", "/clusters/c/access", "/../../etc/passwd", "/%2e%2e/x"}) {
    const auto response = get(path, "");
    EXPECT_EQ(body(response), page_) << path;
    EXPECT_EQ(response.header("Cache-Control"), "no-cache") << path;
  }
}

TEST_F(FilesTest, AnOlderConsolesFileIsNotThePage) {
  EXPECT_EQ(get("/assets/app-0000.js").status, 404);
}

TEST_F(FilesTest, OnlyForReading) {
  EXPECT_EQ(get("/", "", "HEAD").status, 200);
  EXPECT_TRUE(get("/", "", "HEAD").head);
  EXPECT_EQ(get("/", "", "DELETE").status, 405);
}

TEST_F(FilesTest, WithoutFilesItSaysSo) {
  http::Request request;
  request.method = "GET";
  const auto response = Site({}).answer(request, "/");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(body(response), "This podpass was built without its console.\n");
}

TEST_F(FilesTest, NothingFromElsewhereIsRun) {
  http::Response response;
  add_security_headers(response);
  const auto policy = response.header("Content-Security-Policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';")) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string_view::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string_view::npos);
  EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response.header("Referrer-Policy"), "no-referrer");
}

}  // namespace
}  // namespace podpass::console
