// Owning pointers to OpenSSL's objects, and how its failures are dealt with. Only for the .cc files of this folder.
#pragma once

#include <openssl/bn.h>
#include <openssl/evp.h>

#include <memory>

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
using BigNumber = std::unique_ptr<BIGNUM, FreeBy<BN_clear_free>>;

inline unsigned char* bytes_of(char* text) {
  return reinterpret_cast<unsigned char*>(text);
}
inline const unsigned char* bytes_of(const char* text) {
  return reinterpret_cast<const unsigned char*>(text);
}

}  // namespace podpass::crypto
