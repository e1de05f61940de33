// Owning pointers to OpenSSL's objects, and how its failures are dealt with. Only for the .cc files of this folder.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <climits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace podpass::crypto {

template <auto free_it>
struct FreeBy {
  template <class T>
  void operator()(T* object) const {
    free_it(object);
  }
};

using PkeyHandle = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeBy<EVP_PKEY_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeBy<EVP_CIPHER_CTX_free>>;
using Bio = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;
using BigNumber = std::unique_ptr<BIGNUM, FreeBy<BN_clear_free>>;

inline unsigned char* bytes_of(char* text) {
  return reinterpret_cast<unsigned char*>(text);
}
inline const unsigned char* bytes_of(const char* text) {
  return reinterpret_cast<const unsigned char*>(text);
}

inline Error unacceptable(std::string message) {
  ERR_clear_error();
  return Error::invalid(std::move(message));
}

// Null if it is too long.
inline Bio reading(std::string_view text) {
  if (text.size() > INT_MAX) return nullptr;
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// For PEM_read_*: keys with a pass phrase are refused instead of asking the terminal for one.
inline int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

}  // namespace podpass::crypto
