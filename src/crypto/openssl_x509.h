// Owning pointers to OpenSSL's certificates, and what x509.cc and tls.cc both ask of them. Only for the .cc files of
// this folder. Any thread.
#pragma once

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/openssl_handles.h"
#include "crypto/x509.h"

namespace podpass::crypto {

using Certificate = std::unique_ptr<X509, FreeBy<X509_free>>;

// All certificates of a PEM, at least one. What else stands there (keys, comments) is read over.
Result<std::vector<Certificate>> parse_certificates(std::string_view pem);
Result<PkeyHandle> parse_private_key(const Secret& pem);

Time time_of(const ASN1_TIME* time);
std::string common_name_of(const X509_NAME* name);
std::string name_in_words(const X509_NAME* name);  // CN=a,O=b
CertificateInfo info_of(const X509& certificate);

}  // namespace podpass::crypto
