// The control plane: store, keys, services, gateway and the HTTP server, built by hand and in the order that they need
// each other. `podpass up` and `podpass serve` are made of it.
//
// Owns all of its parts and the data directory's contents. One thread makes, starts, looks after and stops it; the
// server has its own threads. Errors: the data directory, the store, the address or the certificate can't be used, and
// what to do.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "aws/deployment.h"
#include "base/result.h"
#include "console/files.h"
#include "store/store.h"

namespace podpass::server {

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 4566;
  std::string data_directory = ".podpass";
  std::string account = "111122223333";
  std::string region = "us-west-2";
  std::string endpoint;  // how clients find it; empty: by its address and port
  std::string tls_certificate_file, tls_key_file, tls_client_ca_file;  // empty: plain HTTP
  std::size_t associations_per_cluster = 5'000;
  int threads = 2;
  bool audit_decisions = false;         // the audit tells every decision of the policy engine, not only refusals
  console::Files console{};             // what browsers get at /console/; none: nothing
  std::optional<int> listening_socket;  // handed over by who started us, instead of address and port
};

class ControlPlane {
 public:
  // Opens the data and binds the port; clients that connect now are answered after start().
  static Result<std::unique_ptr<ControlPlane>> open(const Options& options);
  ~ControlPlane();  // stops

  void start();
  void set_stopping();  // from now on GET /_podpass/ready says no; requests are still answered
  void stop();          // running requests finish, at most http::Limits::drain

  // What is due: session keys once an hour, a write to the store when the last one failed. Call it every kCareInterval;
  // never blocks for long. A certificate whose files change is loaded by the server itself.
  void care();
  // The certificate's files now, whether they look changed or not. False: there are none, it is plain HTTP.
  Result<bool> reload_certificate();
  // Keeps the listening socket open beyond stop(), for the program that comes after us.
  Result<int> keep_listening();

  store::Store& store();
  const aws::Deployment& deployment() const;
  const std::filesystem::path& data_directory() const;
  std::uint16_t port() const;

 private:
  struct Parts;
  explicit ControlPlane(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

inline constexpr std::chrono::seconds kCareInterval{5};

// Where clients on this machine find what listens on `address`: SDKs take no wildcard.
std::string advertised(const std::string& address);
std::string bracketed(const std::string& host);  // as URLs want IPv6 addresses

}  // namespace podpass::server
