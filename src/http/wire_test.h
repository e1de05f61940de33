// For tests: a client that writes and reads bytes, and a server with handlers to try. Blocking, one thread; every wait
// gives up after ten seconds.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>
#include <string>
#include <string_view>

namespace podpass::http {

class Wire {
 public:
  // `from` is the client's own address, in 127.0.0.0/8.
  explicit Wire(std::uint16_t port, in_addr_t from = INADDR_LOOPBACK) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(from);
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{10, 0};
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  explicit Wire(int fd, std::nullptr_t) : fd_(fd), connected_(true) {}
  ~Wire() { ::close(fd_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  bool connected() const { return connected_; }
  int fd() const { return fd_; }

  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void send_end() const { ::shutdown(fd_, SHUT_WR); }

  // Until the other side ends; `reset` is noted.
  std::string read_to_end() {
    std::string all = std::move(rest_);
    rest_.clear();
    char block[16384];
    while (true) {
      const ssize_t got = ::recv(fd_, block, sizeof block, 0);
      if (got == 0) return all;
      if (got < 0) {
        error_ = errno;
        return all;
      }
      all.append(block, static_cast<std::size_t>(got));
    }
  }
  // Until `mark`, which is part of what is returned; shorter if the other side ends.
  std::string read_until(std::string_view mark) {
    char block[4096];
    std::size_t at;
    while ((at = rest_.find(mark)) == std::string::npos) {
      const ssize_t got = ::recv(fd_, block, sizeof block, 0);
      if (got <= 0) {
        error_ = got < 0 ? errno : 0;
        return std::exchange(rest_, {});
      }
      rest_.append(block, static_cast<std::size_t>(got));
    }
    std::string found = rest_.substr(0, at + mark.size());
    rest_.erase(0, found.size());
    return found;
  }
  int error() const { return error_; }  // errno of the read that failed

 private:
  int fd_;
  bool connected_ = false;
  int error_ = 0;
  std::string rest_;
};

}  // namespace podpass::http
