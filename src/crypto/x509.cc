#include "crypto/x509.h"

#include <arpa/inet.h>
#include <openssl/rand.h>

#include <array>
#include <climits>
#include <ctime>

#include "base/check.h"
#include "base/strings.h"
#include "crypto/hash.h"
#include "crypto/openssl_x509.h"

namespace podpass::crypto {
namespace {

using AltNames = std::unique_ptr<GENERAL_NAMES, FreeBy<GENERAL_NAMES_free>>;
using AltName = std::unique_ptr<GENERAL_NAME, FreeBy<GENERAL_NAME_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, FreeBy<X509_EXTENSION_free>>;
using AsnTime = std::unique_ptr<ASN1_TIME, FreeBy<ASN1_TIME_free>>;
using AsnText = std::unique_ptr<ASN1_STRING, FreeBy<ASN1_STRING_free>>;
using AsnInteger = std::unique_ptr<ASN1_INTEGER, FreeBy<ASN1_INTEGER_free>>;

constexpr std::size_t kMaxCommonName = 64;  // RFC 5280, ub-common-name
constexpr int kSerialBytes = 16;

std::string_view view_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string pem_of(X509* certificate) {
  Bio bio(BIO_new(BIO_s_mem()));
  CHECK(bio && PEM_write_bio_X509(bio.get(), certificate) == 1);
  char* data = nullptr;
  const auto length = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

// The four or sixteen bytes of an address; empty if it is none.
std::string bytes_of_address(const std::string& text) {
  std::array<char, 16> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return {bytes.data(), 16};
  return {};
}

std::string text_of_address(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (bytes.size() != 4 && bytes.size() != 16) return {};
  return ::inet_ntop(family, bytes.data(), text.data(), text.size());
}

bool is_dns_name(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  return !name.empty() && name.size() <= 253 && only_alnum_and(name, "-._") && name.front() != '.' &&
         name.find("..") == std::string_view::npos;
}

void add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  CHECK(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

void push_name(GENERAL_NAMES* names, int kind, std::string_view bytes) {
  AltName name(GENERAL_NAME_new());
  AsnText text(kind == GEN_DNS ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new());
  CHECK(name && text && ASN1_STRING_set(text.get(), bytes.data(), static_cast<int>(bytes.size())) == 1);
  GENERAL_NAME_set0_value(name.get(), kind, text.release());
  CHECK(sk_GENERAL_NAME_push(names, name.release()) > 0);
}

Result<void> add_names(X509* certificate, const CertificateRequest& request) {
  if (request.dns_names.empty() && request.ip_addresses.empty()) return Result<void>(std::in_place);
  if (request.dns_names.size() + request.ip_addresses.size() > kMaxCertificateNames) {
    return Error::invalid("a certificate has at most " + std::to_string(kMaxCertificateNames) + " names");
  }
  const AltNames names(GENERAL_NAMES_new());
  CHECK(names);
  for (const std::string& name : request.dns_names) {
    if (!is_dns_name(name)) return Error::invalid("'" + printable(name) + "' is not a DNS name");
    push_name(names.get(), GEN_DNS, name);
  }
  for (const std::string& address : request.ip_addresses) {
    const std::string bytes = bytes_of_address(address);
    if (bytes.empty()) return Error::invalid("'" + printable(address) + "' is not an IP address");
    push_name(names.get(), GEN_IPADD, bytes);
  }
  CHECK(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1);
  return Result<void>(std::in_place);
}

void set_time(Time time, ASN1_TIME* into) {
  CHECK(ASN1_TIME_set(into, static_cast<std::time_t>(to_epoch_seconds(time))) != nullptr);
}

PkeyHandle key_of(const SigningKey& key) {
  auto handle = parse_private_key(key.to_pem());
  CHECK(handle.has_value());
  return *std::move(handle);
}

// A certificate with what all have: serial number, times, subject and key.
Result<Certificate> draft(const std::string& common_name, const Validity& validity, EVP_PKEY* key) {
  if (common_name.empty() || common_name.size() > kMaxCommonName) {
    return Error::invalid("a certificate's common name has 1 to 64 characters");
  }
  if (validity.to <= validity.from) return Error::invalid("a certificate must end after it begins");
  Certificate certificate(X509_new());
  std::array<unsigned char, kSerialBytes> serial{};
  CHECK(certificate && RAND_bytes(serial.data(), kSerialBytes) == 1);
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);  // positive, always of this length
  const BigNumber number(BN_bin2bn(serial.data(), kSerialBytes, nullptr));
  CHECK(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get())) != nullptr);
  CHECK(X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  set_time(validity.from, X509_getm_notBefore(certificate.get()));
  set_time(validity.to, X509_getm_notAfter(certificate.get()));
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  if (X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(common_name.data()),
                                 static_cast<int>(common_name.size()), -1, 0) != 1) {
    return unacceptable("'" + printable(common_name) + "' cannot be a certificate's common name");
  }
  CHECK(X509_set_pubkey(certificate.get(), key) == 1);
  return certificate;
}

}  // namespace

