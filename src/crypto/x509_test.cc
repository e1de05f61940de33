#include "crypto/x509.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"

namespace podpass::crypto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Time kNow = from_epoch_seconds(1'800'000'000);
const Validity kYear{kNow, kNow + std::chrono::days(365)};

CertificateAuthority authority(std::string name = "Test CA") {
  return CertificateAuthority::create(std::move(name), kYear).value();
}

CertificateRequest request_for(std::vector<std::string> names, std::vector<std::string> addresses = {}) {
  CertificateRequest request;
  request.common_name = "server";
  request.dns_names = std::move(names);
  request.ip_addresses = std::move(addresses);
  request.validity = kYear;
  return request;
}

TEST(Certificates, SayWhatTheyWereMadeFor) {
  const CertificateAuthority ca = authority();
  const auto issued = ca.issue(request_for({"a.example", "*.svc"}, {"127.0.0.1", "fd00:ec2::23"}));
  ASSERT_TRUE(issued) << issued.error().message;
  const auto read = read_certificates(issued->certificate_pem + ca.certificate_pem());
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 2U);
  const CertificateInfo& leaf = read->front();
  EXPECT_EQ(leaf.common_name, "server");
  EXPECT_EQ(leaf.subject, "CN=server");
  EXPECT_EQ(leaf.issuer, "CN=Test CA");
  EXPECT_THAT(leaf.dns_names, ElementsAre("a.example", "*.svc"));
  EXPECT_THAT(leaf.ip_addresses, ElementsAre("127.0.0.1", "fd00:ec2::23"));
  EXPECT_EQ(leaf.not_before, kYear.from);
  EXPECT_EQ(leaf.not_after, kYear.to);
  EXPECT_EQ(leaf.sha256.size(), 64U);
  EXPECT_EQ(read->back().subject, read->back().issuer);
  EXPECT_NE(read->back().sha256, leaf.sha256);
}

TEST(Certificates, LastBeyondTheYear2050) {
  const Validity long_time{kNow, from_epoch_seconds(4'000'000'000)};
  const auto ca = CertificateAuthority::create("Long CA", long_time);
  EXPECT_EQ(read_certificates(ca->certificate_pem())->front().not_after, long_time.to);
}

TEST(Certificates, AnAuthorityComesBackFromItsPems) {
  const CertificateAuthority ca = authority();
  const auto again = CertificateAuthority::from_pem(ca.certificate_pem(), ca.key_pem());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->certificate_pem(), ca.certificate_pem());
  EXPECT_TRUE(again->issue(request_for({"a"})));
  const auto issued = ca.issue(request_for({"a"}));
  EXPECT_EQ(CertificateAuthority::from_pem(issued->certificate_pem, issued->key_pem).error().message,
            "the certificate is not one of an authority");
  EXPECT_EQ(CertificateAuthority::from_pem(ca.certificate_pem(), authority().key_pem()).error().message,
            "the key is not the one of the certificate");
}

TEST(Certificates, NoTwoAreAlike) {
  const CertificateAuthority ca = authority();
  const auto first = ca.issue(request_for({"a"})), second = ca.issue(request_for({"a"}));
  EXPECT_NE(first->certificate_pem, second->certificate_pem);
  EXPECT_NE(first->key_pem.reveal(), second->key_pem.reveal());
}

TEST(Certificates, AreNotMadeForWhatCannotBe) {
  struct Row {
    CertificateRequest request;
    std::string_view why;
  };
  CertificateRequest nameless = request_for({"a"}), long_name = request_for({"a"}), backwards = request_for({"a"});
  CertificateRequest binary = request_for({"a"});
  nameless.common_name.clear();
  long_name.common_name.assign(65, 'a');
  backwards.validity = {kNow, kNow};
  binary.common_name = "a\xff";
  for (const Row& row : {
           Row{nameless, "common name has 1 to 64 characters"},
           Row{long_name, "common name has 1 to 64 characters"},
           Row{backwards, "must end after it begins"},
           Row{binary, "cannot be a certificate's common name"},
           Row{request_for({"a b"}), "'a b' is not a DNS name"},
           Row{request_for({""}), "'' is not a DNS name"},
           Row{request_for({"a..b"}), "'a..b' is not a DNS name"},
           Row{request_for({"a.*"}), "'a.*' is not a DNS name"},
           Row{request_for({}, {"1.2.3"}), "'1.2.3' is not an IP address"},
           Row{request_for({}, {"::g"}), "'::g' is not an IP address"},
           Row{request_for(std::vector<std::string>(101, "a")), "at most 100 names"},
       }) {
    const auto issued = authority().issue(row.request);
    ASSERT_FALSE(issued) << row.why;
    EXPECT_EQ(issued.error().kind, ErrorKind::invalid);
    EXPECT_THAT(issued.error().message, HasSubstr(row.why));
  }
}

TEST(Certificates, AreReadFromWhatElseIsInTheFile) {
  const CertificateAuthority ca = authority();
  const std::string mixed = "# a bundle\n" + std::string(ca.key_pem().reveal()) + ca.certificate_pem() + "the end\n";
  EXPECT_EQ(read_certificates(mixed)->size(), 1U);
}

TEST(Certificates, ThatCannotBeReadAreRefused) {
  const std::string good = authority().certificate_pem();
  for (const std::string& bad :
       {std::string(), std::string("no PEM"), good.substr(0, good.size() / 2), good + good.substr(0, 100),
        std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}) {
    const auto read = read_certificates(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().kind, ErrorKind::invalid);
  }
  std::string many;
  for (std::size_t i = 0; i <= kMaxCertificatesRead; ++i) many += good;
  EXPECT_EQ(read_certificates(many).error().message, "there are too many certificates");
}

}  // namespace
}  // namespace podpass::crypto
