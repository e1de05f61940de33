#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <stdexcept>

#include "base/strings.h"
#include "s3/fixture.h"

namespace podpass::s3 {
namespace asio = boost::asio;
namespace fs = std::filesystem;

FakeBody::FakeBody(std::string text, std::size_t piece)
    : text_(std::move(text)), piece_size_(piece), length_(text_.size()) {}

FakeBody FakeBody::repeated(std::string piece, std::uint64_t count) {
  FakeBody body("");
  body.length_ = piece.size() * count;
  body.piece_ = std::move(piece);
  body.repeats_ = count;
  return body;
}

FakeBody& FakeBody::without_length() {
  length_.reset();
  return *this;
}

FakeBody& FakeBody::failing(Error error) {
  failure_ = std::move(error);
  return *this;
}

asio::awaitable<Result<std::string_view>> FakeBody::read_all(std::size_t) {
  co_return std::string_view(text_);
}

asio::awaitable<Result<std::string_view>> FakeBody::read_some() {
  ++reads_;
  if (repeats_ > 0) {
    --repeats_;
    co_return std::string_view(piece_);
  }
  auto piece = std::string_view(text_).substr(at_, piece_size_);
  at_ += piece.size();
  if (!piece.empty()) co_return piece;
  if (failure_) co_return *failure_;
  if (before_end) before_end();
  co_return std::string_view();
}

std::vector<std::string> Answer::texts(std::string_view element) const {
  std::vector<std::string> found;
  const auto open = "<" + std::string(element) + ">", close = "</" + std::string(element) + ">";
  for (std::size_t at = 0; (at = body.find(open, at)) != std::string::npos;) {
    at += open.size();
    auto text = body.substr(at, body.find(close, at) - at);
    for (std::size_t quote; (quote = text.find("&quot;")) != std::string::npos;) text.replace(quote, 6, "\"");
    found.push_back(std::move(text));
  }
  return found;
}

std::string Answer::text(std::string_view element) const {
  auto found = texts(element);
  return found.empty() ? std::string() : found.front();
}

S3Test::S3Test() {
  static std::atomic<int> count{0};
  directory_ =
      fs::temp_directory_path() / ("podpass_s3_test_" + std::to_string(::getpid()) + "_" + std::to_string(count++));
  deployment_.endpoint = "http://podpass.test:4566";
  deployment_.clock = &clock_;
  deployment_.random = &random_;
  auto opened = store::Store::open(std::make_unique<store::MemoryBackend>());
  if (!opened) throw std::runtime_error(opened.error().message);
  store_ = std::move(*opened);
  root_ = std::make_unique<aws::Caller>();
  root_->type = policy::PrincipalType::root;
  root_->account = "111122223333";
  root_->arn = "arn:aws:iam::111122223333:root";
  reopen();
}

S3Test::~S3Test() {
  service_.reset();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void S3Test::reopen() {
  service_.reset();
  auto service = Service::open(*store_, deployment_, directory_);
  if (!service) throw std::runtime_error(service.error().cause);
  service_ = std::move(*service);
}

std::unique_ptr<aws::Caller> S3Test::user(std::string policy, std::string account) {
  auto caller = std::make_unique<aws::Caller>();
  caller->type = policy::PrincipalType::user;
  caller->account = account;
  caller->arn = "arn:aws:iam::" + account + ":user/ann";
  caller->unique_id = "AIDAAAAAAAAAAAAAAAAAA";
  caller->user_name = "ann";
  if (!policy.empty()) {
    auto parsed = policy::Policy::parse(policy, policy::Kind::identity);
    if (!parsed) throw std::runtime_error(parsed.error().message);
    caller->authority.add_identity(*parsed, "");
  }
  return caller;
}

std::unique_ptr<aws::Caller> S3Test::anonymous() {
  return std::make_unique<aws::Caller>();
}

std::vector<fs::path> S3Test::files() const {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
    if (entry.is_regular_file()) found.push_back(entry.path());
  }
  return found;
}

namespace {

std::string read_body(const http::Response& response) {
  if (response.head) return {};
  if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
  const auto& part = std::get<http::FilePart>(response.body);
  std::string bytes(part.length, '\0');
  if (part.length == 0) return bytes;
  auto got = ::pread(*part.fd, bytes.data(), bytes.size(), static_cast<off_t>(part.offset));
  EXPECT_EQ(got, static_cast<ssize_t>(bytes.size()));
  return bytes;
}

}  // namespace

Answer S3Test::ask(Ask ask) {
  FakeBody body(ask.body, ask.piece);
  return this->ask(std::move(ask), body);
}

Answer S3Test::ask(Ask ask, FakeBody& body) {
  http::Request request;
  request.method = ask.method;
  request.target = ask.target;
  const auto question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string_view::npos) request.query = request.target.substr(question + 1);
  ask.headers.try_emplace("Host", "podpass.test:4566");
  for (const auto& [name, value] : ask.headers) request.headers.push_back({name, value});
  const auto& caller = ask.caller ? *ask.caller : *root_;
  policy::Context context;
  aws::Audit audit;
  aws::Credentialed credentialed;
  if (caller.type != policy::PrincipalType::anonymous) {
    credentialed.form = ask.presigned ? aws::Credentialed::Form::query : aws::Credentialed::Form::header;
    credentialed.time = clock_.now() - Seconds(5);
  }
  Exchange exchange{request, body,         caller,      context, clock_.now(), "request-1",
                    audit,   credentialed, ask.payload, {},      {},           {}};
  std::optional<http::Response> response;
  loop_.restart();
  asio::co_spawn(
      loop_, [&]() -> asio::awaitable<void> { response = co_await service_->serve(exchange); },
      [](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);
      });
  auto work = asio::make_work_guard(loop_);
  while (!response) loop_.run_one();
  Answer answer;
  answer.status = response->status;
  for (const auto& [name, value] : response->headers) answer.headers[to_lower(name)] = value;
  answer.headers["content-length"] = std::to_string(response->length());
  answer.body = read_body(*response);
  answer.operation = exchange.operation;
  answer.error = exchange.error;
  return answer;
}

Answer S3Test::put(std::string target, std::string body, std::map<std::string, std::string> headers) {
  return ask(Ask{"PUT", std::move(target), std::move(headers), std::move(body)});
}

void S3Test::make_bucket(std::string name) {
  auto answer =
      put("/" + name,
          "<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>");
  ASSERT_EQ(answer.status, 200) << answer.body;
}

}  // namespace podpass::s3
