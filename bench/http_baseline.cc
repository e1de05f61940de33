// What HTTP costs at least on a machine: one thread, raw epoll, the least parsing that can answer at all. The baseline
// for bench/http_server.cc: `http_baseline PORT BYTES`. Not a server to use: it looks for the end of a head and nothing
// else.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int kMaxEvents = 256;
constexpr std::size_t kInput = 8 * 1024;

struct Connection {
  int fd = -1;
  std::size_t filled = 0;
  char input[kInput];
};

int listen_on(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, SOMAXCONN) != 0) {
    std::perror("http_baseline");
    std::exit(1);
  }
  return fd;
}

void accept_all(int listener, int epoll) {
  while (true) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>();
    connection->fd = fd;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection.release();
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

// False when the connection is over.
bool serve(Connection& connection, std::string_view answer) {
  const ssize_t got = ::recv(connection.fd, connection.input + connection.filled, kInput - connection.filled, 0);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  connection.filled += static_cast<std::size_t>(got);
  std::string_view input(connection.input, connection.filled);
  std::size_t end;
  while ((end = input.find("\r\n\r\n")) != std::string_view::npos) {
    input.remove_prefix(end + 4);
    if (::send(connection.fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return false;
  }
  std::copy(input.begin(), input.end(), connection.input);
  connection.filled = input.size();
  return connection.filled < kInput;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: http_baseline PORT BYTES\n", stderr);
    return 2;
  }
  const std::string body(static_cast<std::size_t>(std::atol(argv[2])), '1');
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n" + body;
  const int listener = listen_on(std::atoi(argv[1]));
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size);
  std::printf("%d\n", ntohs(bound.sin_port));  // which one, if it was to be any
  std::fflush(stdout);
  const int epoll = ::epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  std::vector<epoll_event> events(kMaxEvents);
  while (true) {
    const int ready = ::epoll_wait(epoll, events.data(), kMaxEvents, -1);
    for (int i = 0; i < ready; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection == nullptr) {
        accept_all(listener, epoll);
      } else if (!serve(*connection, answer)) {
        ::close(connection->fd);
        delete connection;
      }
    }
  }
}