Result<std::vector<Certificate>> parse_certificates(std::string_view pem) {
  const Bio bio = reading(pem);
  std::vector<Certificate> certificates;
  while (bio) {
    Certificate next(PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr));
    if (!next) break;
    certificates.push_back(std::move(next));
    if (certificates.size() > kMaxCertificatesRead) return unacceptable("there are too many certificates");
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) return Error::invalid("a certificate is malformed");
  if (certificates.empty()) return Error::invalid("there is no certificate in PEM form");
  return certificates;
}

Result<PkeyHandle> parse_private_key(const Secret& pem) {
  const Bio bio = reading(pem.reveal());
  PkeyHandle key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr) : nullptr);
  if (!key) return unacceptable("there is no private key in PEM form without a pass phrase");
  return key;
}

Time time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return Time{};
  return from_epoch_seconds(::timegm(&parts));
}

std::string common_name_of(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  return std::string(view_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at))));
}

std::string name_in_words(const X509_NAME* name) {
  const Bio bio(BIO_new(BIO_s_mem()));
  CHECK(bio);
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const auto length = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(length > 0 ? length : 0)};
}

CertificateInfo info_of(const X509& certificate) {
  CertificateInfo info;
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  info.common_name = common_name_of(subject);
  info.subject = name_in_words(subject);
  info.issuer = name_in_words(X509_get_issuer_name(&certificate));
  info.not_before = time_of(X509_get0_notBefore(&certificate));
  info.not_after = time_of(X509_get0_notAfter(&certificate));
  const AltNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int kind = 0;
    const auto* value =
        static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind));
    if (kind == GEN_DNS) info.dns_names.emplace_back(view_of(value));
    if (kind == GEN_IPADD) info.ip_addresses.push_back(text_of_address(view_of(value)));
  }
  unsigned char* der = nullptr;
  const int length = i2d_X509(&certificate, &der);
  if (length > 0)
    info.sha256 = sha256_hex({reinterpret_cast<const char*>(der), static_cast<std::size_t>(length)}).str();
  OPENSSL_free(der);
  ERR_clear_error();
  return info;
}

Result<CertificateAuthority> CertificateAuthority::create(std::string common_name, Validity validity) {
  const SigningKey key = SigningKey::generate_ec();
  const PkeyHandle handle = key_of(key);
  const Certificate certificate = TRY(draft(common_name, validity, handle.get()));
  CHECK(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) == 1);
  add_extension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(certificate.get(), certificate.get(), NID_subject_key_identifier, "hash");
  CHECK(X509_sign(certificate.get(), handle.get(), EVP_sha256()) > 0);
  return CertificateAuthority(pem_of(certificate.get()), key);
}

Result<CertificateAuthority> CertificateAuthority::from_pem(std::string_view certificate_pem, const Secret& key_pem) {
  const std::vector<Certificate> certificates = TRY(parse_certificates(certificate_pem));
  X509* const certificate = certificates.front().get();
  const SigningKey key = TRY(SigningKey::from_pem(key_pem));
  if (X509_check_private_key(certificate, key_of(key).get()) != 1) {
    return unacceptable("the key is not the one of the certificate");
  }
  if (X509_check_ca(certificate) != 1) return Error::invalid("the certificate is not one of an authority");
  return CertificateAuthority(pem_of(certificate), key);
}

Result<IssuedCertificate> CertificateAuthority::issue(const CertificateRequest& request) const {
  const auto own = parse_certificates(certificate_pem_);
  CHECK(own.has_value());
  X509* const issuer = own->front().get();
  const SigningKey key = SigningKey::generate_ec();
  const PkeyHandle handle = key_of(key);
  const Certificate certificate = TRY(draft(request.common_name, request.validity, handle.get()));
  CHECK(X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) == 1);
  const bool server = request.use == CertificateRequest::Use::server;
  add_extension(certificate.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate.get(), issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(certificate.get(), issuer, NID_ext_key_usage, server ? "serverAuth" : "clientAuth");
  add_extension(certificate.get(), issuer, NID_subject_key_identifier, "hash");
  add_extension(certificate.get(), issuer, NID_authority_key_identifier, "keyid:always");
  TRY(add_names(certificate.get(), request));
  CHECK(X509_sign(certificate.get(), key_of(key_).get(), EVP_sha256()) > 0);
  return IssuedCertificate{pem_of(certificate.get()), key.to_pem()};
}

Result<std::vector<CertificateInfo>> read_certificates(std::string_view pem) {
  const std::vector<Certificate> certificates = TRY(parse_certificates(pem));
  std::vector<CertificateInfo> infos;
  for (const Certificate& certificate : certificates) infos.push_back(info_of(*certificate));
  return infos;
}

}  // namespace podpass::crypto
