// How a command finds the running server: by its data directory (server.json and credentials, written by `podpass up`),
// else by the AWS_* environment. One thread. Errors say which of the two was tried and what to do.
#pragma once

#include <filesystem>
#include <string>

#include "aws/sigv4_sign.h"
#include "base/result.h"
#include "codec/value.h"
#include "http/client.h"

namespace podpass::cli {

inline constexpr std::string_view kDefaultDataDirectory = ".podpass";

struct Connection {
  std::string endpoint, region, account, cluster, agent_uri;
  aws::SigningCredentials credentials;
};

// `data_directory` empty: the default one if it is there, else the environment.
Result<Connection> find_connection(const std::string& data_directory);

// What `podpass up` leaves for other commands: server.json, and the credentials in a file of mode 0600 in AWS's own
// format (AWS_SHARED_CREDENTIALS_FILE).
Result<void> write_connection(const std::filesystem::path& data_directory, const Connection& connection);
Result<void> write_credentials(const std::filesystem::path& data_directory, const aws::SigningCredentials& credentials);
void remove_connection(const std::filesystem::path& data_directory);  // server.json; the credentials stay

Result<aws::SigningCredentials> read_credentials(const std::filesystem::path& data_directory);

// Signs the request for the service and sends it to the server, whatever is answered. For https the authorities in the
// file AWS_CA_BUNDLE are trusted, without it the system's.
Result<http::ClientResponse> send(const Connection& connection, const std::string& service,
                                  http::ClientRequest request);
// Calls a rest-json operation of the server; an error answer becomes an Error with its code and message.
Result<codec::Value> call_server(const Connection& connection, const std::string& service, const std::string& method,
                                 const std::string& path, const codec::Value& body);

// A file written whole or not at all, with the given mode, durable.
Result<void> write_file(const std::filesystem::path& path, std::string_view contents, unsigned mode);
Result<std::string> read_file(const std::filesystem::path& path);  // at most 1 MiB

}  // namespace podpass::cli
