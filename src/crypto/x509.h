// X.509 certificates: making an authority and what it issues (EC P-256, SHA-256), and reading what one says. For the
// webhook's own certificate and for tests; no substitute for a real authority: there is no revocation.
//
// Threads: values; const use from any thread. Limits: kMaxCertificateNames names a certificate, kMaxCertificatesRead
// certificates a PEM. Errors: invalid; no text holds key bytes. Sources: RFC 5280, RFC 5958, RFC 7468.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/sign.h"

namespace podpass::crypto {

inline constexpr std::size_t kMaxCertificateNames = 100;
inline constexpr std::size_t kMaxCertificatesRead = 1'000;

struct Validity {
  Time from, to;
};

struct CertificateRequest {
  enum class Use : unsigned char { server, client };
  std::string common_name;
  std::vector<std::string> dns_names;     // a first label of '*' is a wildcard
  std::vector<std::string> ip_addresses;  // IPv4 or IPv6
  Validity validity;
  Use use = Use::server;
};

struct IssuedCertificate {
  std::string certificate_pem;
  Secret key_pem;  // PKCS#8
};

class CertificateAuthority {
 public:
  static Result<CertificateAuthority> create(std::string common_name, Validity validity);  // self-signed
  static Result<CertificateAuthority> from_pem(std::string_view certificate_pem, const Secret& key_pem);

  const std::string& certificate_pem() const { return certificate_pem_; }
  Secret key_pem() const { return key_.to_pem(); }
  Result<IssuedCertificate> issue(const CertificateRequest& request) const;  // with a new key

 private:
  CertificateAuthority(std::string certificate_pem, SigningKey key)
      : certificate_pem_(std::move(certificate_pem)), key_(std::move(key)) {}

  std::string certificate_pem_;
  SigningKey key_;
};

struct CertificateInfo {
  std::string common_name;  // of the subject; empty if it has none
  std::string subject, issuer;
  std::vector<std::string> dns_names, ip_addresses;
  Time not_before, not_after;
  std::string sha256;  // of the DER form, hex
};
Result<std::vector<CertificateInfo>> read_certificates(std::string_view pem);  // one at least, in the PEM's order

}  // namespace podpass::crypto
